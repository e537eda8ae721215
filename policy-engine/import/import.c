/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/event.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/import/map.h"
#include "policy-engine/import/running.h"

/* What was found of a key pair in its token and in the engine's database. */
typedef struct {
	bool tried;
	hsm_key_t *key;   /* NULL = the token does not have it. */
	char *why;        /* Why key is NULL. */
	int64_t id;       /* In the engine's database; 0 = it is not there. */
} found_t;

/* A zone of OpenDNSSEC that may be taken over. */
typedef struct {
	const ods_zone_t *from;
	char *name;       /* NULL if it is no domain name. */
	char why[MAP_WHY_MAX]; /* Why it is refused; "" = nothing is against it so far. */
	uint32_t serial;
	bool ours;        /* The engine's database has the zone with keys. */
	bool taken;       /* It got them in this run. */
} candidate_t;

typedef struct {
	desk_t *desk;
	keys_t *keys;
	const import_t *what;
	int64_t now;
	ods_db_t db;
	hsm_t *hsm;
	found_t *found;   /* As db.pairs. */
	candidate_t *zones;
	size_t count;
	core_key_t core[CORE_KEYS_MAX]; /* Of the zone that is taken over now. */
} import_run_t;

/* -- what can be known without the engine's database --------------------- */

/* The first reason counts. */
static void refuse(candidate_t *zone, const char *format, ...)
{
	if (zone->why[0] != '\0') {
		return;
	}
	va_list args;
	va_start(args, format);
	vsnprintf(zone->why, sizeof(zone->why), format, args);
	va_end(args);
}

static found_t *look_for(import_run_t *run, size_t index)
{
	const ods_pair_t *pair = &run->db.pairs[index];
	found_t *found = &run->found[index];
	if (found->tried) {
		return found;
	}
	char why[TOKENS_PROBLEM_MAX];
	hsm_error_t err = { 0 };
	pthread_mutex_lock(&run->desk->lock);
	bool usable = repos_usable(run->keys->tokens, pair->repository, why);
	pthread_mutex_unlock(&run->desk->lock);
	const hsm_wanted_t wanted = { .repository = pair->repository, .cka_id = pair->locator,
		                      .algorithm = pair->algorithm };
	if (usable && hsm_key_find(run->hsm, &wanted, &found->key, &err) != HSM_EOK) {
		found->key = NULL;
		snprintf(why, sizeof(why), "%s", err.text);
	}
	found->why = found->key == NULL ? strdup(why) : NULL;
	found->tried = true;
	return found;
}

static void look_for_keys(import_run_t *run, candidate_t *zone)
{
	for (size_t i = 0; i < zone->from->key_count && zone->why[0] == '\0'; i++) {
		const ods_key_t *key = &zone->from->keys[i];
		if (map_is_past(key)) {
			continue;
		}
		const char *name = keyset_role_name(key->role);
		const char *locator = run->db.pairs[key->pair].locator;
		const found_t *found = look_for(run, key->pair);
		if (found->key == NULL) {
			refuse(zone, "%s %u, CKA_ID %s: %s", name, key->keytag, locator,
			       found->why != NULL ? found->why : "out of memory");
			continue;
		}
		dnssec_binary_t public_key = hsm_key_public(found->key);
		int tag = dnskey_tag(key->role, key->algorithm, public_key.data, public_key.size);
		if (tag != key->keytag) {
			refuse(zone, "%s %u, CKA_ID %s: the token has another key of that CKA_ID, "
			       "whose key tag is %d", name, key->keytag, locator, tag);
		}
	}
}

/* The last serial, by what the signer left behind or by what a person says. */
static void see_signer(import_run_t *run, candidate_t *zone)
{
	ods_signer_t signer = { 0 };
	char why[MAP_WHY_MAX] = "";
	const ods_zone_t *from = zone->from;
	if (ods_signer_read(run->what->signer_dir, from->name, &signer, why, sizeof(why)) != 0 ||
	    (signer.state && map_check_signer(&run->db, from, &signer, why) != 0) ||
	    (!from->output.dns &&
	     ods_signer_read_zone(from->output.path, &signer, why, sizeof(why)) != 0)) {
		refuse(zone, "%s", why);
	} else if (run->what->serial != NULL) {
		zone->serial = *run->what->serial;
	} else if (signer.published) {
		zone->serial = signer.serial;
	} else {
		refuse(zone, "its last serial is not known: %s has no %s.backup2; name the signer's "
		       "<WorkingDirectory> by --signer-dir, or the last serial by --serial",
		       run->what->signer_dir, from->name);
	}
}

