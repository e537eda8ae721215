/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A zone's keys rebuilt from a key set, from what is served, and put into the database. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/recover/judge.h"
#include "policy-engine/recover/remember.h"
#include "policy-engine/signer/compose.h"
#include "policy-engine/zone/memory.h"
#include "tests/unit/check-main.h"

#define NOW 2000000000

static policy_key_t entries[] = {
	{ .role = KEYSET_KSK, .algorithm = 13, .bits = 256, .repository = "one",
	  .roll = POLICY_ROLL_DOUBLE_DS },
	{ .role = KEYSET_ZSK, .algorithm = 13, .bits = 256, .repository = "one",
	  .roll = POLICY_ROLL_PRE_PUBLICATION },
};
static policy_t policy = {
	.name = "default", .resign = 7200, .refresh = 259200, .validity_default = 1209600,
	.validity_denial = 1209600, .keys_ttl = 3600, .max_zone_ttl = 86400, .soa_ttl = 3600,
	.soa_minimum = 3600, .parent_ds_ttl = 7200, .parent_registration = 60,
	.parent_propagation = 40, .key_count = 2,
	.keys = entries,
};

/* -- a zone in the middle of a rollover ---------------------------------- */

static void add_key(kasp_zone_t *zone, keyset_role_t role, uint8_t byte)
{
	char id[8];
	uint8_t *public_key = malloc(64);
	memset(public_key, byte, 64);
	snprintf(id, sizeof(id), "%02x", byte);
	core_key_t core;
	core_key_init(&core, role, 13, (uint16_t)dnskey_tag(role, 13, public_key, 64),
	              POLICY_ROLL_DOUBLE_DS, 1000 + byte);
	core.bits = 256;
	zone_key_t info = { .repository = strdup("one"), .cka_id = strdup(id),
	                    .public_key = public_key, .public_key_len = 64 };
	ck_assert_int_eq(kasp_zone_add_key(zone, &core, &info), 0);
}

static void set(kasp_zone_t *zone, size_t i, keyset_record_t r, core_record_t record)
{
	zone->core.keys[i].record[r] = record;
}

static kasp_zone_t example(void)
{
	kasp_zone_t zone = { .name = strdup("a.test."), .policy = strdup("default"),
	                     .ds = strdup("4711 13 2 00ff"), .ds_seen = 1234, .taken_over = true,
	                     .serial_before = 77 };
	add_key(&zone, KEYSET_KSK, 0x11);
	add_key(&zone, KEYSET_ZSK, 0x22);
	add_key(&zone, KEYSET_KSK, 0x33);
	zone.core.revision = 9;
	zone.core.requests[KEYSET_ZSK] = (core_request_t){ 555, true };
	zone.core.ttls[CORE_TTL_DS] = (core_ttl_t){ 86400, 5000, 3600 };
	zone.core.ttls[CORE_TTL_ZONE] = (core_ttl_t){ 600, 0, 0 };
	zone.core.shown = (core_shown_t){ 100, 200 };
	set(&zone, 0, KEYSET_DS, (core_record_t){ KEYSET_OMNIPRESENT, 10, 0, 0, 20 });
	set(&zone, 0, KEYSET_DNSKEY, (core_record_t){ KEYSET_OMNIPRESENT, 11, 1, 0, 21 });
	set(&zone, 0, KEYSET_RRSIG_DNSKEY, (core_record_t){ KEYSET_OMNIPRESENT, 12, 1, 0, 22 });
	zone.core.keys[0].goal_in = false;
	zone.core.keys[0].dead = true;
	set(&zone, 1, KEYSET_DNSKEY, (core_record_t){ KEYSET_OMNIPRESENT, 13, 1, 0, 23 });
	set(&zone, 1, KEYSET_RRSIG, (core_record_t){ KEYSET_UNRETENTIVE, 14, 8, 3, 24 });
	set(&zone, 2, KEYSET_DS, (core_record_t){ KEYSET_RUMOURED, 15, 0, 9, 0 });
	set(&zone, 2, KEYSET_DNSKEY, (core_record_t){ KEYSET_RUMOURED, 16, 7, 7, 26 });
	set(&zone, 2, KEYSET_RRSIG_DNSKEY, (core_record_t){ KEYSET_RUMOURED, 17, 7, 7, 0 });
	zone.keys[2].done[DB_ERRAND_LOST] = 15;
	/* So that the set is whole. */
	add_key(&zone, KEYSET_ZSK, 0x44);
	set(&zone, 3, KEYSET_DNSKEY, (core_record_t){ KEYSET_OMNIPRESENT, 18, 2, 0, 27 });
	set(&zone, 3, KEYSET_RRSIG, (core_record_t){ KEYSET_OMNIPRESENT, 19, 3, 0, 28 });
	return zone;
}

