/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/ods-db.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy-engine/import/ods-dump.h"

#define VERSION 1
#define BUSY_MS 10000 /* How long to wait for the enforcer, which may be writing. */
#define TEXT_MAX 4096
#define TIME_MAX ((int64_t)UINT32_MAX)
#define TTL_MAX INT32_MAX
#define NOWHERE SIZE_MAX

typedef struct {
	sqlite3 *sqlite;
	const char *path;
	ods_db_t *db;
	sqlite3_stmt *row;
	char *fault;        /* Where to note what is wrong with the row; NULL = nowhere. */
	size_t next;        /* Index of the owner of the last row. */
	char *err;
	size_t err_size;
} reader_t;

static int fail(reader_t *r, const char *format, ...)
{
	char why[512];
	va_list args;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	snprintf(r->err, r->err_size, "%s: %s", r->path, why);
	return -1;
}

static int fail_sqlite(reader_t *r)
{
	const char *remedy = "";
	switch (sqlite3_errcode(r->sqlite) & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		remedy = "; OpenDNSSEC is writing: stop it";
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		remedy = "; this is a damaged database";
		break;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		remedy = "; file and directory have to be readable for ods-engine's user, and the "
		         "enforcer has to have been stopped in good order: start and stop it again "
		         "if there is a kasp.db-journal";
		break;
	default:
		break;
	}
	return fail(r, "%s%s", sqlite3_errmsg(r->sqlite), remedy);
}

/* -- values -------------------------------------------------------------- */

static void blame(reader_t *r, int column, const char *want)
{
	if (r->fault == NULL || r->fault[0] != '\0') {
		return;
	}
	const unsigned char *text = sqlite3_column_text(r->row, column);
	snprintf(r->fault, ODS_FAULT_MAX, "its %s in kasp.db is \"%.40s\", not %s",
	         sqlite3_column_name(r->row, column),
	         text != NULL ? (const char *)text : "NULL", want);
}

/* Reads a number. If it is none, or out of range, notes that and returns min. */
static int64_t number(reader_t *r, int column, int64_t min, int64_t max)
{
	bool fits = sqlite3_column_type(r->row, column) == SQLITE_INTEGER;
	int64_t value = sqlite3_column_int64(r->row, column);
	if (fits && value >= min && value <= max) {
		return value;
	}
	char want[80];
	snprintf(want, sizeof(want), "a number from %lld to %lld", (long long)min, (long long)max);
	blame(r, column, want);
	return min;
}

static bool flag(reader_t *r, int column)
{
	return number(r, column, 0, 1) != 0;
}

static keyset_role_t role(reader_t *r, int column)
{
	static const keyset_role_t roles[] = { KEYSET_KSK, KEYSET_ZSK, KEYSET_CSK };
	return roles[number(r, column, 1, 3) - 1];
}

/* Reads a text, to be freed. If it is none, notes that and returns "". NULL if out of memory. */
static char *text(reader_t *r, int column)
{
	bool fits = sqlite3_column_type(r->row, column) == SQLITE_TEXT;
	const unsigned char *value = sqlite3_column_text(r->row, column);
	size_t len = (size_t)sqlite3_column_bytes(r->row, column);
	fits = fits && value != NULL && len <= TEXT_MAX && strlen((const char *)value) == len;
	for (size_t i = 0; fits && i < len; i++) {
		fits = value[i] >= ' ' && value[i] != 0x7f;
	}
	if (!fits) {
		blame(r, column, "a text of one line");
	}
	return strdup(fits ? (const char *)value : "");
}

/* -- rows ---------------------------------------------------------------- */

/* Makes room for one more. \return The new array; NULL if out of memory, and notes that. */
static void *grow(reader_t *r, void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0) {
		return array; /* There is room up to the next power of two. */
	}
	void *grown = reallocarray(array, count > 0 ? 2 * count : 1, size);
	if (grown == NULL) {
		fail(r, "out of memory");
	}
	return grown;
}

typedef int (*row_f)(reader_t *r);

static int each_row(reader_t *r, const char *sql, row_f take)
{
	if (sqlite3_prepare_v2(r->sqlite, sql, -1, &r->row, NULL) != SQLITE_OK) {
		return fail_sqlite(r);
	}
	r->next = 0;
	int ret = 0, step = SQLITE_DONE;
	while (ret == 0 && (step = sqlite3_step(r->row)) == SQLITE_ROW) {
		r->fault = NULL;
		ret = take(r);
	}
	if (ret == 0 && step != SQLITE_DONE) {
		ret = fail_sqlite(r);
	}
	sqlite3_finalize(r->row);
	r->row = NULL;
	return ret;
}

