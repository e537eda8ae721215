/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Takes zones over from OpenDNSSEC 2, keys, their states, salts, unused keys, serials; and from other
 *        signers, as far as they know these.
 */
#pragma once

#include "policy-engine/desk/desk.h"
#include "policy-engine/import/rows.h"
#include "policy-engine/keys/keys.h"

/*! What is to be taken over. All is borrowed. */
typedef struct {
	const source_kind_t *from;
	const char *database;   /*!< kasp.db; of others what source_t has as path. */
	const char *policy;     /*!< See source_t; NULL with OpenDNSSEC. */
	uint32_t ttl;           /*!< See source_t. */
	const char *signer_dir; /*!< <WorkingDirectory> of OpenDNSSEC's signer. */
	const char *zone;       /*!< NULL = all. */
	const uint32_t *serial; /*!< The last serial, as a person says; NULL = not said. */
	const struct sockaddr_storage *server; /*!< See examine_t. */
	bool plan;              /*!< Only say what would be done. */
	bool beside;            /*!< OpenDNSSEC may run: the zones are for a comparison, and not served. */
	bool again;             /*!< Take zones anew that are frozen since an earlier import. */
	rows_to_t to;           /*!< Called for each zone and note, in the caller's thread. */
} import_t;

/*! \return What to read. */
source_t import_source(const import_t *what, int64_t now);

/*!
 * Takes zones over, in one transaction. Any thread, not locked; no token is waited for under the
 * desk's lock.
 *
 * \param err  Why nothing was done.
 * \return 0, also if zones were refused; -1.
 */
int import_run(desk_t *desk, keys_t *keys, const import_t *what, char *err, size_t err_size);
