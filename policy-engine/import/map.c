/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/map.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy-engine/core/plan.h"


static const char *const record_names[KEYSET_RECORDS] = { "DS", "DNSKEY", "RRSIG DNSKEY", "RRSIG" };

static int refuse(char why[MAP_WHY_MAX], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(why, MAP_WHY_MAX, format, args);
	va_end(args);
	return -1;
}

static bool is_in(keyset_state_t state)
{
	return state == KEYSET_RUMOURED || state == KEYSET_OMNIPRESENT;
}

static bool is_absent(keyset_state_t state)
{
	return state == KEYSET_HIDDEN || state == KEYSET_NA;
}

static bool is_hidden(const ods_key_t *key)
{
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		if (!is_absent(key->record[r].state)) {
			return false;
		}
	}
	return true;
}

bool map_is_past(const ods_key_t *key)
{
	return !key->introducing && key->seen == (1u << KEYSET_RECORDS) - 1 && is_hidden(key);
}

/* Whether all that is left of a key is a DS that the operator did not say to be gone. */
static bool is_leftover(const ods_key_t *key)
{
	return !key->introducing && key->record[KEYSET_DS].state == KEYSET_UNRETENTIVE &&
	       is_absent(key->record[KEYSET_DNSKEY].state) &&
	       is_absent(key->record[KEYSET_RRSIG_DNSKEY].state) &&
	       is_absent(key->record[KEYSET_RRSIG].state);
}

/* -- single keys --------------------------------------------------------- */

static int check_records(const ods_key_t *key, int64_t now, char why[MAP_WHY_MAX])
{
	const char *name = keyset_role_name(key->role);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const ods_record_t *record = &key->record[r];
		bool of_dnskey = r == KEYSET_DS || r == KEYSET_RRSIG_DNSKEY;
		bool none = (key->role == KEYSET_ZSK && of_dnskey) ||
		            (key->role == KEYSET_KSK && r == KEYSET_RRSIG);
		if ((key->seen >> r & 1) == 0 || none != (record->state == KEYSET_NA)) {
			return refuse(why, "%s %u has no state of its %s, or one that it should "
			              "not have; run ods-enforcer enforce", name, key->keytag,
			              record_names[r]);
		}
		if (record->since > now) {
			return refuse(why, "the %s of %s %u changed in the future; set the clock",
			              record_names[r], name, key->keytag);
		}
	}
	return 0;
}

/* At the end of each run the enforcer tells the signer the states of a key. */
static int check_told(const ods_key_t *key, char why[MAP_WHY_MAX])
{
	bool told = key->publish == is_in(key->record[KEYSET_DNSKEY].state) &&
	            key->sign_dnskey == is_in(key->record[KEYSET_RRSIG_DNSKEY].state) &&
	            key->sign_zone == is_in(key->record[KEYSET_RRSIG].state);
	return told ? 0
	            : refuse(why, "the states of %s %u changed and the signer was not told; run "
	                     "ods-enforcer enforce, and wait until it has signed",
	                     keyset_role_name(key->role), key->keytag);
}

/* A signer works with a DNSKEY RRset that has the key, and with caches that may have it. */
static int check_order(const ods_key_t *key, char why[MAP_WHY_MAX])
{
	keyset_state_t dnskey = key->record[KEYSET_DNSKEY].state;
	if (is_in(key->record[KEYSET_RRSIG_DNSKEY].state) && !is_in(dnskey)) {
		return refuse(why, "%s %u signs the DNSKEY RRset and is not in it",
		              keyset_role_name(key->role), key->keytag);
	}
	return 0;
}