static char *text_of(kasp_zone_t *zone, uint64_t saved, bool force)
{
	const compose_t with = { .policy = &policy, .saved = saved, .watched = true,
	                         .force = force };
	char *text = NULL;
	ck_assert_int_eq(publish(zone, &with, &text), 0);
	ck_assert_ptr_nonnull(text);
	return text;
}

static keyset_t read_set(const char *text)
{
	keyset_t set = { 0 };
	char err[256];
	ck_assert_msg(keyset_read(text, &set, err, sizeof(err)) == 0, "%s", err);
	return set;
}

static bool same_record(const core_record_t *a, const core_record_t *b)
{
	return a->state == b->state && a->since == b->since && a->revision == b->revision &&
	       a->public_at == b->public_at && a->came == b->came;
}

START_TEST(all_goes_along)
{
	kasp_zone_t zone = example();
	zone.frozen = _i * (NOW + 5);
	char *text = text_of(&zone, 9, false);
	keyset_t set = read_set(text);
	rebuilt_t back;
	bool whole = false;
	char why[REBUILT_WHY_MAX];
	ck_assert_int_eq(remember(&set, &policy, NOW, &back, &whole, why), 0);
	ck_assert(whole);
	ck_assert_int_eq(back.frozen, zone.frozen);
	ck_assert_uint_eq(back.count, 4);
	ck_assert_uint_eq(back.core.revision, 10);
	ck_assert(back.taken_over && back.serial_before == 77 && back.ds_seen == 1234);
	ck_assert_str_eq(back.ds, "4711 13 2 00ff");
	ck_assert_mem_eq(back.core.requests, zone.core.requests, sizeof(zone.core.requests));
	ck_assert_mem_eq(back.core.ttls, zone.core.ttls, sizeof(zone.core.ttls));
	ck_assert_mem_eq(&back.core.shown, &zone.core.shown, sizeof(zone.core.shown));
	for (size_t i = 0; i < 4; i++) {
		const core_key_t *key = &back.keys[i].core, *was = &zone.core.keys[i];
		ck_assert(key->role == was->role && key->keytag == was->keytag &&
		          key->goal_in == was->goal_in && key->roll == was->roll &&
		          key->inception == was->inception && key->dead == was->dead && key->bits == 256 && !key->standby);
		ck_assert_str_eq(back.keys[i].cka_id, zone.keys[i].cka_id);
		ck_assert_int_eq(back.keys[i].done[DB_ERRAND_LOST], i == 2 ? 15 : 0);
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			ck_assert_msg(same_record(&key->record[r], &was->record[r]), "key %zu, "
			              "record %d", i, r);
		}
	}
	/* The engine that learnt it sends nothing new. */
	uint8_t digest[ZONE_DIGEST_LEN];
	ck_assert_int_eq(compose_digest(&set, digest), 0);
	ck_assert_mem_eq(digest, zone.digest, ZONE_DIGEST_LEN);
	free(back.keys);
	keyset_deinit(&set);
	free(text);
	kasp_zone_deinit(&zone);
}
END_TEST

/* Memory and the parent's DS alone make no new key set; they go along with the next. */
START_TEST(no_new_revision)
{
	kasp_zone_t zone = example();
	free(text_of(&zone, 9, false));
	ck_assert_uint_eq(zone.core.revision, 10);
	zone.core.keys[1].record[KEYSET_DNSKEY].public_at = 99;
	zone.core.shown.ttl = 17;
	ck_assert_int_eq(kasp_zone_set_ds(&zone, "", 2345), 0);
	char *text = text_of(&zone, 10, false);
	ck_assert_uint_eq(zone.core.revision, 10);
	ck_assert_ptr_nonnull(strstr(text, "ds \nds-seen 2345\n"));
	free(text);
	text = text_of(&zone, 10, true);
	ck_assert_uint_eq(zone.core.revision, 11);
	free(text);
	/* The module has to hear of a freeze, or of its end: nothing else may change for long. */
	zone.frozen = NOW + 5;
	free(text_of(&zone, 11, false));
	ck_assert_uint_eq(zone.core.revision, 12);
	free(text_of(&zone, 12, false));
	ck_assert_uint_eq(zone.core.revision, 12);
	zone.frozen = 0;
	free(text_of(&zone, 12, false));
	ck_assert_uint_eq(zone.core.revision, 13);
	zone.core.revision = 11;
	/* There is no text of what the module has; what is new has one. */
	const compose_t known = { .policy = &policy, .saved = 11, .watched = true, .known = 11 };
	ck_assert_int_eq(publish(&zone, &known, &text), 0);
	ck_assert_ptr_null(text);
	const compose_t older = { .policy = &policy, .saved = 11, .watched = true, .known = 10 };
	ck_assert_int_eq(publish(&zone, &older, &text), 0);
	ck_assert_ptr_nonnull(text);
	free(text);
	const compose_t unwatched = { .policy = &policy, .saved = 11 };
	ck_assert_int_eq(publish(&zone, &unwatched, &text), 0);
	ck_assert_ptr_nonnull(strstr(text, "ds \nds-seen 0\n"));
	free(text);
	zone.core.keys[0].record[KEYSET_DS].state = KEYSET_UNRETENTIVE;
	free(text_of(&zone, 11, false));
	ck_assert_uint_eq(zone.core.revision, 12);
	kasp_zone_deinit(&zone);
}
END_TEST

