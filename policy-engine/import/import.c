/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/event.h"
#include "policy-engine/import/examine.h"
#include "policy-engine/import/rows.h"
#include "policy-engine/import/running.h"

/* What becomes of a zone. */
typedef struct {
	bool ours;        /* The engine's database has the zone with keys that stay. */
	bool replaced;    /* It has some on which nobody relies. */
	bool taken;       /* It got them in this run. */
} mark_t;

typedef struct {
	desk_t *desk;
	keys_t *keys;
	const import_t *what;
	int64_t now;
	hsm_t *hsm;
	examine_t from;
	int64_t *ids;     /* As from.db.pairs: in the engine's database; 0 = it is not there. */
	mark_t *marks;    /* As from.zones. */
	core_key_t core[CORE_KEYS_MAX]; /* Of the zone that is taken over now. */
} import_run_t;

/* -- into the engine's database ------------------------------------------ */

/* Whether somebody can rely on the keys that the engine has made for a zone, since it was in knot.conf before
 * the import: one has a DS, or somebody may have been asked for one. */
static bool is_relied_on(const kasp_zone_t *zone)
{
	bool relied_on = zone->taken_over;
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_record_t *ds = &zone->core.keys[i].record[KEYSET_DS];
		const bool none = ds->state == KEYSET_HIDDEN || ds->state == KEYSET_NA;
		relied_on = relied_on ||
		            !(none || (ds->state == KEYSET_RUMOURED && ds->public_at == 0 &&
		                       zone->keys[i].done[DB_ERRAND_COMMAND] == 0));
	}
	return relied_on;
}

/* Whether an earlier import is to be done again, and the zone is frozen since. \return 1, 0, or -1 if the
 * database failed. */
static int is_to_come_again(const import_run_t *run, const kasp_zone_t *zone)
{
	db_scope_t scope = DB_FREEZE_ALL;
	int64_t until;
	int found = run->what->again ? db_freeze_get(run->desk->db, zone->name, zone->policy, run->now,
	                                             &scope, &until) : 0;
	return found > 0 ? scope == DB_FREEZE_IMPORT : found;
}

/* Whether the database has the zone with keys that stay. \return 1, 0, or -1 if the database failed. */
static int is_ours(import_run_t *run, size_t index)
{
	kasp_zone_t have = { 0 };
	const char *name = run->from.zones[index].name;
	int found = name != NULL ? db_zone_get(run->desk->db, name, &have) : 0;
	const bool has_keys = found > 0 && have.core.count > 0;
	const int again = has_keys ? is_to_come_again(run, &have) : 0;
	const bool ours = has_keys && again <= 0 && is_relied_on(&have);
	run->marks[index] = (mark_t){ .ours = ours, .replaced = has_keys && !ours };
	kasp_zone_deinit(&have);
	return found < 0 || again < 0 ? -1 : ours;
}

static int to_backup(ods_backup_t backup)
{
	return backup == ODS_BACKUP_DONE        ? DB_BACKUP_DONE
	       : backup == ODS_BACKUP_REQUESTED ? DB_BACKUP_REQUESTED
	                                        : DB_BACKUP_NONE;
}

/* Makes sure that the database has a key pair. */
static int put_pair(import_run_t *run, size_t index, db_token_key_t *out)
{
	db_t *db = run->desk->db;
	const ods_pair_t *pair = &run->from.db.pairs[index];
	const hsm_key_t *found = run->from.found[index].key;
	dnssec_binary_t public_key = hsm_key_public(found);
	*out = (db_token_key_t){
		.repository = pair->repository,
		.cka_id = hsm_key_id(found),
		.algorithm = pair->algorithm,
		.bits = policy_key_bits(pair->algorithm, pair->bits),
		.public_key = public_key.data,
		.public_key_len = public_key.size,
		.backup = to_backup(pair->backup),
	};
	if (db_key_put(db, out, run->now) != 0) {
		return -1;
	}
	run->ids[index] = out->id;
	return 0;
}

/* Notes what OpenDNSSEC had done for a key's DS: it must not be done twice. */
static int put_errand(import_run_t *run, const ods_key_t *key, int64_t id)
{
	const ods_record_t *ds = &key->record[KEYSET_DS];
	bool done = key->ds == ODS_DS_SUBMITTED || key->ds == ODS_DS_RETRACTED;
	return done ? db_errand_put(run->desk->db, id, DB_ERRAND_COMMAND, ds->since, run->now)
	            : 0;
}