/* What is known of the parent has to agree with the DS's state. */
static int check_ds(const ods_key_t *key, char why[MAP_WHY_MAX])
{
	bool agrees = true;
	switch (key->record[KEYSET_DS].state) {
	case KEYSET_NA:
		break;
	case KEYSET_HIDDEN:
		agrees = key->ds == ODS_DS_UNSUBMITTED;
		break;
	case KEYSET_RUMOURED:
		agrees = key->ds == ODS_DS_SUBMIT || key->ds == ODS_DS_SUBMITTED ||
		         key->ds == ODS_DS_SEEN;
		break;
	case KEYSET_OMNIPRESENT:
		agrees = key->ds == ODS_DS_SEEN;
		break;
	case KEYSET_UNRETENTIVE:
		agrees = key->ds == ODS_DS_RETRACT || key->ds == ODS_DS_RETRACTED ||
		         key->ds == ODS_DS_UNSUBMITTED;
		break;
	}
	return agrees ? 0
	              : refuse(why, "whether the parent has the DS of %s %u is not clear from its "
	                       "state; run ods-enforcer enforce, and see ods-enforcer key list -d",
	                       keyset_role_name(key->role), key->keytag);
}

static int check_key(const ods_db_t *db, const ods_key_t *key, int64_t now, char why[MAP_WHY_MAX])
{
	const ods_pair_t *pair = &db->pairs[key->pair];
	if (key->revoked) {
		return refuse(why, "%s %u is revoked (RFC 5011), which is not supported",
		              keyset_role_name(key->role), key->keytag);
	}
	if (pair->algorithm != key->algorithm) {
		return refuse(why, "%s %u has another algorithm than its key pair %s",
		              keyset_role_name(key->role), key->keytag, pair->locator);
	}
	if (check_records(key, now, why) != 0 || check_told(key, why) != 0 ||
	    check_order(key, why) != 0) {
		return -1;
	}
	return check_ds(key, why);
}

/* The enforcer holds back a key until it has a backup; the engine would use the key at once. */
static int check_backup(const ods_db_t *db, const ods_key_t *key, char why[MAP_WHY_MAX])
{
	const ods_pair_t *pair = &db->pairs[key->pair];
	bool lacks = pair->backup == ODS_BACKUP_REQUIRED || pair->backup == ODS_BACKUP_REQUESTED;
	return key->introducing && lacks
	               ? refuse(why, "%s %u has no backup yet; make one, and say ods-enforcer "
	                        "backup prepare and commit", keyset_role_name(key->role),
	                        key->keytag)
	               : 0;
}

/* -- rollovers ----------------------------------------------------------- */

/* Whether two keys can follow one another. */
static bool same_role(const ods_key_t *a, const ods_key_t *b)
{
	return a->algorithm == b->algorithm && a->role == b->role;
}

/* Whether caches may know more of a key than its DS. */
static bool matters(const ods_key_t *key)
{
	return !map_is_past(key) && !is_leftover(key);
}

/* Whether a zone's keys of one algorithm come, or are there, all of them, and those of another one
 * go. */
static bool rolls_algorithm(const ods_zone_t *zone)
{
	int coming = -1, going = -1;
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *key = &zone->keys[i];
		int *algorithm = key->introducing ? &coming : &going;
		if (matters(key) && *algorithm >= 0 && *algorithm != key->algorithm) {
			return false;
		}
		*algorithm = matters(key) ? key->algorithm : *algorithm;
	}
	return coming >= 0 && going >= 0 && coming != going;
}

/* One key comes, or is there, and at most one goes: then what went was known everywhere before. */
static int check_rollover(const ods_zone_t *zone, const ods_key_t *key, char why[MAP_WHY_MAX])
{
	unsigned coming = 0, going = 0;
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *other = &zone->keys[i];
		bool counts = same_role(key, other) && matters(other);
		coming += counts && other->introducing;
		going += counts && !other->introducing;
	}
	const char *name = keyset_role_name(key->role);
	if (coming > 1 || going > 1) {
		return refuse(why, "several rollovers of the %s of algorithm %u are under way at "
		              "once; %s", name, key->algorithm, zone->kind->finish);
	}
	if (going > 0 && coming == 0 && !rolls_algorithm(zone)) {
		return refuse(why, "the %s of algorithm %u goes, and none follows it: a rollover to "
		              "keys of another role, or the zone is to be unsigned; %s", name,
		              key->algorithm, zone->kind->finish);
	}
	return 0;
}

/* Whether all but a key's DS is in one of two states. */
static bool rest_is(const ods_key_t *key, keyset_state_t a, keyset_state_t b)
{
	for (int r = KEYSET_DNSKEY; r < KEYSET_RECORDS; r++) {
		keyset_state_t state = key->record[r].state;
		if (state != KEYSET_NA && state != a && state != b) {
			return false;
		}
	}
	return true;
}

