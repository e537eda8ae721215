/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What conf.xml says of repositories (PKCS#11 tokens), of threads, and of signed zones as files.
 *
 * A conf.xml of OpenDNSSEC can stay as it is. The policy engine reads its own elements elsewhere;
 * an element that neither knows is named in a warning.
 */
#pragma once

#include <stddef.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/repository.h"

/*! The parts of conf.xml that the adapter's users need. */
typedef struct {
	hsm_repository_t *repositories;
	size_t count;
	char *engine_socket;     /*!< <Enforcer><SocketFile>: where the engine answers. */
	unsigned signer_threads; /*!< <Signer><SignerThreads>: sessions per token, default 4. */
	unsigned worker_threads; /*!< <Signer><WorkerThreads>: zones at work at once, default 4. */
	char *output;            /*!< <Signer><Output>, ours: path of the signed zones' files, with %zone;
	                              NULL = there are none. */
	char *notify;            /*!< <Signer><NotifyCommand>, to be run when such a file was written; NULL =
	                              none. */
} hsm_conf_t;

/*! The engine's control socket, if conf.xml names none. */
#define HSM_ENGINE_SOCKET "/run/mod-opendnssec/engine.sock"

/*! conf.xml, if no option names another file. */
#define HSM_CONF_FILE "/etc/mod-opendnssec/conf.xml"

/*!
 * Reads conf.xml.
 *
 * \param path  The file.
 * \param conf  Filled on success only; the caller owns it, hsm_conf_deinit() frees it.
 * \param warn  May be NULL.
 * \param ctx   Passed to warn.
 * \param err   Says file, line, element and remedy on failure.
 *
 * \retval HSM_EOK, HSM_ECONF (unreadable, not well-formed, missing or invalid element, a name
 *         used twice, the same token twice), HSM_ENOMEM.
 */
int hsm_conf_read(const char *path, hsm_conf_t *conf, hsm_warn_f warn, void *ctx,
                  hsm_error_t *err);

/*! Frees what hsm_conf_read() filled; PINs are wiped. */
void hsm_conf_deinit(hsm_conf_t *conf);

/*! \return The repository of that name, NULL if there is none. Borrowed from conf. */
const hsm_repository_t *hsm_conf_repository(const hsm_conf_t *conf, const char *name);