static int put_key(import_run_t *run, kasp_zone_t *zone, const policy_t *policy,
                   const ods_key_t *key, const core_key_t *core)
{
	db_t *db = run->desk->db;
	db_token_key_t pair;
	if (put_pair(run, key->pair, &pair) != 0 ||
	    db_zone_give_key(db, zone, &pair, core) != 0 ||
	    put_errand(run, key, zone->keys[zone->core.count - 1].id) != 0) {
		return -1;
	}
	db_share_t share = { .policy = policy->name, .role = core->role };
	bool earlier = pair.since == 0 || core->inception < pair.since;
	return policy->share_keys && earlier
	               ? db_key_share(db, pair.id, &share, core->inception)
	               : 0;
}

/* Moves a key's revisions behind those that the zone has had already. */
static void renumber(core_key_t *key, uint64_t base)
{
	for (int r = KEYSET_DNSKEY; r < KEYSET_RECORDS; r++) {
		core_record_t *record = &key->record[r];
		record->revision += record->revision != 0 ? base : 0;
		record->came += record->came != 0 ? base : 0;
	}
}

/* Notes what the policy is: a change of kasp.xml before the thaw waits for a person. */
static int note_form(db_t *db, int64_t zone, const policy_t *policy)
{
	char *form = policy_form(policy);
	const int ret = form != NULL ? db_zone_formed(db, zone, form) : -1;
	free(form);
	return ret;
}

static int put_zone(import_run_t *run, const examine_zone_t *from, const policy_t *policy,
                    core_zone_t *core)
{
	db_t *db = run->desk->db;
	kasp_zone_t zone = { 0 };
	if (db_zone_put(db, from->name, policy->name) < 0 ||
	    db_zone_get(db, from->name, &zone) <= 0) {
		return -1;
	}
	if (db_zone_leave_keys(db, &zone) != 0) {
		kasp_zone_deinit(&zone);
		return -1;
	}
	uint64_t base = zone.core.revision;
	int ret = 0;
	size_t next = 0;
	for (size_t i = 0; i < from->from->key_count && ret == 0; i++) {
		const ods_key_t *key = &from->from->keys[i];
		if (!map_is_past(key)) {
			renumber(&core->keys[next], base);
			ret = put_key(run, &zone, policy, key, &core->keys[next++]);
		}
	}
	zone.core.revision = base + core->revision;
	memcpy(zone.core.requests, core->requests, sizeof(zone.core.requests));
	memcpy(zone.core.ttls, core->ttls, sizeof(zone.core.ttls));
	zone.next = run->now;
	ret = ret == 0 ? db_zone_save(db, &zone) : ret;
	ret = ret == 0 ? db_zone_took(db, zone.id, from->serial) : ret;
	ret = ret == 0 ? note_form(db, zone.id, policy) : ret;
	/* A step would be bogus for who asks a secondary that follows OpenDNSSEC still. */
	const db_freeze_t freeze = { DB_FREEZE_IMPORT, from->name, CORE_NEVER };
	ret = ret == 0 ? db_freeze_put(db, &freeze) : ret;
	kasp_zone_deinit(&zone);
	return ret;
}

/* -- one zone after another ---------------------------------------------- */

/* \return 0, or -1 if the database failed. */
static int take_zone(import_run_t *run, size_t index)
{
	char keys[512] = "";
	examine_zone_t *zone = &run->from.zones[index];
	core_zone_t core = { .keys = run->core };
	int ours = is_ours(run, index);
	if (ours != 0) {
		rows_zone(run->what->to, zone, IMPORT_KNOWN, "");
		return ours < 0 ? -1 : 0;
	}
	const policy_t *policy = examine_map(&run->from, zone, &run->desk->policies, run->now,
	                                     &core);
	if (policy == NULL) {
		rows_zone(run->what->to, zone, IMPORT_REFUSED, "");
		return 0;
	}
	examine_list(&run->from, zone, &core, keys, sizeof(keys));
	if (run->marks[index].replaced) {
		const size_t used = strlen(keys);
		snprintf(keys + used, sizeof(keys) - used, "; in place of those that it had, on which "
		         "nobody relies: if knotd serves others, then ods pass %s chain", zone->name);
	}
	if (!run->what->plan && put_zone(run, zone, policy, &core) != 0) {
		return -1;
	}
	run->marks[index].ours = run->marks[index].taken = true;
	rows_zone(run->what->to, zone, IMPORT_TAKEN, keys);
	return 0;
}

/* -- what zones share ---------------------------------------------------- */