/* Whether all keys that come, or go, are whole: all caches know all but their DS. */
static bool all_whole(const ods_zone_t *zone, bool introducing)
{
	bool whole = true;
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *key = &zone->keys[i];
		whole = whole && (!matters(key) || key->introducing != introducing ||
		                  rest_is(key, KEYSET_OMNIPRESENT, KEYSET_OMNIPRESENT));
	}
	return whole;
}

/* Whether some key that comes, or goes, has its DS so. */
static bool has_ds(const ods_zone_t *zone, bool introducing, bool (*so)(keyset_state_t))
{
	bool has = false;
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *key = &zone->keys[i];
		has = has || (!map_is_past(key) && key->introducing == introducing &&
		              so(key->record[KEYSET_DS].state));
	}
	return has;
}

static bool is_known(keyset_state_t state)
{
	return !is_absent(state);
}

/* OpenDNSSEC brings DNSKEYs and signatures of an algorithm at once, and its DS when all caches
 * have them; DNSKEYs and signatures of the other one go at once, when no cache has a DS of it. */
static int check_algorithms(const ods_zone_t *zone, char why[MAP_WHY_MAX])
{
	const ods_key_t *first = NULL;
	bool several = false, going = false;
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *key = &zone->keys[i];
		first = first == NULL && matters(key) ? key : first;
		several = several || (matters(key) && key->algorithm != first->algorithm);
		going = going || (matters(key) && !key->introducing);
	}
	if (!several || !going) {
		return 0;
	}
	if (!rolls_algorithm(zone)) {
		return refuse(why, "keys of several algorithms are there, and some of them are going"
		              "; %s", zone->kind->finish);
	}
	const bool ds_comes = has_ds(zone, true, is_in), ds_left = has_ds(zone, false, is_known);
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *key = &zone->keys[i];
		const keyset_state_t ds = key->record[KEYSET_DS].state;
		const bool good = key->introducing
			? rest_is(key, KEYSET_RUMOURED, KEYSET_OMNIPRESENT) &&
			  (!is_in(ds) || all_whole(zone, true)) && ds != KEYSET_UNRETENTIVE
			: (ds_comes || ds == KEYSET_OMNIPRESENT || ds == KEYSET_NA) &&
			  (all_whole(zone, false) ||
			   (!ds_left && rest_is(key, KEYSET_UNRETENTIVE, KEYSET_HIDDEN)));
		if (matters(key) && !good) {
			return refuse(why, "a rollover of the algorithm is under way, and %s %u is in a state "
			              "that it should not have; %s", keyset_role_name(key->role),
			              key->keytag, zone->kind->finish);
		}
	}
	return 0;
}

/* OpenDNSSEC's signer makes no second signature beside one of a key that is still published. Where
 * the rollover type counts on two, nobody knows what signatures caches have. Of others it may be that
 * either key's are in caches: the module signs by both, and goes on from there. */
static int check_signatures(const ods_zone_t *zone, const ods_key_t *coming, char why[MAP_WHY_MAX])
{
	const bool certain = zone->kind->has_policies;
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_key_t *going = &zone->keys[i];
		if (going->introducing || !matters(going) ||
		    going->role == KEYSET_KSK || !same_role(coming, going)) {
			continue;
		}
		if ((coming->minimize & ODS_FEW_RRSIGS) == 0) {
			return refuse(why, "a rollover of the %s is under way, of a type in which "
			              "OpenDNSSEC does not sign twice as it should; %s",
			              keyset_role_name(going->role), zone->kind->finish);
		}
		keyset_state_t old = going->record[KEYSET_RRSIG].state;
		keyset_state_t new = coming->record[KEYSET_RRSIG].state;
		bool before = (old == KEYSET_OMNIPRESENT || (!certain && is_in(old))) &&
		              new == KEYSET_HIDDEN;
		bool during = (old == KEYSET_UNRETENTIVE || (!certain && is_in(old))) && is_in(new);
		bool after = old == KEYSET_HIDDEN && (new == KEYSET_OMNIPRESENT || (!certain && is_in(new)));
		if (!before && !during && !after) {
			return refuse(why, "the rollover from %s %u to %u is in a state that it "
			              "should not have; %s", keyset_role_name(going->role),
			              going->keytag, coming->keytag, zone->kind->finish);
		}
	}
	return 0;
}

