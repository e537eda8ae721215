/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The commands of ods-hsm, each of which gets as many arguments as it wants.
 */
#pragma once

#include "hsm-adapter/tool/run.h"

#define RSA_BITS_DEFAULT 2048

/* Of key pairs: keys.c, transfers.c. \return DONE, FAILED, USAGE */
int command_list(const run_t *run);
int command_generate(const run_t *run);
int command_remove(const run_t *run);
int command_purge(const run_t *run);
int command_import(const run_t *run);
int command_export(const run_t *run);

/* Of the zones that have them: label.c. \return DONE, FAILED */
int command_label(const run_t *run);

/* Of PINs: login.c. */
int command_login(const run_t *run);
int command_logout(const run_t *run);

/* Of tokens: devices.c, speed.c. \return DONE, FAILED, USAGE */
int command_test(const run_t *run);
int command_speed(const run_t *run);
int command_compare(const run_t *run);
int command_info(const run_t *run);
int command_init(const run_t *run);
