/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/back.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "policy-engine/base/when.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/import/back-sql.h"
#include "policy-engine/import/map.h"

#define NO_KEY SIZE_MAX

/* A zone that is compared. */
typedef struct {
	const ods_db_t *db;
	const ods_zone_t *theirs;
	const kasp_zone_t *ours;
	char why[MAP_WHY_MAX]; /* What differs; "" = nothing. */
	int64_t since;         /* When that began; CORE_NEVER = it is not known. */
} compared_t;

static bool is_there(keyset_state_t state)
{
	return state == KEYSET_RUMOURED || state == KEYSET_OMNIPRESENT;
}

static void differs(compared_t *c, int64_t since, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void differs(compared_t *c, int64_t since, const char *format, ...)
{
	const size_t used = strlen(c->why);
	char text[100];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(c->why + used, sizeof(c->why) - used, "%s%s", used > 0 ? ", " : "", text);
	c->since = since < c->since ? since : c->since;
}

/* -- keys ---------------------------------------------------------------- */

static size_t find_ours(const compared_t *c, const ods_key_t *key)
{
	const ods_pair_t *pair = &c->db->pairs[key->pair];
	for (size_t i = 0; i < c->ours->core.count; i++) {
		if (strcasecmp(c->ours->keys[i].cka_id, pair->locator) == 0 &&
		    c->ours->core.keys[i].role == key->role) {
			return i;
		}
	}
	return NO_KEY;
}

static bool is_theirs(const compared_t *c, size_t ours)
{
	for (size_t i = 0; i < c->theirs->key_count; i++) {
		const ods_key_t *key = &c->theirs->keys[i];
		if (!map_is_past(key) && find_ours(c, key) == ours) {
			return true;
		}
	}
	return false;
}

/* Compares a key that OpenDNSSEC has. */
static void compare_key(compared_t *c, const ods_key_t *key)
{
	static const char *const names[] = { "DS", "DNSKEY", "signature of DNSKEYs", "signatures" };
	const char *role = keyset_role_name(key->role);
	const size_t at = find_ours(c, key);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const core_record_t *ours = at != NO_KEY ? &c->ours->core.keys[at].record[r] : NULL;
		const bool was = is_there(key->record[r].state);
		const bool is = ours != NULL && is_there(ours->state);
		if (was != is) {
			differs(c, ours != NULL ? ours->since : CORE_NEVER, "%s %u: its %s %s", role,
			        key->keytag, names[r], is ? "came" : "went");
		}
	}
}

/* Names the keys that OpenDNSSEC does not have, and that are not past. */
static void find_new(compared_t *c)
{
	for (size_t i = 0; i < c->ours->core.count; i++) {
		const core_key_t *key = &c->ours->core.keys[i];
		int64_t since = CORE_NEVER;
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			const core_record_t *record = &key->record[r];
			const bool none = record->state == KEYSET_HIDDEN || record->state == KEYSET_NA;
			since = !none && record->since < since ? record->since : since;
		}
		if (since != CORE_NEVER && !is_theirs(c, i)) {
			differs(c, since, "%s %u is new", keyset_role_name(key->role), key->keytag);
		}
	}
}

/* -- zones --------------------------------------------------------------- */

/* What has changed; and if there is no way now, since when, and why. */
static void explain(const compared_t *c, const char *closed, char *out, size_t size)
{
	char when[WHEN_TEXT_MAX];
	const bool dated = closed[0] != '\0' && c->since != CORE_NEVER;
	snprintf(out, size, "%s%s%s%s%s", c->why, dated ? "; there was a way until " : "",
	         dated ? when_stamp(c->since, when) : "", closed[0] != '\0' ? "; " : "", closed);
}

static void report(desk_t *desk, const back_t *what, compared_t *c)
{
	const live_zone_t *live = live_find(&desk->live, c->ours->name);
	const bool same = c->why[0] == '\0';
	char closed[MAP_WHY_MAX] = "", why[3 * MAP_WHY_MAX];
	char *sql = same ? NULL : back_sql(c->db, c->theirs, c->ours, time(NULL), closed);
	explain(c, closed, why, sizeof(why));
	const back_row_t row = {
		.zone = c->ours->name,
		.open = same || sql != NULL,
		.serial = live != NULL && live->facts.published != 0 ? live->facts.serial
		                                                     : c->ours->serial_before,
		.why = why,
		.sql = sql,
	};
	what->report(what->ctx, &row);
	free(sql);
}

static void report_foreign(const back_t *what, const char *name, const char *why)
{
	const back_row_t row = { .zone = name, .why = why };
	what->report(what->ctx, &row);
}

/* Under the desk's lock. \return 0, or -1 if the database failed. */
static int look_at(desk_t *desk, const back_t *what, const ods_db_t *db, const ods_zone_t *theirs,
                   const char *name)
{
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(desk->db, name, &zone);
	compared_t c = { .db = db, .theirs = theirs, .ours = &zone, .since = CORE_NEVER };
	if (found > 0 && !zone.taken_over) {
		report_foreign(what, name, "it was not imported");
	} else if (found == 0) {
		report_foreign(what, name, "it was not imported: OpenDNSSEC has it still");
	} else if (found > 0 && theirs->fault[0] != '\0') {
		report_foreign(what, name, theirs->fault);
	} else if (found > 0) {
		for (size_t i = 0; i < theirs->key_count; i++) {
			if (!map_is_past(&theirs->keys[i])) {
				compare_key(&c, &theirs->keys[i]);
			}
		}
		find_new(&c);
		report(desk, what, &c);
	}
	kasp_zone_deinit(&zone);
	return found < 0 ? -1 : 0;
}

int back_run(desk_t *desk, const back_t *what, char *err, size_t err_size)
{
	ods_db_t db = { 0 };
	if (ods_db_read(what->database, &db, err, err_size) != 0) {
		return -1;
	}
	char *wanted = what->zone != NULL ? zone_name_canonical(what->zone) : NULL;
	bool found = false;
	int ret = 0;
	for (size_t i = 0; i < db.zone_count && ret == 0; i++) {
		char *name = zone_name_canonical(db.zones[i].name);
		if (name != NULL && (what->zone == NULL ||
		                     (wanted != NULL && strcmp(name, wanted) == 0))) {
			found = true;
			pthread_mutex_lock(&desk->lock);
			ret = look_at(desk, what, &db, &db.zones[i], name);
			if (ret != 0) {
				snprintf(err, err_size, "%s", db_error(desk->db));
			}
			pthread_mutex_unlock(&desk->lock);
		}
		free(name);
	}
	if (ret == 0 && !found) {
		snprintf(err, err_size, "%s has no zone %.100s", what->database,
		         what->zone != NULL ? what->zone : "");
		ret = -1;
	}
	free(wanted);
	ods_db_deinit(&db);
	return ret;
}