/* Whether the zone is signed, whole, and each DS leads somewhere, as far as states can say. */
static int check_whole(const ods_zone_t *zone, char why[MAP_WHY_MAX])
{
	bool dnskey = false, rest = false, ds = false, leaving = false;
	for (size_t i = 0; i < zone->key_count; i++) {
		const ods_record_t *record = zone->keys[i].record;
		bool published = is_in(record[KEYSET_DNSKEY].state);
		dnskey = dnskey || (published && is_in(record[KEYSET_RRSIG_DNSKEY].state));
		rest = rest || (published && is_in(record[KEYSET_RRSIG].state));
		ds = ds || is_in(record[KEYSET_DS].state);
		for (int r = KEYSET_DNSKEY; r < KEYSET_RECORDS; r++) {
			leaving = leaving || record[r].state == KEYSET_UNRETENTIVE;
		}
	}
	if (!dnskey || !rest) {
		return refuse(why, "no key that is published signs %s; such a zone is added to "
		              "knot.conf as a new one",
		              !dnskey ? "the DNSKEY RRset" : "the zone");
	}
	/* Without a DS to be kept valid OpenDNSSEC withdraws what not all have seen. */
	if (!ds && leaving) {
		return refuse(why, "keys are being withdrawn, and no DS is at the parent; %s",
		              zone->kind->finish);
	}
	return 0;
}

/* -- states -------------------------------------------------------------- */

static policy_roll_t roll_of(const ods_key_t *key)
{
	switch (key->minimize & (ODS_FEW_RRSIGS | ODS_FEW_DNSKEYS | ODS_FEW_DSS)) {
	case 0:
		return key->role == KEYSET_ZSK ? POLICY_ROLL_DOUBLE_SIGNATURE
		                               : POLICY_ROLL_DOUBLE_RRSET;
	case ODS_FEW_RRSIGS:
		return key->role == KEYSET_CSK ? POLICY_ROLL_SINGLE_SIGNATURE
		                               : POLICY_ROLL_PRE_PUBLICATION;
	case ODS_FEW_DNSKEYS:
		return key->role == KEYSET_ZSK ? POLICY_ROLL_DOUBLE_RRSET : POLICY_ROLL_DOUBLE_DS;
	case ODS_FEW_DSS:
		return POLICY_ROLL_DOUBLE_SIGNATURE;
	default:
		return POLICY_ROLL_PRE_PUBLICATION;
	}
}

/* Changes of one moment were in one version of the zone, which is numbered by earlier moments. */
static uint64_t revision_of(const ods_zone_t *zone, int64_t since)
{
	uint64_t revision = 1;
	for (size_t i = 0; i < zone->key_count; i++) {
		for (int r = KEYSET_DNSKEY; r < KEYSET_RECORDS; r++) {
			const ods_record_t *record = &zone->keys[i].record[r];
			if (!keyset_state_is_open(record->state) || record->since >= since) {
				continue;
			}
			bool first = true; /* Of the changes of its moment. */
			for (size_t k = 0; k <= i && first; k++) {
				int end = k < i ? KEYSET_RECORDS : r;
				for (int q = KEYSET_DNSKEY; q < end && first; q++) {
					const ods_record_t *other = &zone->keys[k].record[q];
					first = !keyset_state_is_open(other->state) ||
					        other->since != record->since;
				}
			}
			revision += first;
		}
	}
	return revision;
}

static core_record_t map_record(const ods_zone_t *zone, const ods_key_t *key, keyset_record_t r)
{
	const ods_record_t *from = &key->record[r];
	core_record_t to = { .state = from->state, .since = from->since };
	if (!keyset_state_is_open(from->state)) {
		return to;
	}
	if (r == KEYSET_DS) {
		bool done = from->state == KEYSET_RUMOURED ? key->ds == ODS_DS_SEEN
		                                           : key->ds == ODS_DS_UNSUBMITTED;
		to.public_at = done ? from->since : 0; /* Since then the change is known. */
		to.came = from->state == KEYSET_RUMOURED;
		return to;
	}
	to.revision = revision_of(zone, from->since);
	to.came = from->state == KEYSET_RUMOURED ? to.revision : 0;
	return to;
}