/* Whether OpenDNSSEC has no zone of the policy left. */
static bool is_policy_ours(const import_run_t *run, int64_t policy)
{
	for (size_t i = 0; i < run->from.db.zone_count; i++) {
		size_t of = run->from.db.zones[i].policy;
		if (!run->marks[i].ours &&
		    (of >= run->from.db.policy_count || run->from.db.policies[of].id == policy)) {
			return false;
		}
	}
	return true;
}

static int put_salts(import_run_t *run)
{
	for (size_t i = 0; i < run->from.db.policy_count; i++) {
		const ods_policy_t *from = &run->from.db.policies[i];
		const policy_t *policy = policies_find(&run->desk->policies, from->name);
		if (policy == NULL || from->fault[0] != '\0' || !from->nsec3 ||
		    from->salt_len != policy->salt_length || from->salt_len == 0) {
			continue;
		}
		int used = db_policy_used(run->desk->db, from->name);
		if (used < 0 || (used == 0 && db_salt_put(run->desk->db, from->name, from->salt,
		                                          from->salt_len,
		                                          from->salt_since) != 0)) {
			return -1;
		}
	}
	run->keys->salt_at = 0;
	return 0;
}

/* Takes over keys that no zone has had, if OpenDNSSEC has no zone left that could get one. */
static int put_unused(import_run_t *run)
{
	size_t count = 0;
	for (size_t i = 0; i < run->from.db.pair_count; i++) {
		db_token_key_t key;
		const ods_pair_t *pair = &run->from.db.pairs[i];
		if (!pair->unused || run->from.found[i].key == NULL ||
		    !is_policy_ours(run, pair->policy)) {
			continue;
		}
		if (!run->what->plan && put_pair(run, i, &key) != 0) {
			return -1;
		}
		count++;
	}
	if (count > 0) {
		rows_note(run->what->to, "%zu keys that no zone has had yet %s for later use", count,
		     run->what->plan ? "will be kept" : "are kept");
	}
	return 0;
}

/* Counts the zones that OpenDNSSEC still has as users of their key pairs: these must not be removed
 * from the token. */
static int count_users(import_run_t *run)
{
	size_t *elsewhere = calloc(run->from.db.pair_count + 1, sizeof(*elsewhere));
	if (elsewhere == NULL) {
		return -1;
	}
	for (size_t i = 0; i < run->from.db.zone_count; i++) {
		const ods_zone_t *zone = &run->from.db.zones[i];
		for (size_t k = 0; k < zone->key_count && !run->marks[i].ours; k++) {
			elsewhere[zone->keys[k].pair]++;
		}
	}
	int ret = 0;
	for (size_t i = 0; i < run->from.db.pair_count && ret == 0; i++) {
		if (run->ids[i] != 0) {
			ret = db_key_users(run->desk->db, run->ids[i], elsewhere[i]);
		}
	}
	free(elsewhere);
	return ret;
}

/* -- all ----------------------------------------------------------------- */

static int see_others(import_run_t *run)
{
	for (size_t i = 0; i < run->from.db.zone_count; i++) {
		if (run->from.zones[i].from == NULL && is_ours(run, i) < 0) {
			return -1;
		}
	}
	return 0;
}

static int take_all(import_run_t *run)
{
	if (!run->what->plan && put_salts(run) != 0) {
		return -1; /* Before zones have the policies. */
	}
	for (size_t i = 0; i < run->from.db.zone_count; i++) {
		if (run->from.zones[i].from != NULL && take_zone(run, i) != 0) {
			return -1;
		}
	}
	return see_others(run) == 0 && put_unused(run) == 0 && count_users(run) == 0 ? 0 : -1;
}

static int take_locked(import_run_t *run)
{
	db_t *db = run->desk->db;
	bool plan = run->what->plan;
	int ret = plan ? 0 : db_begin(db);
	ret = ret == 0 ? take_all(run) : ret;
	ret = ret == 0 && !plan ? db_commit(db) : ret;
	if (ret != 0) {
		db_rollback(db);
	}
	for (size_t i = 0; i < run->from.db.zone_count && ret == 0 && !plan; i++) {
		const examine_zone_t *zone = &run->from.zones[i];
		if (run->marks[i].taken) {
			log_about(LOG_INFO, (about_t){ .event = "import", .zone = zone->name },
			          "taken over from %s with its keys; last serial %u",
			          run->what->from->name, zone->serial);
		}
	}
	return ret;
}

