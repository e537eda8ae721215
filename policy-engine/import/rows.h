/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What an import reports, whether it is done, planned, or only looked at without an engine.
 */
#pragma once

#include "policy-engine/import/examine.h"

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

/*! Who is told; borrowed. */
typedef struct {
	import_report_f report;
	void *ctx;
} rows_to_t;

/*! Reports what becomes of a zone. \param keys  For IMPORT_TAKEN, else "". */
void rows_zone(rows_to_t to, const examine_zone_t *zone, import_result_t result, const char *keys);

/*! Reports a note, of at most MAP_WHY_MAX bytes. */
void rows_note(rows_to_t to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*! Notes that OpenDNSSEC still runs. \param who  As ods_is_running() has it. */
void rows_running(rows_to_t to, const char *who);
