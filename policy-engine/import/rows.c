/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/rows.h"

#include <stdarg.h>
#include <stdio.h>

void rows_zone(rows_to_t to, const examine_zone_t *zone, import_result_t result, const char *keys)
{
	char serial[12] = "";
	if (result == IMPORT_TAKEN) {
		snprintf(serial, sizeof(serial), "%u", zone->serial);
	}
	const import_row_t row = {
		.result = result,
		.zone = zone->name != NULL ? zone->name : zone->from->name,
		.keys = keys,
		.serial = serial,
		.why = result == IMPORT_REFUSED ? zone->why
		       : result == IMPORT_KNOWN ? "the engine has keys for it already; if they are not "
		                                "to stay: ods forget"
		                                : "",
	};
	to.report(to.ctx, &row);
}

void rows_note(rows_to_t to, const char *format, ...)
{
	char text[MAP_WHY_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	const import_row_t row = { .result = IMPORT_NOTE, .keys = "", .serial = "", .why = text };
	to.report(to.ctx, &row);
}

void rows_running(rows_to_t to, const char *who)
{
	rows_note(to, "OpenDNSSEC is running, %s: it has to be stopped before", who);
}