/* No token is asked under the desk's lock. */
static bool is_usable(void *ctx, const char *repository, char *why, size_t why_size)
{
	import_run_t *run = ctx;
	char problem[TOKENS_PROBLEM_MAX] = "";
	pthread_mutex_lock(&run->desk->lock);
	bool usable = repos_usable(run->keys->tokens, repository, problem);
	pthread_mutex_unlock(&run->desk->lock);
	snprintf(why, why_size, "%s", problem);
	return usable;
}

/* What takes time: files and tokens. */
static void examine_all(import_run_t *run)
{
	examine_zones(&run->from);
	for (size_t i = 0; i < run->from.db.pair_count && run->what->zone == NULL; i++) {
		if (run->from.db.pairs[i].unused) {
			examine_pair(&run->from, i);
		}
	}
}

static int check_running(import_run_t *run, char *err, size_t err_size)
{
	char who[64];
	if (!run->what->from->has_policies) {
		return 0; /* It can be on another machine. */
	}
	if (!ods_is_running(run->what->database, run->what->signer_dir, who, sizeof(who))) {
		return 0;
	}
	if (run->what->beside) {
		rows_note(run->what->to, "OpenDNSSEC is running, %s: no secondary may follow knotd until it is stopped, "
		     "and the zones are imported again: ods import --again", who);
		return 0;
	}
	if (run->what->plan) {
		rows_running(run->what->to, who);
		return 0;
	}
	snprintf(err, err_size, "OpenDNSSEC is running, %s: stop it, ods-control stop, and see that "
	         "it does not start again; two signers must not have the same zone", who);
	return -1;
}

static int open_tokens(import_run_t *run, char *err, size_t err_size)
{
	hsm_error_t why = { 0 };
	pthread_mutex_lock(&run->desk->lock);
	int ret = hsm_open(&run->hsm, &run->desk->conf.tokens, &why);
	pthread_mutex_unlock(&run->desk->lock);
	if (ret != HSM_EOK) {
		snprintf(err, err_size, "%s", why.text);
		return -1;
	}
	return 0;
}

source_t import_source(const import_t *what, int64_t now)
{
	return (source_t){ .kind = what->from, .path = what->database, .zone = what->zone,
	                   .policy = what->policy, .ttl = what->ttl, .now = now };
}

static int read_all(import_run_t *run, char *err, size_t err_size)
{
	const import_t *what = run->what;
	run->from = (examine_t){
		.source = import_source(what, run->now), .signer_dir = what->signer_dir, .serial = what->serial,
		.server = what->server, .hsm = run->hsm,
		.usable = is_usable, .ctx = run,
	};
	pthread_mutex_lock(&run->desk->lock);
	const int ret = examine_places(&run->from, &run->desk->policies, err, err_size);
	pthread_mutex_unlock(&run->desk->lock);
	const int count = ret == 0 ? examine_read(&run->from, err, err_size) : -1;
	if (count == 0) {
		snprintf(err, err_size, "%s has no zone%s%.100s", what->database,
		         what->zone != NULL ? " " : "", what->zone != NULL ? what->zone : "");
	}
	run->ids = calloc(run->from.db.pair_count + 1, sizeof(*run->ids));
	run->marks = calloc(run->from.db.zone_count + 1, sizeof(*run->marks));
	if (count > 0 && (run->ids == NULL || run->marks == NULL)) {
		snprintf(err, err_size, "out of memory");
		return -1;
	}
	return count > 0 ? 0 : -1;
}

static int go(import_run_t *run, char *err, size_t err_size)
{
	if (check_running(run, err, err_size) != 0 || open_tokens(run, err, err_size) != 0 ||
	    read_all(run, err, err_size) != 0) {
		return -1;
	}
	examine_all(run);
	pthread_mutex_lock(&run->desk->lock);
	int ret = take_locked(run);
	if (ret != 0) {
		snprintf(err, err_size, "nothing was taken over: %s", db_error(run->desk->db));
	}
	pthread_mutex_unlock(&run->desk->lock);
	return ret;
}

int import_run(desk_t *desk, keys_t *keys, const import_t *what, char *err, size_t err_size)
{
	import_run_t *run = calloc(1, sizeof(*run));
	if (run == NULL) {
		snprintf(err, err_size, "out of memory");
		return -1;
	}
	*run = (import_run_t){ .desk = desk, .keys = keys, .what = what, .now = time(NULL) };
	int ret = go(run, err, err_size);
	examine_deinit(&run->from);
	hsm_close(run->hsm);
	free(run->ids);
	free(run->marks);
	free(run);
	return ret;
}