/* -- without memory ------------------------------------------------------ */

static void forget(char **memory, const char *text)
{
	char *copy = strdup(text); /* It may be a part of what is freed. */
	free(*memory);
	*memory = copy;
}

/* Each is no memory of a key. */
static const char *const broken[] = {
	"",
	"1",
	"2 key=1,0,3,1017,256,0 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0",
	"1 key=1,0,3,1017,256,0 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0",
	"1 key=1,0,3,1017 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0",
	"1 key=2,0,3,1017,256,0 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0",
	"1 key=1,0,5,1017,256,0 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0",
	"1 key=1,0,3,1017,256,0 ds=10,0,0,20 dnskey=11,99,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0",
	"1 key=1,0,3,1017,256,0 ds=10,0,0,20 dnskey=11,1,99,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0",
	"1 key=1,0,3,-1,256,0 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0",
	"1 key=1,0,3,1017,256,0 ds=10,0,0,20 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0",
	"1 key=1,0,3,99999999999999999999,256,0 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0",
	"1 key=1,0,3,1017,256,0 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0 x=1",
	"1 key=1,0,3,1017,256,0 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0 ",
};
static const char good[] =
	"1 key=1,0,3,1017,256,0 ds=10,0,0,20 dnskey=11,1,0,21 rrsig-dnskey=12,1,0,22 rrsig=1,0,0,0 done=0,0,0";

START_TEST(broken_memory)
{
	core_key_t core;
	int64_t done[ZONE_ERRANDS] = { 0 };
	core_key_init(&core, KEYSET_KSK, 13, 1, POLICY_ROLL_DOUBLE_RRSET, 7);
	const core_key_t before = core;
	ck_assert_msg(!memory_read_key(broken[_i], 9, &core, done), "%s", broken[_i]);
	ck_assert_mem_eq(&core, &before, sizeof(core));
	ck_assert(memory_read_key(good, 9, &core, done));
	/* A decision that no key set carries would never be public. */
	core.record[KEYSET_DNSKEY].state = KEYSET_RUMOURED;
	ck_assert(memory_read_key(good, 9, &core, done));
	ck_assert(!memory_read_key("1 key=1,0,3,1,256,0 ds=1,0,0,2 dnskey=1,0,0,2 rrsig-dnskey=1,1,0,2 "
	                           "rrsig=1,0,0,0 done=0,0,0", 9, &core, done));
}
END_TEST