static void map_key(const ods_db_t *db, const ods_zone_t *zone, const ods_key_t *from,
                    core_key_t *to)
{
	const ods_pair_t *pair = &db->pairs[from->pair];
	*to = (core_key_t){
		.role = from->role,
		.algorithm = from->algorithm,
		.keytag = from->keytag,
		.bits = policy_key_bits(from->algorithm, pair->bits),
		.repository = pair->repository,
		.inception = from->inception,
		.goal_in = from->introducing,
		.roll = roll_of(from),
	};
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		to->record[r] = map_record(zone, from, r);
	}
}

/* The TTLs that caches may hold: those of OpenDNSSEC's policy now, older ones, and those of the records. */
static void map_ttls(const ods_db_t *db, const ods_zone_t *from, int64_t now, core_zone_t *to)
{
	const ods_policy_t *policy = &db->policies[from->policy];
	const uint32_t ttls[CORE_TTLS] = {
		[CORE_TTL_DS] = policy->ds_ttl,
		[CORE_TTL_DNSKEY] = policy->dnskey_ttl,
		[CORE_TTL_ZONE] = policy->zone_ttl,
	};
	for (int kind = 0; kind < CORE_TTLS; kind++) {
		int64_t ttl = ttls[kind];
		int64_t left = from->ttl_end[kind] - now;
		ttl = left > ttl ? left : ttl;
		to->ttls[kind] = (core_ttl_t){ .ttl = (uint32_t)(ttl < INT32_MAX ? ttl : INT32_MAX) };
	}
	for (size_t i = 0; i < from->key_count; i++) {
		static const core_ttl_kind_t kinds[KEYSET_RECORDS] = {
			CORE_TTL_DS, CORE_TTL_DNSKEY, CORE_TTL_DNSKEY, CORE_TTL_ZONE,
		};
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			const ods_record_t *record = &from->keys[i].record[r];
			core_ttl_t *ttl = &to->ttls[kinds[r]];
			if (keyset_state_is_open(record->state) && record->ttl > ttl->ttl) {
				ttl->ttl = record->ttl;
			}
		}
	}
}

static int check_entry(const ods_zone_t *zone, const policy_t *policy, const core_key_t *key,
                       char why[MAP_WHY_MAX])
{
	return !key->goal_in || plan_entry(policy, key) != NULL
	               ? 0
	               : refuse(why, "policy %s of kasp.xml has no %s of algorithm %u, %u bits, in "
	                        "repository %s, and would replace %s %u at once; %s", policy->name,
	                        keyset_role_name(key->role), key->algorithm, key->bits,
	                        key->repository, keyset_role_name(key->role), key->keytag,
	                        zone->kind->keep);
}

/* Whether kasp.xml wants what the signer does: nothing is to be changed by the move itself. */
static int check_policy(const ods_db_t *db, const ods_zone_t *from, const policy_t *policy,
                        const core_zone_t *zone, char why[MAP_WHY_MAX])
{
	const bool nsec3 = db->policies[from->policy].nsec3;
	if (from->kind->has_policies && nsec3 != policy->nsec3) {
		return refuse(why, "policy %s of kasp.xml has %s, and %s signs with %s; %s", policy->name,
		              policy->nsec3 ? "NSEC3" : "NSEC", from->kind->name,
		              nsec3 ? "NSEC3" : "NSEC", from->kind->keep);
	}
	for (size_t i = 0; i < policy->key_count && !policy->passthrough; i++) {
		const policy_key_t *entry = &policy->keys[i];
		bool has = false;
		for (size_t k = 0; k < zone->count && !has; k++) {
			has = zone->keys[k].goal_in && plan_entry(policy, &zone->keys[k]) == entry;
		}
		if (!has) {
			return refuse(why, "policy %s of kasp.xml wants a %s of algorithm %u, %u bits, "
			              "in repository %s, which the zone does not have; %s", policy->name,
			              keyset_role_name(entry->role), entry->algorithm, entry->bits,
			              entry->repository, from->kind->keep);
		}
	}
	return 0;
}

