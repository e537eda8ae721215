/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What conf.xml says to the policy engine: <Common> and <Enforcer>.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hsm-adapter/conf.h"
#include "hsm-adapter/error.h"

typedef struct {
	char *policy_file;      /*!< kasp.xml. */
	char *datastore;        /*!< Path of the SQLite database. */
	char *socket;           /*!< The engine's own control socket. */
	char *signer_socket;    /*!< The module's control socket; <SignerSocket>, ours. */
	char *pid_file;         /*!< NULL = none. */
	char *user, *group;     /*!< To become after start as root; NULL = stay. */
	bool manual_generation; /*!< Make no keys unasked. */
	hsm_conf_t tokens;
} engine_conf_t;

/*!
 * Reads conf.xml, repositories included.
 *
 * \param conf  Filled on success only; engine_conf_deinit() frees its contents.
 * \param warn  Gets what is ignored; may be NULL.
 * \param err   Says file, line, element and remedy on failure.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int engine_conf_read(const char *path, engine_conf_t *conf, hsm_conf_warn_f warn, void *ctx,
                     hsm_error_t *err);

/*! Frees the contents, not conf itself; PINs are wiped. */
void engine_conf_deinit(engine_conf_t *conf);