/* What is not known is not taken for certain. */
START_TEST(no_memory)
{
	kasp_zone_t zone = example();
	char *text = text_of(&zone, 9, false), why[REBUILT_WHY_MAX];
	keyset_t set = read_set(text);
	for (size_t i = 0; i < 4; i++) {
		forget(&set.keys[i].memory, i == 3 ? set.keys[3].memory + 1 : "");
	}
	forget(&set.memory, "");
	rebuilt_t back;
	bool whole = true;
	ck_assert_int_eq(remember(&set, &policy, NOW, &back, &whole, why), 0);
	ck_assert(!whole);
	ck_assert_uint_eq(back.core.ttls[CORE_TTL_DNSKEY].ttl, 3600);
	ck_assert_uint_eq(back.core.ttls[CORE_TTL_ZONE].ttl, 86400);
	ck_assert_uint_eq(back.core.ttls[CORE_TTL_DS].ttl, 7200);
	for (size_t i = 0; i < 4; i++) {
		const core_key_t *key = &back.keys[i].core;
		ck_assert_int_eq(key->inception, NOW);
		ck_assert_uint_eq(key->bits, 256);
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			const core_record_t *record = &key->record[r];
			bool open = record->state == KEYSET_RUMOURED ||
			            record->state == KEYSET_UNRETENTIVE;
			ck_assert_int_eq(record->state, zone.core.keys[i].record[r].state);
			ck_assert_int_eq(record->public_at, 0);
			ck_assert_int_eq(record->since, NOW);
			ck_assert_uint_eq(record->revision, open && r != KEYSET_DS ? 10 : 0);
			ck_assert_uint_eq(record->came, record->state == KEYSET_RUMOURED ? 10 : 0);
		}
	}
	ck_assert(back.keys[0].core.goal_in && !back.keys[1].core.goal_in &&
	          back.keys[2].core.goal_in && back.keys[3].core.goal_in);
	ck_assert_int_eq(back.keys[0].core.roll, POLICY_ROLL_DOUBLE_DS);
	/* Nothing is concluded before the module says what is public. */
	const facts_t facts = { .revision = 9, .revision_since = 5, .pending = 10 };
	back.core.keys = calloc(4, sizeof(core_key_t));
	back.core.count = 4;
	for (size_t i = 0; i < 4; i++) {
		back.core.keys[i] = back.keys[i].core;
	}
	core_observe(&back.core, &facts);
	core_run(&back.core, &policy, &facts, NOW + 10000000, NULL, NULL);
	ck_assert_int_eq(back.core.keys[2].record[KEYSET_DNSKEY].state, KEYSET_RUMOURED);
	ck_assert_int_eq(back.core.keys[0].record[KEYSET_DS].state, KEYSET_OMNIPRESENT);
	free(back.core.keys);
	free(back.keys);
	keyset_deinit(&set);
	free(text);
	kasp_zone_deinit(&zone);
}
END_TEST

START_TEST(standby_without_memory)
{
	kasp_zone_t zone = example();
	set(&zone, 1, KEYSET_RRSIG, (core_record_t){ .state = KEYSET_HIDDEN });
	zone.core.keys[1].standby = true;
	char *text = text_of(&zone, 9, false), why[REBUILT_WHY_MAX];
	keyset_t set = read_set(text);
	forget(&set.keys[1].memory, "");
	rebuilt_t back;
	bool whole = true;
	ck_assert_int_eq(remember(&set, &policy, NOW, &back, &whole, why), 0);
	ck_assert(!whole && back.keys[1].core.standby && !back.keys[3].core.standby);
	free(back.keys);
	/* One that does not fit its role, or its public key. */
	keyset_state_t ds = set.keys[1].state[KEYSET_DS];
	set.keys[1].state[KEYSET_DS] = KEYSET_HIDDEN;
	ck_assert_int_eq(remember(&set, &policy, NOW, &back, &whole, why), -1);
	set.keys[1].state[KEYSET_DS] = ds;
	set.keys[1].public_key[5]++;
	ck_assert_int_eq(remember(&set, &policy, NOW, &back, &whole, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "does not fit its own public key"));
	keyset_deinit(&set);
	free(text);
	kasp_zone_deinit(&zone);
}
END_TEST

/* A ZSK whose pair is gone signs no more, and the KSK does in its place, if all caches have it. */
START_TEST(covered)
{
	kasp_zone_t zone = example();
	zone.core.keys[0].dead = false;
	for (int i = 0; i < 3; i++) { /* It is gone itself, not known everywhere, of another kind. */
		core_key_t *ksk = &zone.core.keys[0];
		const core_key_t before = *ksk;
		ksk->dead = i == 0;
		ksk->record[KEYSET_DNSKEY].state = i == 1 ? KEYSET_RUMOURED : KEYSET_OMNIPRESENT;
		ksk->algorithm = i == 2 ? 14 : 13;
		ck_assert(!core_lose(&zone.core, 3));
		ck_assert(!zone.core.keys[3].dead && zone.core.keys[3].goal_in);
		*ksk = before;
	}
	ck_assert(core_lose(&zone.core, 3));
	ck_assert(!core_lose(&zone.core, 0)); /* It is needed. */
	ck_assert(!zone.core.keys[0].dead);
	ck_assert(core_lose(&zone.core, 2));
	zone.core.keys[2].dead = false;
	char *text = text_of(&zone, 9, false);
	keyset_t set = read_set(text);
	ck_assert(set.keys[0].sign_zone && set.keys[0].sign_dnskey && !set.keys[2].sign_zone);
	ck_assert(!set.keys[3].sign_zone && set.keys[3].publish && set.keys[3].replace);
	keyset_deinit(&set);
	free(text);
	/* The signatures of both are replaced at once when it has left. */
	zone.core.keys[3].record[KEYSET_RRSIG].state = KEYSET_UNRETENTIVE;
	zone.core.keys[1].record[KEYSET_RRSIG].state = KEYSET_OMNIPRESENT;
	text = text_of(&zone, 10, false);
	set = read_set(text);
	ck_assert(!set.keys[0].sign_zone && set.keys[0].replace);
	ck_assert(!set.keys[3].sign_zone && set.keys[3].replace);
	keyset_deinit(&set);
	free(text);
	kasp_zone_deinit(&zone);
}
END_TEST