static int take_version(reader_t *r)
{
	int64_t version = sqlite3_column_int64(r->row, 0);
	r->next = 1;
	return version == VERSION ? 0
	                          : fail(r, "its databaseVersion is %lld, of OpenDNSSEC 2 it is %d",
	                                 (long long)version, VERSION);
}

static uint32_t max_of(int64_t a, int64_t b)
{
	return (uint32_t)(a > b ? a : b);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
	                                   : c >= 'A' && c <= 'F'    ? c - 'A' + 10
	                                                             : -1;
}

/* The salt is hexadecimal, or "-". */
static void take_salt(reader_t *r, int column, ods_policy_t *policy)
{
	const char *hex = (const char *)sqlite3_column_text(r->row, column);
	size_t len = hex != NULL ? strlen(hex) : 0;
	if (len == 0 || strcmp(hex, "-") == 0) {
		return;
	}
	bool fits = len % 2 == 0 && len / 2 <= sizeof(policy->salt);
	for (size_t i = 0; fits && i < len / 2; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
		fits = high >= 0 && low >= 0;
		policy->salt[i] = fits ? (uint8_t)(high << 4 | low) : 0;
	}
	policy->salt_len = fits ? len / 2 : 0;
	if (!fits) {
		blame(r, column, "a salt in hexadecimal");
	}
}

static int take_policy(reader_t *r)
{
	ods_db_t *db = r->db;
	void *grown = grow(r, db->policies, db->policy_count, sizeof(*db->policies));
	if (grown == NULL) {
		return -1;
	}
	db->policies = grown;
	ods_policy_t *policy = &db->policies[db->policy_count++];
	*policy = (ods_policy_t){ .id = sqlite3_column_int64(r->row, 0) };
	r->fault = policy->fault;
	policy->name = text(r, 1);
	policy->nsec3 = flag(r, 2);
	take_salt(r, 3, policy);
	policy->salt_since = number(r, 4, 0, TIME_MAX);
	policy->shares_keys = flag(r, 5);
	policy->ds_ttl = (uint32_t)number(r, 6, 0, TTL_MAX);
	policy->dnskey_ttl = (uint32_t)number(r, 7, 0, TTL_MAX);
	int64_t soa = number(r, 8, 0, TTL_MAX), minimum = number(r, 9, 0, TTL_MAX);
	policy->zone_ttl = max_of(soa < minimum ? soa : minimum, number(r, 10, 0, TTL_MAX));
	policy->zone_ttl = max_of(policy->zone_ttl, number(r, 11, 0, TTL_MAX));
	return policy->name != NULL ? 0 : fail(r, "out of memory");
}

static int take_pair(reader_t *r)
{
	ods_db_t *db = r->db;
	char fault[ODS_FAULT_MAX] = "";
	void *grown = grow(r, db->pairs, db->pair_count, sizeof(*db->pairs));
	if (grown == NULL) {
		return -1;
	}
	db->pairs = grown;
	r->fault = fault;
	ods_pair_t pair = {
		.id = sqlite3_column_int64(r->row, 0),
		.policy = sqlite3_column_int64(r->row, 1),
		.locator = text(r, 2),
		.repository = text(r, 3),
		.unused = number(r, 4, 1, 3) == 1,
		.bits = (unsigned)number(r, 5, 0, 65536),
		.algorithm = (uint8_t)number(r, 6, 1, 255),
		.role = role(r, 7),
		.inception = number(r, 8, 0, TIME_MAX),
		.backup = (ods_backup_t)number(r, 9, 0, 3),
	};
	if (pair.locator == NULL || pair.repository == NULL) {
		free(pair.locator);
		free(pair.repository);
		return fail(r, "out of memory");
	}
	if (fault[0] != '\0') { /* A zone that has the pair gets a fault: the pair is not there. */
		free(pair.locator);
		free(pair.repository);
		return 0;
	}
	db->pairs[db->pair_count++] = pair;
	return 0;
}

static size_t find_policy(const ods_db_t *db, int64_t id)
{
	for (size_t i = 0; i < db->policy_count; i++) {
		if (db->policies[i].id == id) {
			return i;
		}
	}
	return NOWHERE;
}

static bool is_dns(reader_t *r, int column)
{
	const char *type = (const char *)sqlite3_column_text(r->row, column);
	bool dns = type != NULL && strcasecmp(type, "DNS") == 0;
	if (!dns && (type == NULL || strcasecmp(type, "File") != 0)) {
		blame(r, column, "File or DNS");
	}
	return dns;
}