int map_zone(const ods_db_t *db, const ods_zone_t *from, const policy_t *policy, int64_t now,
             core_zone_t *to, char why[MAP_WHY_MAX])
{
	if (from->unwritten) {
		return refuse(why, "OpenDNSSEC's signer was not told the last changes; run "
		              "ods-enforcer signconf, and wait until it has signed");
	}
	for (size_t i = 0; i < from->key_count; i++) {
		if (!map_is_past(&from->keys[i]) && check_key(db, &from->keys[i], now, why) != 0) {
			return -1;
		}
	}
	if (check_algorithms(from, why) != 0 || check_whole(from, why) != 0) {
		return -1;
	}
	to->count = 0;
	to->revision = 0;
	for (size_t i = 0; i < from->key_count; i++) {
		const ods_key_t *key = &from->keys[i];
		if (map_is_past(key)) {
			continue;
		}
		if (to->count == CORE_KEYS_MAX) {
			return refuse(why, "it has more than %d keys that caches may know; %s",
			              CORE_KEYS_MAX, from->kind->finish);
		}
		core_key_t *core = &to->keys[to->count++];
		if (check_backup(db, key, why) != 0 || check_rollover(from, key, why) != 0 ||
		    (key->introducing && check_signatures(from, key, why) != 0)) {
			return -1;
		}
		map_key(db, from, key, core);
		if (check_entry(from, policy, core, why) != 0) {
			return -1;
		}
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			uint64_t revision = core->record[r].revision;
			to->revision = revision > to->revision ? revision : to->revision;
		}
	}
	if (check_policy(db, from, policy, to, why) != 0) {
		return -1;
	}
	for (int role = 0; role < 3; role++) {
		to->requests[role] = (core_request_t){ .at = from->roll[role] ? now : 0 };
	}
	map_ttls(db, from, now, to);
	return 0;
}

/* -- the signer ---------------------------------------------------------- */

static bool signs_as(const ods_key_t *key, const ods_signer_key_t *signer)
{
	return key->publish == signer->publish && key->sign_dnskey == signer->sign_dnskey &&
	       key->sign_zone == signer->sign_zone;
}

static bool has_part(bool publish, bool sign_dnskey, bool sign_zone)
{
	return publish || sign_dnskey || sign_zone;
}

static const ods_signer_key_t *find_signer_key(const ods_signer_t *signer, const char *locator)
{
	for (size_t i = 0; i < signer->key_count; i++) {
		if (strcasecmp(signer->keys[i].locator, locator) == 0) {
			return &signer->keys[i];
		}
	}
	return NULL;
}

int map_check_signer(const ods_db_t *db, const ods_zone_t *from, const ods_signer_t *signer,
                     char why[MAP_WHY_MAX])
{
	static const ods_signer_key_t none = { 0 };
	size_t matched = 0, active = 0;
	for (size_t i = 0; i < from->key_count; i++) {
		const ods_key_t *key = &from->keys[i];
		const ods_signer_key_t *seen = find_signer_key(signer, db->pairs[key->pair].locator);
		if (!signs_as(key, seen != NULL ? seen : &none)) {
			return refuse(why, "OpenDNSSEC's signer last signed with other keys than its "
			              "enforcer believes, see %s %u; have it sign, and wait until "
			              "all caches know that: longer than the largest TTL",
			              keyset_role_name(key->role), key->keytag);
		}
		matched += has_part(key->publish, key->sign_dnskey, key->sign_zone);
	}
	for (size_t i = 0; i < signer->key_count; i++) {
		const ods_signer_key_t *key = &signer->keys[i];
		active += has_part(key->publish, key->sign_dnskey, key->sign_zone);
	}
	return active == matched ? 0
	                         : refuse(why, "OpenDNSSEC's signer last signed with a key that its "
	                                  "enforcer does not know; have it sign, and wait until "
	                                  "all caches know that: longer than the largest TTL");
}