/* -- into the database --------------------------------------------------- */

static char dir[40], file[80];
static db_t *db;

static void setup(void)
{
	char err[512];
	strcpy(dir, "/tmp/test-recover.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/engine.db", dir);
	ck_assert_msg(db_open(&db, file, err, sizeof(err)) == 0, "%s", err);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(db_zone_put(db, "a.test.", "default"), 1);
	ck_assert_int_eq(db_zone_put(db, "b.test.", "default"), 1);
}

static void teardown(void)
{
	char command[80];
	db_close(db);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static rebuilt_t rebuilt(const kasp_zone_t *zone)
{
	rebuilt_t out = { .ds = zone->ds, .ds_seen = zone->ds_seen, .core = zone->core,
	                  .count = zone->core.count };
	out.keys = calloc(out.count, sizeof(*out.keys));
	for (size_t i = 0; i < out.count; i++) {
		out.keys[i] = (rebuilt_key_t){ .repository = zone->keys[i].repository,
			.cka_id = zone->keys[i].cka_id, .public_key = zone->keys[i].public_key,
			.public_key_len = zone->keys[i].public_key_len, .core = zone->core.keys[i] };
		memcpy(out.keys[i].done, zone->keys[i].done, sizeof(out.keys[i].done));
	}
	return out;
}

static int count_all(void *ctx, const db_token_key_t *key)
{
	(void)key;
	(*(int *)ctx)++;
	return 0;
}

static int pairs_in_database(void)
{
	int count = 0;
	ck_assert_int_eq(db_keys(db, count_all, &count), 0);
	return count;
}

START_TEST(stored)
{
	kasp_zone_t zone = example(), back = { 0 };
	char why[REBUILT_WHY_MAX] = "";
	rebuilt_t from = rebuilt(&zone);
	ck_assert_int_eq(rebuilt_store(db, &policy, "a.test.", &from, NOW, why), 1);
	ck_assert_int_eq(pairs_in_database(), 4);
	ck_assert_int_eq(db_backup_turn(db, "one", DB_BACKUP_NONE, DB_BACKUP_DONE), 4);
	/* Again, without one key: the database forgets its pair, and it is not to be removed. */
	from.count = 3;
	ck_assert_int_eq(rebuilt_store(db, &policy, "a.test.", &from, NOW, why), 1);
	ck_assert_int_eq(pairs_in_database(), 3);
	ck_assert_int_eq(db_backup_turn(db, "one", DB_BACKUP_DONE, DB_BACKUP_NONE), 3);
	int retired = 0;
	ck_assert_int_eq(db_keys_retired(db, count_all, &retired), 0);
	ck_assert_int_eq(retired, 0);
	ck_assert_int_eq(db_zone_get(db, "a.test.", &back), 1);
	ck_assert_uint_eq(back.core.count, 3);
	ck_assert_uint_eq(back.core.revision, 9);
	ck_assert_str_eq(back.ds, "4711 13 2 00ff");
	ck_assert_int_eq(back.ds_seen, 1234);
	ck_assert_int_eq(back.keys[2].done[DB_ERRAND_LOST], 15);
	ck_assert(back.core.requests[KEYSET_ZSK].emergency && !back.core.keys[0].goal_in &&
	          back.core.keys[0].dead && !back.core.keys[2].dead);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		ck_assert(same_record(&back.core.keys[2].record[r], &zone.core.keys[2].record[r]));
	}
	kasp_zone_deinit(&back);
	free(from.keys);
	kasp_zone_deinit(&zone);
}
END_TEST

/* Another zone has another key pair of that CKA_ID: nothing is half done. */
START_TEST(another_pair)
{
	kasp_zone_t zone = example(), back = { 0 };
	char why[REBUILT_WHY_MAX] = "";
	rebuilt_t from = rebuilt(&zone);
	ck_assert_int_eq(rebuilt_store(db, &policy, "a.test.", &from, NOW, why), 1);
	uint8_t other[64];
	memset(other, 0x55, sizeof(other));
	from.keys[2].public_key = other;
	ck_assert_int_eq(rebuilt_store(db, &policy, "b.test.", &from, NOW, why), 0);
	ck_assert_ptr_nonnull(strstr(why, "another one"));
	ck_assert_int_eq(pairs_in_database(), 4);
	ck_assert_int_eq(db_zone_get(db, "b.test.", &back), 1);
	ck_assert_uint_eq(back.core.count, 0);
	ck_assert_uint_eq(back.core.revision, 0);
	kasp_zone_deinit(&back);
	uint64_t revision = 5;
	ck_assert_int_eq(db_zone_revision(db, "c.test.", &revision), 0);
	ck_assert_uint_eq(revision, 5);
	ck_assert_int_eq(db_zone_revision(db, "a.test.", &revision), 1);
	ck_assert_uint_eq(revision, 9);
	ck_assert_int_eq(db_commit(db), 0);
	free(from.keys);
	kasp_zone_deinit(&zone);
}
END_TEST

