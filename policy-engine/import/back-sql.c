/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/back-sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The enforcer's numbers. */
enum { STATE_HIDDEN = 0, STATE_OMNIPRESENT = 2, STATE_NA = 4 };
enum { PAIR_PRIVATE = 2, PAIR_SHARED = 3 };
enum { BACKUP_NONE = 0 };

/* What is written. */
typedef struct {
	FILE *out;
	const ods_db_t *db;
	const ods_zone_t *theirs;
	const kasp_zone_t *ours;
	long long now;
} sql_t;

static int role_number(keyset_role_t role)
{
	return role == KEYSET_KSK ? 1 : role == KEYSET_ZSK ? 2 : 3;
}

/* -- what can be told ---------------------------------------------------- */

static bool rests(const core_key_t *key)
{
	bool rests = !key->dead;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const keyset_state_t state = key->record[r].state;
		rests = rests && (state == KEYSET_NA ||
		                  state == (key->goal_in ? KEYSET_OMNIPRESENT : KEYSET_HIDDEN));
	}
	return rests;
}

/* A key that OpenDNSSEC made by the policy entry by which it would keep ours. NULL if there is none. */
static const ods_key_t *find_like(const sql_t *sql, const core_key_t *key)
{
	for (size_t i = 0; i < sql->theirs->key_count; i++) {
		const ods_key_t *like = &sql->theirs->keys[i];
		const ods_pair_t *pair = &sql->db->pairs[like->pair];
		if (like->introducing && like->role == key->role && like->algorithm == key->algorithm &&
		    policy_key_bits(pair->algorithm, pair->bits) == key->bits &&
		    strcmp(pair->repository, key->repository) == 0) {
			return like;
		}
	}
	return NULL;
}

static int check(const sql_t *sql, char why[MAP_WHY_MAX])
{
	size_t staying = 0;
	for (size_t i = 0; i < sql->ours->core.count; i++) {
		const core_key_t *key = &sql->ours->core.keys[i];
		const char *role = keyset_role_name(key->role);
		if (key->standby) {
			snprintf(why, MAP_WHY_MAX, "%s %u is on standby, which OpenDNSSEC does not know", role,
			         key->keytag);
			return -1;
		}
		if (!rests(key)) {
			snprintf(why, MAP_WHY_MAX, "%s %u is in the midst of a change: there is a way "
			         "when that has ended, see ods zone", role, key->keytag);
			return -1;
		}
		if (key->goal_in && find_like(sql, key) == NULL) {
			snprintf(why, MAP_WHY_MAX, "OpenDNSSEC has no %s of algorithm %u, %u bits, in "
			         "repository %s for it, and would replace %s %u at once", role,
			         key->algorithm, key->bits, key->repository, role, key->keytag);
			return -1;
		}
		staying += key->goal_in;
	}
	if (staying == 0) {
		snprintf(why, MAP_WHY_MAX, "it has no keys here");
	}
	return staying > 0 ? 0 : -1;
}

/* -- keys that it knows -------------------------------------------------- */

static const core_key_t *find_ours(const sql_t *sql, const ods_key_t *key)
{
	const char *locator = sql->db->pairs[key->pair].locator;
	for (size_t i = 0; i < sql->ours->core.count; i++) {
		const core_key_t *ours = &sql->ours->core.keys[i];
		if (ours->goal_in && ours->role == key->role &&
		    strcasecmp(sql->ours->keys[i].cka_id, locator) == 0) {
			return ours;
		}
	}
	return NULL;
}

static void write_known(const sql_t *sql, const ods_key_t *key)
{
	const bool stays = find_ours(sql, key) != NULL;
	const int state = stays ? STATE_OMNIPRESENT : STATE_HIDDEN;
	fprintf(sql->out, "UPDATE keyData SET introducing = %d, activeZsk = %d, publish = %d, "
	        "activeKsk = %d, dsAtParent = %d WHERE id = %lld; ", stays,
	        stays && key->role != KEYSET_KSK, stays, stays && key->role != KEYSET_ZSK,
	        stays && key->role != KEYSET_ZSK ? ODS_DS_SEEN : ODS_DS_UNSUBMITTED,
	        (long long)key->id);
	fprintf(sql->out, "UPDATE keyState SET state = %d, lastChange = %lld WHERE keyDataId = %lld "
	        "AND state NOT IN (%d, %d); ", state, sql->now, (long long)key->id, state, STATE_NA);
}

/* -- keys that are new to it --------------------------------------------- */

static bool is_known(const sql_t *sql, size_t ours)
{
	for (size_t i = 0; i < sql->theirs->key_count; i++) {
		const ods_key_t *key = &sql->theirs->keys[i];
		if (key->role == sql->ours->core.keys[ours].role &&
		    strcasecmp(sql->db->pairs[key->pair].locator, sql->ours->keys[ours].cka_id) == 0) {
			return true;
		}
	}
	return false;
}

