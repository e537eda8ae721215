/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Takes zones over from OpenDNSSEC 2: keys, their states, salts, unused keys, serials.
 */
#pragma once

#include "policy-engine/engine/internal.h"

typedef struct {
	const char *database;   /*!< kasp.db. */
	const char *signer_dir; /*!< <WorkingDirectory> of OpenDNSSEC's signer. */
	const char *zone;       /*!< NULL = all. */
	const uint32_t *serial; /*!< Published last, if the signer left none; NULL = not said. */
	bool plan;              /*!< Only say what would be done. */
} import_t;

typedef enum {
	IMPORT_TAKEN,   /*!< The zone is taken over, or would be. */
	IMPORT_KNOWN,   /*!< It has keys in our database; left alone. */
	IMPORT_REFUSED,
	IMPORT_NOTE,    /*!< Of no zone. */
} import_result_t;

/*! What became of a zone. Borrowed for the call. */
typedef struct {
	import_result_t result;
	const char *zone;       /*!< NULL for a note. */
	const char *keys;
	const char *serial;
	const char *why;        /*!< Or what else there is to say. */
} import_row_t;

typedef void (*import_report_f)(void *ctx, const import_row_t *row);

/*!
 * Does it, in one transaction. Takes the lock, but not while it waits for tokens.
 *
 * \param err  Why nothing was done.
 * \return 0, also if zones were refused; -1.
 */
int import_run(engine_t *e, const import_t *what, import_report_f report, void *ctx, char *err,
               size_t err_size);