/* An older copy: what no zone has in it is not given to one; what is shared is never removed. */
START_TEST(older_copy)
{
	kasp_zone_t zone = example();
	char why[REBUILT_WHY_MAX] = "";
	rebuilt_t from = rebuilt(&zone);
	policy.share_keys = true;
	ck_assert_int_eq(rebuilt_store(db, &policy, "a.test.", &from, NOW, why), 1);
	policy.share_keys = false;
	ck_assert_int_eq(db_key_intend(db, "one", "ee", 13, 256, NOW), 0);
	ck_assert_int_eq(db_key_intend(db, "one", "ff", 13, 256, NOW), 0);
	ck_assert_int_eq(db_key_made(db, "one", "ff", (const uint8_t *)"abcd", 4), 0);
	ck_assert_int_eq(db_keys_distrust(db), 2);
	ck_assert_int_eq(pairs_in_database(), 4);
	ck_assert_int_eq(db_keys_unused_count(db, "one", 13, 256), 0);
	kasp_zone_t back = { 0 };
	ck_assert_int_eq(db_zone_get(db, "a.test.", &back), 1);
	ck_assert_int_eq(db_zone_take_key(db, &back, 0), 0);
	int retired = 0;
	ck_assert_int_eq(db_keys_retired(db, count_all, &retired), 0);
	ck_assert_int_eq(retired, 0);
	kasp_zone_deinit(&back);
	free(from.keys);
	kasp_zone_deinit(&zone);
}
END_TEST

/* A copy of a database that is being changed has all that there is at its end, in one file. */
START_TEST(copied)
{
	kasp_zone_t zone = example();
	char why[REBUILT_WHY_MAX] = "", path[100], err[512];
	rebuilt_t from = rebuilt(&zone);
	ck_assert_int_eq(rebuilt_store(db, &policy, "a.test.", &from, NOW, why), 1);
	for (int i = 0; i < 40000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "z%d.test.", i);
		ck_assert_int_eq(db_zone_put(db, name, "default"), 1);
	}
	ck_assert_int_eq(db_commit(db), 0);
	ck_assert(!db_is_free(file));
	snprintf(path, sizeof(path), "%s/copy.db", dir);
	ck_assert(db_is_free(path));
	db_copy_t *copy = db_copy_begin(db, path);
	ck_assert_msg(copy != NULL, "%s", db_error(db));
	ck_assert_int_eq(db_copy_some(copy), 1);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(db_zone_put(db, "a.test.", "other"), 1);
	ck_assert_int_eq(db_commit(db), 0);
	int ret;
	while ((ret = db_copy_some(copy)) > 0) {
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_int_eq(db_copy_end(copy), 0);
	ck_assert_ptr_null(db_copy_begin(db, path));
	ck_assert_ptr_nonnull(strstr(db_error(db), "File exists"));
	/* One that is given up is none. */
	char half[100];
	snprintf(half, sizeof(half), "%s/half.db", dir);
	copy = db_copy_begin(db, half);
	ck_assert_int_eq(db_copy_some(copy), 1);
	ck_assert_int_eq(db_copy_end(copy), -1);

	db_t *back;
	kasp_zone_t read = { 0 };
	ck_assert_msg(db_open(&back, path, err, sizeof(err)) == 0, "%s", err);
	ck_assert_int_eq(db_zone_get(back, "a.test.", &read), 1);
	ck_assert_str_eq(read.policy, "other");
	ck_assert_uint_eq(read.core.count, 4);
	kasp_zone_deinit(&read);
	ck_assert_int_eq(db_zone_get(back, "z39999.test.", &read), 1);
	kasp_zone_deinit(&read);
	db_close(back);
	free(from.keys);
	kasp_zone_deinit(&zone);
}
END_TEST

/* -- from what is served ------------------------------------------------- */

static uint8_t ksk_one[64], ksk_two[64], zsk_one[64], zsk_two[64];
static pair_t pairs[4];
static char said[8000];

