/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The user whose keyring has the PINs: that of the servers, who may be another one than root who calls
 *        the tool.
 */
#pragma once

#include <stdbool.h>

#include "hsm-adapter/conf.h"

/*! Does something with a kept PIN. \return 0, or an errno */
typedef int (*owner_f)(void *ctx);

/*!
 * Does something as the servers' user: the owner of the engine's socket; if that is not there, "knot" for
 * root, and oneself for others. The process has one thread.
 *
 * \param name  Filled with the user's name, or number.
 * \retval 0, EREMOTE (somebody else than root, and they are another user), or as work()
 */
int owner_do(const hsm_conf_t *conf, owner_f work, void *ctx, char name[64]);

/*! Root's commands use the PINs that are kept for the servers' user: they are put into conf. */
void owner_pins(hsm_conf_t *conf);