/* The pair may be there: among those that were made in advance. */
static void write_pair(const sql_t *sql, const core_key_t *key, const char *locator)
{
	const ods_policy_t *policy = &sql->db->policies[sql->theirs->policy];
	const ods_pair_t *like = &sql->db->pairs[find_like(sql, key)->pair];
	fprintf(sql->out, "INSERT INTO hsmKey (policyId, locator, state, bits, algorithm, role, "
	        "inception, isRevoked, keyType, repository, backup) SELECT %lld, '%s', %d, bits, "
	        "algorithm, role, %lld, 0, keyType, repository, %d FROM hsmKey WHERE id = %lld AND NOT "
	        "EXISTS (SELECT 1 FROM hsmKey WHERE locator = '%s'); ", (long long)policy->id, locator,
	        PAIR_PRIVATE, (long long)key->inception, BACKUP_NONE, (long long)like->id, locator);
	fprintf(sql->out, "UPDATE hsmKey SET state = %d, inception = %lld WHERE locator = '%s'; ",
	        policy->shares_keys ? PAIR_SHARED : PAIR_PRIVATE, (long long)key->inception, locator);
}

static void write_records(const sql_t *sql, const core_key_t *key, unsigned minimize, const char *locator)
{
	const ods_policy_t *policy = &sql->db->policies[sql->theirs->policy];
	const struct {
		int number; /* The enforcer's. */
		keyset_record_t record;
		unsigned minimize;
		uint32_t ttl;
	} records[KEYSET_RECORDS] = {
		{ 0, KEYSET_DS, minimize >> 2 & 1, policy->ds_ttl },
		{ 1, KEYSET_RRSIG, minimize & 1, policy->zone_ttl },
		{ 2, KEYSET_DNSKEY, minimize >> 1 & 1, policy->dnskey_ttl },
		{ 3, KEYSET_RRSIG_DNSKEY, 0, policy->dnskey_ttl },
	};
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const bool none = key->record[records[r].record].state == KEYSET_NA;
		fprintf(sql->out, "INSERT INTO keyState (keyDataId, type, state, lastChange, minimize, ttl) "
		        "SELECT keyData.id, %d, %d, %lld, %u, %u FROM keyData JOIN hsmKey ON hsmKey.id = "
		        "hsmKeyId WHERE zoneId = %lld AND locator = '%s'; ", records[r].number,
		        none ? STATE_NA : STATE_OMNIPRESENT, sql->now, records[r].minimize,
		        records[r].ttl, (long long)sql->theirs->id, locator);
	}
}

static void write_new(const sql_t *sql, size_t index)
{
	const core_key_t *key = &sql->ours->core.keys[index];
	const char *locator = sql->ours->keys[index].cka_id;
	const unsigned minimize = find_like(sql, key)->minimize;
	write_pair(sql, key, locator);
	fprintf(sql->out, "INSERT INTO keyData (zoneId, hsmKeyId, algorithm, inception, role, introducing, "
	        "shouldRevoke, standby, activeZsk, publish, activeKsk, dsAtParent, keytag, minimize) "
	        "SELECT %lld, id, %u, %lld, %d, 1, 0, 0, %d, 1, %d, %d, %u, %u FROM hsmKey WHERE "
	        "locator = '%s'; ", (long long)sql->theirs->id, key->algorithm,
	        (long long)key->inception, role_number(key->role), key->role != KEYSET_KSK,
	        key->role != KEYSET_ZSK,
	        key->role != KEYSET_ZSK ? ODS_DS_SEEN : ODS_DS_UNSUBMITTED, key->keytag, minimize,
	        locator);
	write_records(sql, key, minimize, locator);
}

/* -- all ----------------------------------------------------------------- */

static void write_all(const sql_t *sql)
{
	const long long zone = (long long)sql->theirs->id;
	fprintf(sql->out, "BEGIN; DELETE FROM keyDependency WHERE zoneId = %lld; ", zone);
	for (size_t i = 0; i < sql->theirs->key_count; i++) {
		write_known(sql, &sql->theirs->keys[i]);
	}
	for (size_t i = 0; i < sql->ours->core.count; i++) {
		if (sql->ours->core.keys[i].goal_in && !is_known(sql, i)) {
			write_new(sql, i);
		}
	}
	fprintf(sql->out, "UPDATE zone SET signconfNeedsWriting = 1, nextChange = %lld, rollKskNow = 0, "
	        "rollZskNow = 0, rollCskNow = 0 WHERE id = %lld; COMMIT;", sql->now, zone);
}

char *back_sql(const ods_db_t *db, const ods_zone_t *theirs, const kasp_zone_t *ours, int64_t now,
               char why[MAP_WHY_MAX])
{
	char *text = NULL;
	size_t size = 0;
	sql_t sql = { NULL, db, theirs, ours, now };
	if (check(&sql, why) != 0) {
		return NULL;
	}
	sql.out = open_memstream(&text, &size);
	if (sql.out != NULL) {
		write_all(&sql);
	}
	if (sql.out == NULL || fclose(sql.out) != 0) {
		snprintf(why, MAP_WHY_MAX, "out of memory");
		free(text);
		return NULL;
	}
	return text;
}