static void note(void *ctx, judge_kind_t kind, const char *text)
{
	static const char *const names[JUDGE_KINDS] = { "known", "takes", "refuses", "way out",
	                                                "does" };
	size_t used = strlen(said);
	(void)ctx;
	snprintf(said + used, sizeof(said) - used, "%s: %s\n", names[kind], text);
}

/* A key that knotd serves; its pair is in a token. */
static void serve(evidence_t *e, keyset_role_t role, uint8_t *key, bool signs)
{
	size_t i = e->served.key_count++;
	uint16_t tag = (uint16_t)dnskey_tag(role, 13, key, 64);
	e->served.keys[i] = (dnskey_record_t){ role, 13, tag, key, 64 };
	pairs[i] = (pair_t){ "one", "aa", key, 64 };
	e->pairs[i] = &pairs[i];
	if (signs) {
		e->served.signers[e->served.signer_count].algorithm = 13;
		e->served.signers[e->served.signer_count++].keytag = tag;
	}
}

static evidence_t served(void)
{
	evidence_t e = { .zone = "a.test.", .policy = "default", .database = 2, .live = true,
	                 .pending = 3, .published = 7, .chain = true, .asked = true,
	                 .served = { .there = true, .serial = 1, .dnskey_ttl = 5000,
	                             .expires = NOW + 86400 } };
	memset(ksk_one, 0x11, 64);
	memset(ksk_two, 0x22, 64);
	memset(zsk_one, 0x33, 64);
	memset(zsk_two, 0x44, 64);
	serve(&e, KEYSET_KSK, ksk_one, false);
	serve(&e, KEYSET_ZSK, zsk_one, true);
	return e;
}

static char *ds_of(const uint8_t *key)
{
	static char text[200];
	dnskey_t as_key = { "a.test.", KEYSET_KSK, 13, key, 64 };
	uint8_t rdata[DNSKEY_DS_RDATA_MAX];
	int len = dnskey_ds(&as_key, 2, rdata);
	int used = snprintf(text, sizeof(text), "%u 13 2 ", rdata[0] << 8 | rdata[1]);
	for (int i = 4; i < len; i++) {
		used += snprintf(text + used, sizeof(text) - used, "%02x", rdata[i]);
	}
	return text;
}

static bool judged(const evidence_t *e, rebuilt_t *out)
{
	said[0] = '\0';
	*out = (rebuilt_t){ 0 };
	return judge_zone(e, &policy, NOW, (judge_say_t){ note, NULL }, out);
}

static void says(const char *text)
{
	ck_assert_msg(strstr(said, text) != NULL, "no '%s' in: %s", text, said);
}

START_TEST(comes_back)
{
	evidence_t e = served();
	e.ds = ds_of(ksk_one);
	rebuilt_t zone;
	ck_assert(judged(&e, &zone));
	ck_assert_uint_eq(zone.count, 2);
	ck_assert_uint_eq(zone.core.revision, NOW); /* An older copy may have counted beyond 7. */
	ck_assert_uint_eq(zone.core.ttls[CORE_TTL_DNSKEY].ttl, 5000);
	ck_assert_int_eq(zone.ds_seen, NOW);
	ck_assert_str_eq(zone.ds, e.ds);
	const core_key_t *ksk = &zone.keys[0].core, *zsk = &zone.keys[1].core;
	ck_assert(ksk->role == KEYSET_KSK && ksk->goal_in && zsk->role == KEYSET_ZSK && zsk->goal_in);
	ck_assert_int_eq(ksk->roll, POLICY_ROLL_DOUBLE_DS);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const core_record_t *record = zsk->record[r].state != KEYSET_NA ? &zsk->record[r]
		                                                                : &ksk->record[r];
		ck_assert_int_eq(record->state, KEYSET_RUMOURED);
		ck_assert_int_eq(record->public_at, NOW);
		ck_assert_int_eq(record->since, NOW);
	}
	says("known: the engine's database has key set 2");
	says("its key pair is in repository one, CKA_ID aa; the parent's DS leads to it");
	says("does: ksk ");
	free(zone.keys);

	e.ds = NULL; /* Nobody knows: the DS may be there, and nothing relies on it. */
	strcpy(e.ds_why, "no answer");
	ck_assert(judged(&e, &zone));
	ck_assert_int_eq(zone.keys[0].core.record[KEYSET_DS].state, KEYSET_RUMOURED);
	ck_assert_int_eq(zone.keys[0].core.record[KEYSET_DS].public_at, 0);
	ck_assert_int_eq(zone.ds_seen, 0);
	says("the parent's DS is not known: no answer");
	free(zone.keys);

	e.ds = "";
	ck_assert(judged(&e, &zone));
	ck_assert_int_eq(zone.keys[0].core.record[KEYSET_DS].state, KEYSET_HIDDEN);
	ck_assert(zone.keys[0].core.goal_in);
	free(zone.keys);

	e.published = NOW + 5;
	ck_assert(judged(&e, &zone));
	ck_assert_uint_eq(zone.core.revision, NOW + 6);
	free(zone.keys);
}
END_TEST