static void examine(import_run_t *run, candidate_t *zone)
{
	const ods_policy_t *policy = &run->db.policies[zone->from->policy];
	if (zone->name == NULL) {
		refuse(zone, "this is no domain name");
	} else if (zone->from->fault[0] != '\0') {
		refuse(zone, "%s", zone->from->fault);
	} else if (policy->fault[0] != '\0') {
		refuse(zone, "policy %s: %s", policy->name, policy->fault);
	} else if (zone->from->key_count == 0) {
		refuse(zone, "it has no keys; add it to knot.conf as a new one");
	} else {
		look_for_keys(run, zone);
		see_signer(run, zone);
	}
}

/* \return How many zones there are; -1 if out of memory. */
static int pick(import_run_t *run)
{
	char *wanted = run->what->zone != NULL ? zone_name_canonical(run->what->zone) : NULL;
	run->zones = calloc(run->db.zone_count + 1, sizeof(*run->zones));
	run->found = calloc(run->db.pair_count + 1, sizeof(*run->found));
	if (run->zones == NULL || run->found == NULL) {
		free(wanted);
		return -1;
	}
	for (size_t i = 0; i < run->db.zone_count; i++) {
		char *name = zone_name_canonical(run->db.zones[i].name);
		run->zones[i] = (candidate_t){ .from = &run->db.zones[i], .name = name };
		bool meant = run->what->zone == NULL ||
		             (wanted != NULL && name != NULL && strcmp(name, wanted) == 0);
		run->count += meant;
		if (!meant) {
			run->zones[i].from = NULL;
		}
	}
	free(wanted);
	return (int)run->count;
}

/* -- into the engine's database ------------------------------------------ */

/* Whether the database has the zone with keys. \return 1, 0, or -1 if the database failed. */
static int is_ours(import_run_t *run, candidate_t *zone)
{
	kasp_zone_t have = { 0 };
	int found = zone->name != NULL ? db_zone_get(run->desk->db, zone->name, &have) : 0;
	zone->ours = found > 0 && have.core.count > 0;
	kasp_zone_deinit(&have);
	return found < 0 ? -1 : zone->ours;
}

