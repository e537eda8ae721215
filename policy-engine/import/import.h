/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Takes zones over from OpenDNSSEC 2: keys, their states, salts, unused keys, serials.
 */
#pragma once

#include "policy-engine/desk/desk.h"
#include "policy-engine/keys/keys.h"

typedef enum {
	IMPORT_TAKEN,   /*!< The zone is taken over, or would be: no key of it takes a
	                     step until a person says that its secondaries follow. */
	IMPORT_KNOWN,   /*!< The engine has keys for it already on which others may rely; left alone. */
	IMPORT_REFUSED,
	IMPORT_NOTE,    /*!< A remark about no zone in particular. */
} import_result_t;

/*! What became of a zone, or a note. Valid during the call. */
typedef struct {
	import_result_t result;
	const char *zone;       /*!< NULL for a note. */
	const char *keys;
	const char *serial;
	const char *why;        /*!< Why the zone was not taken over, or the note. */
} import_row_t;

/*! \return What became of it, in words. */
static inline const char *import_result_name(import_result_t result)
{
	static const char *const names[] = {
		[IMPORT_TAKEN] = "taken over",
		[IMPORT_KNOWN] = "left alone",
		[IMPORT_REFUSED] = "refused",
		[IMPORT_NOTE] = "note",
	};
	return names[result];
}

typedef void (*import_report_f)(void *ctx, const import_row_t *row);

/*! What is to be taken over. All is borrowed. */
typedef struct {
	const char *database;   /*!< kasp.db. */
	const char *signer_dir; /*!< <WorkingDirectory> of OpenDNSSEC's signer. */
	const char *zone;       /*!< NULL = all. */
	const uint32_t *serial; /*!< The last serial, as a person says; NULL = not said. */
	bool plan;              /*!< Only say what would be done. */
	bool beside;            /*!< OpenDNSSEC may run: the zones are for a comparison, and not served. */
	bool again;             /*!< Take zones anew that are frozen since an earlier import. */
	import_report_f report; /*!< Called for each zone and note, in the caller's thread. */
	void *ctx;              /*!< Passed to report. */
} import_t;

/*!
 * Takes zones over, in one transaction. Any thread, not locked; no token is waited for under the
 * desk's lock.
 *
 * \param err  Why nothing was done.
 * \return 0, also if zones were refused; -1.
 */
int import_run(desk_t *desk, keys_t *keys, const import_t *what, char *err, size_t err_size);