/* In the middle of rollovers: who is led to, and who signs, stays. */
START_TEST(rolling)
{
	evidence_t e = served();
	serve(&e, KEYSET_KSK, ksk_two, false);
	serve(&e, KEYSET_ZSK, zsk_two, false);
	e.ds = ds_of(ksk_two);
	rebuilt_t zone;
	ck_assert(judged(&e, &zone));
	ck_assert_uint_eq(zone.count, 4);
	ck_assert(!zone.keys[0].core.goal_in && zone.keys[1].core.goal_in &&
	          zone.keys[2].core.goal_in && !zone.keys[3].core.goal_in);
	ck_assert_int_eq(zone.keys[0].core.record[KEYSET_DS].state, KEYSET_HIDDEN);
	ck_assert_int_eq(zone.keys[2].core.record[KEYSET_DS].state, KEYSET_RUMOURED);
	ck_assert_int_eq(zone.keys[3].core.record[KEYSET_RRSIG].state, KEYSET_UNRETENTIVE);
	ck_assert_int_eq(zone.keys[3].core.record[KEYSET_DNSKEY].state, KEYSET_RUMOURED);
	free(zone.keys);
	/* A KSK that no DS leads to may be missing. */
	e.pairs[0] = NULL;
	ck_assert(judged(&e, &zone));
	ck_assert_uint_eq(zone.count, 3);
	says("leaves: its key pair is in no token");
	free(zone.keys);
	/* But not if nobody knows where the DS leads. */
	e.ds = NULL;
	ck_assert(!judged(&e, &zone));
	says("refuses: the parent's DS may lead to ksk");
	says("way out: what knotd serves is valid until");
	/* Nor a ZSK whose signatures caches may hold. */
	e = served();
	serve(&e, KEYSET_ZSK, zsk_two, false);
	e.ds = "";
	e.pairs[2] = NULL;
	ck_assert(!judged(&e, &zone));
	says("refuses: caches may hold signatures of zsk");
}
END_TEST

START_TEST(refused)
{
	evidence_t e = served();
	rebuilt_t zone;
	e.ds = ds_of(ksk_two);
	ck_assert(!judged(&e, &zone));
	says("refuses: the parent's DS leads to no key");
	says("way out: if there is no backup, have the DS removed at the parent by 2033-05-19T01:31:40Z");
	e.ds = ds_of(ksk_one);
	e.pairs[1] = NULL;
	ck_assert(!judged(&e, &zone));
	says("signs the zone, and its key pair is in no token");
	e = served();
	e.pairs[0] = NULL;
	e.ds = "";
	ck_assert(!judged(&e, &zone));
	says("no ksk or csk");
	e = served();
	e.served.key_count = 1;
	ck_assert(!judged(&e, &zone));
	says("and knotd serves no DNSKEY of it");
	e = served();
	e.served.there = false;
	ck_assert(!judged(&e, &zone));
	says("knotd serves nothing of the zone");
	e = served();
	e.served.strange = true;
	ck_assert(!judged(&e, &zone));
	e = served();
	e.chain = false;
	ck_assert(!judged(&e, &zone));
	says("nothing to do");
	e.learns = true;
	ck_assert(!judged(&e, &zone));
	says("learns the zone from the signer");
	e.unlearnt = true;
	e.ds = "";
	ck_assert(judged(&e, &zone));
	free(zone.keys);
	ck_assert(!judge_zone(&e, NULL, NOW, (judge_say_t){ note, NULL }, &zone));
	says("no usable policy");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recover");
	TCase *tcase = tcase_create("memory");
	tcase_add_loop_test(tcase, all_goes_along, 0, 2);
	tcase_add_test(tcase, no_new_revision);
	tcase_add_loop_test(tcase, broken_memory, 0, sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(tcase, no_memory);
	tcase_add_test(tcase, standby_without_memory);
	tcase_add_test(tcase, covered);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("database");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, stored);
	tcase_add_test(tcase, another_pair);
	tcase_add_test(tcase, older_copy);
	tcase_add_test(tcase, copied);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("judge");
	tcase_add_test(tcase, comes_back);
	tcase_add_test(tcase, rolling);
	tcase_add_test(tcase, refused);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