static const policy_t *find_policy(import_run_t *run, candidate_t *zone)
{
	const char *name = run->db.policies[zone->from->policy].name;
	const policy_t *policy = policies_find(&run->desk->policies, name);
	if (policy == NULL) {
		refuse(zone, "kasp.xml has no policy \"%s\"; use the kasp.xml of OpenDNSSEC", name);
	} else if (policy->defect != NULL) {
		refuse(zone, "%s", policy->defect);
	} else {
		return policy;
	}
	return NULL;
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
	const ods_pair_t *pair = &run->db.pairs[index];
	found_t *found = &run->found[index];
	dnssec_binary_t public_key = hsm_key_public(found->key);
	*out = (db_token_key_t){
		.repository = pair->repository,
		.cka_id = hsm_key_id(found->key),
		.algorithm = pair->algorithm,
		.bits = policy_key_bits(pair->algorithm, pair->bits),
		.public_key = public_key.data,
		.public_key_len = public_key.size,
		.backup = to_backup(pair->backup),
	};
	if (db_key_put(db, out, run->now) != 0) {
		return -1;
	}
	found->id = out->id;
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

static int put_zone(import_run_t *run, const candidate_t *from, const policy_t *policy,
                    core_zone_t *core)
{
	db_t *db = run->desk->db;
	kasp_zone_t zone = { 0 };
	if (db_zone_put(db, from->name, policy->name) < 0 ||
	    db_zone_get(db, from->name, &zone) <= 0) {
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
	/* A step would be bogus for who asks a secondary that follows OpenDNSSEC still. */
	const db_freeze_t freeze = { DB_FREEZE_IMPORT, from->name, CORE_NEVER };
	ret = ret == 0 ? db_freeze_put(db, &freeze) : ret;
	kasp_zone_deinit(&zone);
	return ret;
}

/* -- one zone after another ---------------------------------------------- */

static void list_keys(const core_zone_t *zone, size_t past, char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < zone->count && used < size; i++) {
		const core_key_t *key = &zone->keys[i];
		bool waits = key->goal_in && !core_is_settled(key);
		used += (size_t)snprintf(out + used, size - used, "%s%s %u%s", i > 0 ? ", " : "",
		                         keyset_role_name(key->role), key->keytag,
		                         !key->goal_in ? " (going)" : waits ? " (coming)" : "");
	}
	if (past > 0 && used < size) {
		snprintf(out + used, size - used, "; %zu past, left in the token", past);
	}
}

static void report(const import_run_t *run, const candidate_t *zone, import_result_t result,
                   const char *keys)
{
	char serial[12] = "";
	if (result == IMPORT_TAKEN) {
		snprintf(serial, sizeof(serial), "%u", zone->serial);
	}
	import_row_t row = {
		.result = result,
		.zone = zone->name != NULL ? zone->name : zone->from->name,
		.keys = keys,
		.serial = serial,
		.why = result == IMPORT_REFUSED ? zone->why
		       : result == IMPORT_KNOWN ? "the engine has keys for it already"
		                                : "",
	};
	run->what->report(run->what->ctx, &row);
}

static void note(const import_run_t *run, const char *format, ...)
{
	char text[MAP_WHY_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	import_row_t row = { .result = IMPORT_NOTE, .keys = "", .serial = "", .why = text };
	run->what->report(run->what->ctx, &row);
}

/* \return 0, or -1 if the database failed. */
static int take_zone(import_run_t *run, candidate_t *zone)
{
	char keys[512] = "", why[MAP_WHY_MAX] = "";
	core_zone_t core = { .keys = run->core };
	int ours = is_ours(run, zone);
	if (ours != 0) {
		report(run, zone, IMPORT_KNOWN, "");
		return ours < 0 ? -1 : 0;
	}
	const policy_t *policy = zone->why[0] == '\0' ? find_policy(run, zone) : NULL;
	if (policy != NULL && map_zone(&run->db, zone->from, policy, run->now, &core, why) != 0) {
		refuse(zone, "%s", why);
	}
	if (policy == NULL || zone->why[0] != '\0') {
		report(run, zone, IMPORT_REFUSED, "");
		return 0;
	}
	list_keys(&core, zone->from->key_count - core.count, keys, sizeof(keys));
	if (!run->what->plan && put_zone(run, zone, policy, &core) != 0) {
		return -1;
	}
	zone->ours = zone->taken = true;
	report(run, zone, IMPORT_TAKEN, keys);
	return 0;
}

/* -- what zones share ---------------------------------------------------- */

/* Whether OpenDNSSEC has no zone of the policy left. */
static bool is_policy_ours(const import_run_t *run, int64_t policy)
{
	for (size_t i = 0; i < run->db.zone_count; i++) {
		size_t of = run->db.zones[i].policy;
		if (!run->zones[i].ours &&
		    (of >= run->db.policy_count || run->db.policies[of].id == policy)) {
			return false;
		}
	}
	return true;
}

static int put_salts(import_run_t *run)
{
	for (size_t i = 0; i < run->db.policy_count; i++) {
		const ods_policy_t *from = &run->db.policies[i];
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
	for (size_t i = 0; i < run->db.pair_count; i++) {
		db_token_key_t key;
		const ods_pair_t *pair = &run->db.pairs[i];
		if (!pair->unused || run->found[i].key == NULL ||
		    !is_policy_ours(run, pair->policy)) {
			continue;
		}
		if (!run->what->plan && put_pair(run, i, &key) != 0) {
			return -1;
		}
		count++;
	}
	if (count > 0) {
		note(run, "%zu keys that no zone has had yet %s for later use", count,
		     run->what->plan ? "will be kept" : "are kept");
	}
	return 0;
}

/* Counts the zones that OpenDNSSEC still has as users of their key pairs: these must not be removed
 * from the token. */
static int count_users(import_run_t *run)
{
	size_t *elsewhere = calloc(run->db.pair_count + 1, sizeof(*elsewhere));
	if (elsewhere == NULL) {
		return -1;
	}
	for (size_t i = 0; i < run->db.zone_count; i++) {
		const ods_zone_t *zone = &run->db.zones[i];
		for (size_t k = 0; k < zone->key_count && !run->zones[i].ours; k++) {
			elsewhere[zone->keys[k].pair]++;
		}
	}
	int ret = 0;
	for (size_t i = 0; i < run->db.pair_count && ret == 0; i++) {
		if (run->found[i].id != 0) {
			ret = db_key_users(run->desk->db, run->found[i].id, elsewhere[i]);
		}
	}
	free(elsewhere);
	return ret;
}

/* -- all ----------------------------------------------------------------- */

static int see_others(import_run_t *run)
{
	for (size_t i = 0; i < run->db.zone_count; i++) {
		if (run->zones[i].from == NULL && is_ours(run, &run->zones[i]) < 0) {
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
	for (size_t i = 0; i < run->db.zone_count; i++) {
		if (run->zones[i].from != NULL && take_zone(run, &run->zones[i]) != 0) {
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
	for (size_t i = 0; i < run->db.zone_count && ret == 0 && !plan; i++) {
		if (run->zones[i].taken) {
			log_event(LOG_INFO, run->zones[i].name, "taken over from OpenDNSSEC with "
			          "its keys; last serial %u", run->zones[i].serial);
		}
	}
	return ret;
}

/* What takes time: files and tokens. */
static void examine_all(import_run_t *run)
{
	for (size_t i = 0; i < run->db.zone_count; i++) {
		if (run->zones[i].from != NULL) {
			examine(run, &run->zones[i]);
		}
	}
	for (size_t i = 0; i < run->db.pair_count && run->what->zone == NULL; i++) {
		if (run->db.pairs[i].unused) {
			look_for(run, i);
		}
	}
}

static int check_running(import_run_t *run, char *err, size_t err_size)
{
	char who[64];
	if (!ods_is_running(run->what->database, run->what->signer_dir, who, sizeof(who))) {
		return 0;
	}
	if (run->what->plan) {
		note(run, "OpenDNSSEC is running, %s: it has to be stopped before", who);
		return 0;
	}
	snprintf(err, err_size, "OpenDNSSEC is running, %s: stop it, ods-control stop, and see that "
	         "it does not start again; two signers must not have the same zone", who);
	return -1;
}

static int go(import_run_t *run, char *err, size_t err_size)
{
	hsm_error_t why = { 0 };
	if (check_running(run, err, err_size) != 0 ||
	    ods_db_read(run->what->database, &run->db, err, err_size) != 0) {
		return -1;
	}
	int count = pick(run);
	pthread_mutex_lock(&run->desk->lock);
	int ret = hsm_open(&run->hsm, &run->desk->conf.tokens, &why);
	pthread_mutex_unlock(&run->desk->lock);
	if (count < 0 || ret != HSM_EOK) {
		snprintf(err, err_size, "%s", count < 0 ? "out of memory" : why.text);
		return -1;
	}
	if (count == 0) {
		snprintf(err, err_size, "%s has no zone%s%.100s", run->what->database,
		         run->what->zone != NULL ? " " : "",
		         run->what->zone != NULL ? run->what->zone : "");
		return -1;
	}
	examine_all(run);
	pthread_mutex_lock(&run->desk->lock);
	ret = take_locked(run);
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
	for (size_t i = 0; run->zones != NULL && i < run->db.zone_count; i++) {
		free(run->zones[i].name);
	}
	for (size_t i = 0; run->found != NULL && i < run->db.pair_count; i++) {
		hsm_key_free(run->found[i].key);
		free(run->found[i].why);
	}
	free(run->zones);
	free(run->found);
	hsm_close(run->hsm);
	ods_db_deinit(&run->db);
	free(run);
	return ret;
}