static int take_zone(reader_t *r)
{
	ods_db_t *db = r->db;
	void *grown = grow(r, db->zones, db->zone_count, sizeof(*db->zones));
	if (grown == NULL) {
		return -1;
	}
	db->zones = grown;
	ods_zone_t *zone = &db->zones[db->zone_count++];
	*zone = (ods_zone_t){ .id = sqlite3_column_int64(r->row, 0) };
	r->fault = zone->fault;
	zone->name = text(r, 1);
	zone->policy = find_policy(db, sqlite3_column_int64(r->row, 2));
	if (zone->policy == NOWHERE) {
		blame(r, 2, "the id of a policy");
		zone->policy = 0;
	}
	zone->unwritten = flag(r, 3);
	for (int i = 0; i < 3; i++) {
		static const keyset_role_t roles[] = { KEYSET_KSK, KEYSET_ZSK, KEYSET_CSK };
		zone->ttl_end[i] = number(r, 4 + i, 0, TIME_MAX);
		zone->roll[roles[i]] = flag(r, 7 + i);
	}
	zone->input = (ods_adapter_t){ is_dns(r, 10), text(r, 11) };
	zone->output = (ods_adapter_t){ is_dns(r, 12), text(r, 13) };
	return zone->name != NULL && zone->input.path != NULL && zone->output.path != NULL
	               ? 0
	               : fail(r, "out of memory");
}

/* The zone of a row; rows come in the order of their zones. NULL if there is none. */
static ods_zone_t *zone_of(reader_t *r, int column)
{
	const ods_db_t *db = r->db;
	int64_t id = sqlite3_column_int64(r->row, column);
	while (r->next < db->zone_count && db->zones[r->next].id < id) {
		r->next++;
	}
	return r->next < db->zone_count && db->zones[r->next].id == id ? &db->zones[r->next] : NULL;
}

static size_t find_pair(const ods_db_t *db, int64_t id)
{
	size_t from = 0, to = db->pair_count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (db->pairs[middle].id < id) {
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	return from < db->pair_count && db->pairs[from].id == id ? from : NOWHERE;
}

static int take_key(reader_t *r)
{
	ods_zone_t *zone = zone_of(r, 0);
	if (zone == NULL) {
		return 0; /* Of a zone that is gone. */
	}
	void *grown = grow(r, zone->keys, zone->key_count, sizeof(*zone->keys));
	if (grown == NULL) {
		return -1;
	}
	zone->keys = grown;
	ods_key_t *key = &zone->keys[zone->key_count++];
	r->fault = zone->fault;
	*key = (ods_key_t){
		.id = sqlite3_column_int64(r->row, 1),
		.pair = find_pair(r->db, sqlite3_column_int64(r->row, 2)),
		.algorithm = (uint8_t)number(r, 3, 1, 255),
		.inception = number(r, 4, 0, TIME_MAX),
		.role = role(r, 5),
		.introducing = flag(r, 6),
		.revoked = flag(r, 7),
		.sign_zone = flag(r, 8),
		.publish = flag(r, 9),
		.sign_dnskey = flag(r, 10),
		.ds = (ods_ds_t)number(r, 11, 0, 5),
		.keytag = (uint16_t)number(r, 12, 0, UINT16_MAX),
		.minimize = (unsigned)number(r, 13, 0, 7),
	};
	if (key->pair == NOWHERE) {
		blame(r, 2, "the id of a key pair that there is");
		key->pair = 0;
	}
	return 0;
}

static ods_key_t *key_of(const ods_zone_t *zone, int64_t id)
{
	for (size_t i = 0; zone != NULL && i < zone->key_count; i++) {
		if (zone->keys[i].id == id) {
			return &zone->keys[i];
		}
	}
	return NULL;
}

static int take_record(reader_t *r)
{
	static const keyset_record_t records[] = { KEYSET_DS, KEYSET_RRSIG, KEYSET_DNSKEY,
	                                           KEYSET_RRSIG_DNSKEY };
	static const keyset_state_t states[] = { KEYSET_HIDDEN, KEYSET_RUMOURED, KEYSET_OMNIPRESENT,
	                                         KEYSET_UNRETENTIVE, KEYSET_NA };
	ods_zone_t *zone = zone_of(r, 0);
	ods_key_t *key = key_of(zone, sqlite3_column_int64(r->row, 1));
	if (key == NULL) {
		return 0;
	}
	r->fault = zone->fault;
	keyset_record_t which = records[number(r, 2, 0, 3)];
	if ((key->seen >> which & 1) != 0) {
		blame(r, 2, "of a record that the key does not have yet");
	}
	key->seen |= 1u << which;
	key->record[which] = (ods_record_t){
		.state = states[number(r, 3, 0, 4)],
		.since = number(r, 4, 0, TIME_MAX),
		.ttl = (uint32_t)number(r, 5, 0, TTL_MAX),
	};
	return 0;
}

/* -- all ----------------------------------------------------------------- */

static const char policies_sql[] =
	"SELECT id, name, denialType, denialSalt, denialSaltLastChange, keysShared, parentDsTtl,"
	" keysTtl, zoneSoaTtl, zoneSoaMinimum, signaturesMaxZoneTtl, denialTtl FROM policy"
	" ORDER BY id";
static const char pairs_sql[] =
	"SELECT id, policyId, locator, repository, state, bits, algorithm, role, inception, backup"
	" FROM hsmKey WHERE state <> 4 ORDER BY id";
static const char zones_sql[] =
	"SELECT id, name, policyId, signconfNeedsWriting, ttlEndDs, ttlEndDk, ttlEndRs, rollKskNow,"
	" rollZskNow, rollCskNow, inputAdapterType, inputAdapterUri, outputAdapterType,"
	" outputAdapterUri FROM zone ORDER BY id";
static const char keys_sql[] =
	"SELECT zoneId, id, hsmKeyId, algorithm, inception, role, introducing, shouldRevoke,"
	" activeZsk, publish, activeKsk, dsAtParent, keytag, minimize FROM keyData"
	" ORDER BY zoneId, id";
static const char records_sql[] =
	"SELECT zoneId, keyDataId, type, state, lastChange, ttl FROM keyState"
	" JOIN keyData ON keyData.id = keyDataId ORDER BY zoneId, keyDataId";

/* Whether the file is a database of the enforcer of OpenDNSSEC 2. */
static int check_kind(reader_t *r)
{
	sqlite3_stmt *sql = NULL;
	if (sqlite3_prepare_v2(r->sqlite, "SELECT sum(name = 'databaseVersion'),"
	                       " sum(name = 'dnsseckeys') FROM sqlite_master", -1, &sql,
	                       NULL) != SQLITE_OK || sqlite3_step(sql) != SQLITE_ROW) {
		sqlite3_finalize(sql);
		return fail_sqlite(r);
	}
	bool two = sqlite3_column_int(sql, 0) > 0, one = sqlite3_column_int(sql, 1) > 0;
	sqlite3_finalize(sql);
	if (one && !two) {
		return fail(r, "is of OpenDNSSEC 1: convert it to OpenDNSSEC 2 first, by its "
		            "convert_sqlite and ods-migrate");
	}
	if (!two) {
		return fail(r, "is no database of OpenDNSSEC; name its kasp.db, in Debian "
		            "/var/lib/opendnssec/db/kasp.db");
	}
	int ret = each_row(r, "SELECT version FROM databaseVersion", take_version);
	return ret == 0 && r->next == 0 ? fail(r, "does not say its databaseVersion") : ret;
}

static int read_all(reader_t *r)
{
	sqlite3_busy_timeout(r->sqlite, BUSY_MS);
	if (sqlite3_exec(r->sqlite, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
		return fail_sqlite(r);
	}
	if (check_kind(r) != 0 || each_row(r, policies_sql, take_policy) != 0 ||
	    each_row(r, pairs_sql, take_pair) != 0 || each_row(r, zones_sql, take_zone) != 0 ||
	    each_row(r, keys_sql, take_key) != 0) {
		return -1;
	}
	return each_row(r, records_sql, take_record);
}

int ods_db_read(const char *path, ods_db_t *db, char *err, size_t err_size)
{
	ods_db_t fresh = { 0 };
	reader_t r = { .path = path, .db = &fresh, .err = err, .err_size = err_size };
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, ret;
	if (ods_dump_is_one(path)) {
		ret = ods_dump_open(path, &r.sqlite, err, err_size) == 0 ? read_all(&r) : -1;
	} else {
		ret = sqlite3_open_v2(path, &r.sqlite, flags, NULL) == SQLITE_OK ? read_all(&r) : fail_sqlite(&r);
	}
	sqlite3_close(r.sqlite);
	if (ret != 0) {
		ods_db_deinit(&fresh);
		return -1;
	}
	*db = fresh;
	return 0;
}

void ods_db_deinit(ods_db_t *db)
{
	for (size_t i = 0; i < db->policy_count; i++) {
		free(db->policies[i].name);
	}
	for (size_t i = 0; i < db->pair_count; i++) {
		free(db->pairs[i].locator);
		free(db->pairs[i].repository);
		free(db->pairs[i].public_key);
	}
	for (size_t i = 0; i < db->zone_count; i++) {
		free(db->zones[i].name);
		free(db->zones[i].input.path);
		free(db->zones[i].output.path);
		free(db->zones[i].keys);
	}
	free(db->policies);
	free(db->pairs);
	free(db->zones);
	*db = (ods_db_t){ 0 };
}
