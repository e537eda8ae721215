/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Requests, responses, and the way from bundle to bundle, with a database and real signatures. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libdnssec/error.h>
#include <libknot/descriptor.h>

#include "keyset/bundle.h"
#include "policy-engine/base/event.h"
#include "policy-engine/ceremony/check.h"
#include "policy-engine/ceremony/ksr.h"
#include "policy-engine/core/plan.h"
#include "policy-engine/engine/bundle.h"
#include "policy-engine/engine/look.h"
#include "policy-engine/zone/offer.h"
#include "tests/unit/ceremony-room.h"
#include "tests/unit/check-main.h"

#define DAY 86400
#define BEGIN INT64_C(1800000000)

static policy_key_t entries[] = {
	{ .role = KEYSET_KSK, .algorithm = 13, .bits = 256, .repository = "",
	  .roll = POLICY_ROLL_DOUBLE_SIGNATURE },
	{ .role = KEYSET_ZSK, .algorithm = 13, .bits = 256, .repository = "one", .lifetime = 30 * DAY,
	  .roll = POLICY_ROLL_PRE_PUBLICATION },
};
static const policy_t policy = {
	.name = "offline", .resign = 7200, .refresh = 3 * DAY, .validity_default = 14 * DAY,
	.validity_denial = 14 * DAY, .jitter = 3600, .inception_offset = 3600,
	.max_zone_ttl = DAY, .keys_ttl = ROOM_TTL, .publish_safety = 3600, .retire_safety = 3600,
	.zone_propagation = 600, .soa_ttl = 3600, .soa_minimum = 3600, .parent_ds_ttl = DAY,
	.parent_propagation = 3600, .parent_soa_ttl = 3600, .parent_soa_minimum = 3600,
	.keys = entries, .key_count = 2,
};

static dnssec_key_t *ksk, *ksk2, *zsk, *zsk2, *other;
static char dir[40];
static parts_t parts;
static desk_t *const desk = &parts.desk;
static kasp_zone_t zone;
static facts_t facts;
static int64_t now;

static void give(dnssec_key_t *key, keyset_role_t role, const char *id)
{
	dnssec_binary_t public = { 0 };
	core_key_t core;
	ck_assert_int_eq(dnssec_key_get_pubkey(key, &public), DNSSEC_EOK);
	db_token_key_t pair = {
		.repository = role == KEYSET_KSK ? "" : entries[1].repository, .cka_id = id, .algorithm = 13,
		.bits = 256, .public_key = public.data, .public_key_len = public.size,
	};
	ck_assert_int_eq(db_key_put(desk->db, &pair, now), 0);
	core_key_init(&core, role, 13, dnssec_key_get_keytag(key),
	              role == KEYSET_KSK ? POLICY_ROLL_DOUBLE_SIGNATURE
	                                 : POLICY_ROLL_PRE_PUBLICATION, now);
	core.standby = true;
	ck_assert_int_eq(db_zone_give_key(desk->db, &zone, &pair, &core), 0);
}

static void wake(void *ctx)
{
	(void)ctx;
}

static void set_up(void)
{
	char path[60], err[256] = "";
	strcpy(dir, "/tmp/test-ceremony.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/db", dir);
	desk_init(desk, wake, NULL);
	ck_assert_msg(db_open(&desk->db, path, err, sizeof(err)) == 0, "%s", err);
	now = BEGIN;
	ck_assert_int_eq(db_begin(desk->db), 0);
	ck_assert_int_ge(db_zone_put(desk->db, ROOM_ZONE, "offline"), 0);
	ck_assert_int_eq(db_zone_get(desk->db, ROOM_ZONE, &zone), 1);
	ksk = room_key(true);
	ksk2 = room_key(true);
	zsk = room_key(false);
	zsk2 = room_key(false);
	other = room_key(false);
	give(zsk, KEYSET_ZSK, "01");
	give(zsk2, KEYSET_ZSK, "02");
	give(ksk, KEYSET_KSK, "03");
	facts = (facts_t){ .policy = "offline" };
}

static void tear_down(void)
{
	char command[80];
	dnssec_key_t *const keys[] = { ksk, ksk2, zsk, zsk2, other };
	for (size_t i = 0; i < 5; i++) {
		dnssec_key_free(keys[i]);
	}
	kasp_zone_deinit(&zone);
	db_rollback(desk->db);
	facts = (facts_t){ 0 };
	desk_deinit(desk);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* A bundle with one KSK that signs, and some ZSKs, for two weeks. */
static char *bundle_of(int64_t at, dnssec_key_t *first, dnssec_key_t *second)
{
	return room_sign(&(room_bundle_t){ .keys = { ksk, first, second }, .by = { ksk },
	                                   .from = at - 3600, .until = at + 14 * DAY });
}

/* -- responses ----------------------------------------------------------- */

static skr_t skr;

static void add(int64_t at, char *text)
{
	skr.bundles = realloc(skr.bundles, (skr.count + 1) * sizeof(*skr.bundles));
	if (skr.count > 0) {
		skr.bundles[skr.count - 1].until = at;
	}
	skr.bundles[skr.count] = (skr_bundle_t){ at, at, 10 * (unsigned)skr.count + 1, text };
	skr.count++;
}

/* \param message  "" = the response is good. */
static void check(int64_t covered, const char *message)
{
	char err[400] = "";
	const skr_rules_t rules = { &zone, &policy, now, { covered != 0 ? now - 3600 : 0, covered } };
	const int ret = skr_check(&skr, &rules, err, sizeof(err));
	ck_assert_msg(ret == (message[0] != '\0' ? -1 : 0) && strstr(err, message) != NULL,
	              "\"%s\", not \"%s\"", err, message);
	skr_deinit(&skr);
}

START_TEST(test_response)
{
	add(now, bundle_of(now, zsk, NULL));
	add(now + 10 * DAY, bundle_of(now + 10 * DAY, zsk, zsk2));
	add(now + 20 * DAY, bundle_of(now + 20 * DAY, zsk2, NULL));
	check(0, "");
	/* The next one is too late for this one. */
	add(now, bundle_of(now, zsk, NULL));
	add(now + 14 * DAY - 4000, bundle_of(now + 14 * DAY - 4000, zsk, NULL));
	check(0, "line 1, the bundle of 2027-01-15T08:00:00Z: its signatures are good until "
	      "2027-01-29T08:00:00Z; the next bundle begins");
	add(now, bundle_of(now, zsk, NULL));
	add(now + 14 * DAY - 4200, bundle_of(now + 14 * DAY - 4200, zsk, NULL));
	check(0, "");
	add(now - 20 * DAY, bundle_of(now - 20 * DAY, zsk, NULL));
	check(0, "have expired");
	add(now - 7200, bundle_of(now, zsk, NULL));
	check(0, "good from");
	/* Whoever has an older copy of the database has bundles that begin earlier than what is published. */
	add(now, bundle_of(now, zsk, NULL));
	add(now + 60, bundle_of(now - 1, zsk, NULL));
	check(0, "line 11, the bundle of 2027-01-15T08:01:00Z: its signatures begin at "
	      "2027-01-15T06:59:59Z, those of the bundle before it at 2027-01-15T07:00:00Z");
	add(now, bundle_of(now - 1, zsk, NULL));
	check(now + DAY, "line 1, the bundle of 2027-01-15T08:00:00Z: its signatures begin at");
	/* The second one has a ZSK that nobody has asked for; none; another algorithm than the policy. */
	add(now, bundle_of(now, zsk, NULL));
	add(now + DAY, bundle_of(now + DAY, zsk, other));
	check(0, "line 11, the bundle of 2027-01-16T08:00:00Z: ZSK");
	add(now, bundle_of(now, NULL, NULL));
	check(0, "it has no ZSK");
	add(now, room_sign(&(room_bundle_t){ .keys = { ksk, zsk }, .by = { ksk }, .ttl = 60,
	                                     .from = now, .until = now + DAY }));
	check(0, "has a TTL of 60 s, kasp.xml says 3600 s");
	add(now, room_sign(&(room_bundle_t){ .keys = { ksk, zsk }, .by = { zsk }, .from = now,
	                                     .until = now + DAY }));
	check(0, "an RRSIG of a ZSK over DNSKEY");
	add(now, room_sign(&(room_bundle_t){ .keys = { ksk, zsk }, .by = { ksk, zsk }, .cds = ksk,
	                                     .from = now, .until = now + DAY }));
	check(0, "an RRSIG of a ZSK over DNSKEY");
	entries[0].algorithm = 8;
	add(now, bundle_of(now, zsk, NULL));
	check(0, "the policy has 8");
	entries[0].algorithm = 13;
	/* It begins when what the zone has, has ended. */
	add(now + DAY, bundle_of(now + DAY, zsk, NULL));
	check(now + DAY + 4199, "the first bundle has to begin earlier");
	add(now + DAY, bundle_of(now + DAY, zsk, NULL));
	check(now + DAY + 4200, "");
}
END_TEST

/* A bundle may have to last longer than it is asked to: the one without a ZSK may come late. */
START_TEST(test_advice)
{
	char text[400];
	const skr_rules_t rules = { &zone, &policy, now, { 0, 0 } };
	for (int i = 0; i < 2; i++) {
		const int64_t next = now + 11 * DAY + i; /* 14 days less <Refresh>. */
		add(now, bundle_of(now, zsk, NULL));
		add(next, bundle_of(next, zsk, zsk2));
		add(next + 11 * DAY + i, bundle_of(next + 11 * DAY + i, zsk2, NULL));
		skr_advise(&skr, &rules, text, sizeof(text));
		ck_assert_msg(i == 0 ? text[0] == '\0'
		                     : strstr(text, "the bundle of 2027-01-26T08:00:01Z is good for ") == text &&
		                       strstr(text, "rrsig-refresh: 259200s") != NULL, "\"%s\"", text);
		skr_deinit(&skr);
	}
}
END_TEST

#define MADE_MAX 2000 /* Of which two have the same of 65536 tags, but for one time in 10^13. */

/* Makes KSKs until two have the same tag: those are the last one, and the one that is told. */
static size_t make_twins(dnssec_key_t **made, size_t *count)
{
	for (*count = 0; *count < MADE_MAX; (*count)++) {
		made[*count] = room_key(true);
		for (size_t i = 0; i < *count; i++) {
			if (dnssec_key_get_keytag(made[i]) == dnssec_key_get_keytag(made[*count])) {
				return i;
			}
		}
	}
	ck_abort_msg("no keys with the same tag");
}

/* Two KSKs that are new, in one bundle, or in one after the other, with the same tag. */
START_TEST(test_twins)
{
	dnssec_key_t *made[MADE_MAX];
	size_t last;
	const size_t first = make_twins(made, &last);
	for (int i = 0; i < 2; i++) {
		const room_bundle_t both = { .keys = { ksk, zsk, made[last], made[first] }, .by = { ksk },
		                             .from = now, .until = now + DAY };
		room_bundle_t one = both, next = both;
		one.keys[3] = NULL;
		next.keys[2] = i == 0 ? made[last] : made[first];
		next.keys[3] = NULL;
		next.until = now + DAY + 3600;
		add(now, room_sign(&both));
		check(0, "has the key tag of another key");
		add(now, room_sign(&one));
		add(now + 3600, room_sign(&next));
		check(0, i == 0 ? "" : "has the key tag of another key");
	}
	for (size_t i = 0; i <= last; i++) {
		dnssec_key_free(made[i]);
	}
}
END_TEST

/* What would not fit into a key set is refused. */
START_TEST(test_large)
{
	for (unsigned i = 0; i <= 30; i++) {
		if (i % 15 == 0) {
			add(now, bundle_of(now, zsk, NULL));
			check(0, i < 30 ? "" : "with 32 keys it is too large for the signer");
		}
		/* A key that caches know, and no bundle has. */
		char id[8];
		dnssec_key_t *key = room_key(false);
		snprintf(id, sizeof(id), "a%u", i);
		give(key, KEYSET_ZSK, id);
		zone.core.keys[zone.core.count - 1].record[KEYSET_DNSKEY].state = KEYSET_UNRETENTIVE;
		dnssec_key_free(key);
	}
}
END_TEST

/* The KSK that has the DS goes when the DS of the next one can be alone. */
START_TEST(test_chain)
{
	core_key_t *key = &zone.core.keys[2];
	for (int r = 0; r < KEYSET_RECORDS - 1; r++) {
		key->record[r] = (core_record_t){ .state = KEYSET_OMNIPRESENT, .since = now - 100 * DAY };
	}
	const int64_t wait = ROOM_TTL + 600 + 3600 + 3600 + DAY;
	for (int i = 0; i < 2; i++) {
		const int64_t next = now + DAY, last = next + wait - i;
		add(now, bundle_of(now, zsk, NULL));
		add(next, room_sign(&(room_bundle_t){ .keys = { ksk, ksk2, zsk }, .by = { ksk, ksk2 },
		                                      .from = next, .until = next + 14 * DAY }));
		add(last, room_sign(&(room_bundle_t){ .keys = { ksk2, zsk }, .by = { ksk2 },
		                                      .from = last, .until = last + 14 * DAY }));
		check(0, i == 0 ? "" : "line 21, the bundle of 2027-01-17T11:09:59Z: KSK");
	}
	/* The zone does not have it yet, but will by then; or it has, and the DS is yet to come. */
	for (int i = 0; i < 2; i++) {
		for (int r = 0; r < KEYSET_RECORDS - 1; r++) {
			key->record[r].state = i == 1 && r != KEYSET_DS ? KEYSET_RUMOURED : KEYSET_HIDDEN;
		}
		add(now, bundle_of(now, zsk, NULL));
		add(now + 2 * DAY, room_sign(&(room_bundle_t){ .keys = { ksk2, zsk }, .by = { ksk2 },
		                                               .from = now, .until = now + 14 * DAY }));
		check(0, "line 11, the bundle of 2027-01-17T08:00:00Z: KSK");
	}
	key->record[KEYSET_DS].state = KEYSET_OMNIPRESENT;
	/* The other one has signed for long, but is on its way out: it gets no DS any more. */
	give(ksk2, KEYSET_KSK, "04");
	for (int i = 0; i < 2; i++) {
		core_key_t *second = &zone.core.keys[3];
		second->goal_in = i == 0;
		second->record[KEYSET_DNSKEY].state = second->record[KEYSET_RRSIG_DNSKEY].state =
			KEYSET_OMNIPRESENT;
		second->record[KEYSET_RRSIG_DNSKEY].since = now - 100 * DAY;
		add(now, room_sign(&(room_bundle_t){ .keys = { ksk2, zsk }, .by = { ksk2 },
		                                     .from = now, .until = now + 14 * DAY }));
		check(0, i == 0 ? "" : "no other KSK that can get it has signed for ");
	}
	zone.core.keys[3] = (core_key_t){ .role = KEYSET_ZSK };
	/* It is published, and does not sign. */
	add(now, room_sign(&(room_bundle_t){ .keys = { ksk, ksk2, zsk }, .by = { ksk2 }, .from = now,
	                                     .until = now + 14 * DAY }));
	check(0, "which may have the DS, does not sign it");
}
END_TEST

/* -- requests ------------------------------------------------------------ */

static unsigned count(const char *text, const char *what)
{
	unsigned found = 0;
	for (const char *at = text; (at = strstr(at, what)) != NULL; at++) {
		found++;
	}
	return found;
}

START_TEST(test_request)
{
	char *text = NULL;
	unsigned needed = 0;
	ksr_t ksr = { .zone = &zone, .policy = &policy, .facts = &facts, .now = now, .from = now,
	              .until = now + 29 * DAY };
	zone.core.offline = true;
	ck_assert_int_eq(ksr_make(&ksr, &text, &needed), 0);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(needed, 1);
	ck_assert_uint_eq(count(text, ";; KeySigningRequest 1.0 18"), 2);
	ck_assert_uint_eq(count(text, "a.test. 3600 IN DNSKEY 256 3 13 "), 2);
	ck_assert_ptr_nonnull(strstr(text, "\n;; KeySigningRequest 1.0 generated at "));
	free(text);

	/* The second ZSK comes after 30 days; the first goes when its signatures have: 11 d 1 h, and
	 * the largest TTL after that. */
	ksr.until = now + 59 * DAY;
	ck_assert_int_eq(ksr_make(&ksr, &text, &needed), 0);
	ck_assert_uint_eq(needed, 2);
	ck_assert_uint_eq(count(text, ";; KeySigningRequest 1.0 18"), 4);
	ck_assert_uint_eq(count(text, " DNSKEY "), 1 + 2 + 1 + 1);
	ck_assert_ptr_nonnull(strstr(text, "1.0 1802592000 ("));
	free(text);

	/* A ZSK that stays for ever. */
	const uint32_t lifetime = entries[1].lifetime;
	entries[1].lifetime = 0;
	ksr.until = now + 400 * DAY;
	ck_assert_int_eq(ksr_make(&ksr, &text, &needed), 0);
	ck_assert_uint_eq(needed, 1);
	ck_assert_uint_eq(count(text, ";; KeySigningRequest 1.0 18"), 2);
	free(text);
	entries[1].lifetime = lifetime;

	/* Not all that it would take are there. */
	ksr.until = now + 100 * DAY;
	ck_assert_int_eq(ksr_make(&ksr, &text, &needed), 0);
	ck_assert_ptr_null(text);
	ck_assert_uint_eq(needed, 4);
}
END_TEST

/* -- from bundle to bundle ----------------------------------------------- */

static bundle_seen_t follow(bool frozen)
{
	bundle_seen_t seen;
	const bundle_look_t look = { desk, &zone, &policy, &facts, now, frozen };
	ck_assert_int_eq(bundle_follow(&look, &seen), 0);
	return seen;
}

static bool none(void *ctx, const plan_want_t *want)
{
	(void)ctx;
	(void)want;
	return false;
}

static void forget(void *ctx, size_t key)
{
	(void)ctx;
	(void)key;
}

/* What the engine and the signer do after it: all steps, published at once. */
static void go_on(void)
{
	const plan_ops_t ops = { none, forget, NULL, NULL };
	uint64_t revision;
	do {
		revision = zone.core.revision;
		plan_run(&zone.core, &policy, now, &ops);
		core_run(&zone.core, &policy, &facts, now, NULL, NULL);
	} while (zone.core.revision != revision);
	if (facts.revision != revision) {
		facts.revision = facts.pending = revision;
		facts.revision_since = now;
	}
	core_observe(&zone.core, &facts);
}

static bool has(size_t key)
{
	return core_in_zone(&zone.core.keys[key], KEYSET_DNSKEY);
}

static void put_of(int64_t number, int64_t at, char *text)
{
	const db_bundle_t bundle = { number, at, text };
	ck_assert_int_eq(db_bundle_put(desk->db, zone.id, &bundle), 0);
	free(text);
}

static void put(int64_t at, char *text)
{
	put_of(1, at, text);
}

static void pass(int64_t until)
{
	while (now < until) {
		now = now + 3600 < until ? now + 3600 : until;
		(void)follow(false);
		go_on();
	}
}

static bool is_in_force(const char *text)
{
	return strcmp(zone.bundle, text) == 0;
}

START_TEST(test_follow)
{
	enum { ZSK, ZSK2, KSK };
	bundle_seen_t seen = follow(false);
	ck_assert_msg(seen.urgent && strstr(seen.why, "waits for a DNSKEY RRset") != NULL, "%s",
	              seen.why);
	char *texts[] = {
		bundle_of(now, zsk, NULL), bundle_of(now + 10 * DAY, zsk, NULL),
		bundle_of(now + 20 * DAY, zsk, zsk2), bundle_of(now + 21 * DAY, zsk2, NULL),
	};
	for (int i = 0; i < 4; i++) {
		put(now + (i < 3 ? i * 10 : 21) * DAY, strdup(texts[i]));
	}
	seen = follow(false);
	ck_assert_msg(seen.why[0] == '\0', "%s", seen.why);
	ck_assert_int_le(seen.next, now + 10 * DAY);
	ck_assert(is_in_force(texts[0]));
	go_on();
	ck_assert(has(ZSK) && has(KSK) && !has(ZSK2));
	ck_assert(core_in_zone(&zone.core.keys[KSK], KEYSET_RRSIG_DNSKEY));
	ck_assert(core_signs_zone(&zone.core, &zone.core.keys[ZSK]));
	pass(now + 9 * DAY);
	ck_assert(is_in_force(texts[0]));

	/* In a frozen zone signatures become newer; no key comes. */
	now = BEGIN + 10 * DAY;
	(void)follow(true);
	ck_assert(is_in_force(texts[1]));
	now = BEGIN + 20 * DAY;
	(void)follow(true);
	ck_assert(is_in_force(texts[1]));
	(void)follow(false);
	ck_assert(is_in_force(texts[2]));
	go_on();
	ck_assert(has(ZSK) && has(ZSK2));

	/* The one that drops the ZSK, whose signatures are still there, is not taken. */
	facts_key_t keys[] = { { .algorithm = 13, .keytag = zone.core.keys[ZSK].keytag,
	                         .signatures = 5 } };
	facts.keys = keys;
	facts.key_count = 1;
	pass(BEGIN + 22 * DAY);
	ck_assert(is_in_force(texts[2]));
	seen = follow(false);
	ck_assert_msg(strstr(seen.why, "is not published yet: zsk ") != NULL, "%s",
	              seen.why);
	ck_assert(core_signs_zone(&zone.core, &zone.core.keys[ZSK2]));
	keys[0].signatures = 0;
	keys[0].last_gone = now;
	pass(now + 3600);
	ck_assert(is_in_force(texts[2]));
	pass(now + 3 * DAY);
	ck_assert(is_in_force(texts[3]) && !has(ZSK) && has(ZSK2));

	/* There is none after that. */
	seen = follow(false);
	ck_assert_msg(seen.urgent && strstr(seen.why, "a ceremony is due: ") != NULL, "%s", seen.why);
	for (int i = 0; i < 4; i++) {
		free(texts[i]);
	}
	facts.keys = NULL;
	facts.key_count = 0;
}
END_TEST

/* After a long time the newest one counts that is good; what has expired is not taken. */
START_TEST(test_late)
{
	put(now, bundle_of(now, zsk, NULL));
	(void)follow(false);
	go_on();
	char *old = strdup(zone.bundle);
	put(now + DAY, bundle_of(now + DAY, zsk, NULL));
	now += 20 * DAY;
	(void)follow(false);
	ck_assert(is_in_force(old));
	char *text = bundle_of(now - DAY, zsk, NULL);
	put(now - DAY, strdup(text));
	put(now - 2 * DAY, bundle_of(now - 2 * DAY, zsk, NULL));
	put(now + DAY, bundle_of(now + DAY, zsk, NULL));
	const bundle_seen_t seen = follow(false);
	ck_assert(is_in_force(text));
	ck_assert_int_eq(seen.next, now + DAY);
	free(text);

	/* One that was signed before what is published is not taken, though it is good. */
	text = strdup(zone.bundle);
	put(now - 3600, bundle_of(now - 3 * DAY, zsk, NULL));
	(void)follow(false);
	ck_assert(is_in_force(text));
	free(text);
	free(old);
}
END_TEST

/* A clock that is ahead publishes what is not good yet. When it is right again, what is good is published
 * again: though its signatures had ended by the wrong one, and a ZSK had come. */
START_TEST(test_clock_ahead)
{
	enum { ZSK2 = 1 };
	char *first = bundle_of(now, zsk, NULL), *second = bundle_of(now + 10 * DAY, zsk, NULL);
	char *third = bundle_of(now + 20 * DAY, zsk, zsk2);
	char *last = bundle_of(now + 30 * DAY, zsk, zsk2);
	put(now, strdup(first));
	put(now + 10 * DAY, strdup(second));
	put(now + 20 * DAY, strdup(third));
	put(now + 30 * DAY, strdup(last));
	(void)follow(false);
	go_on();
	static const int ahead[] = { 10, 15, 31 };
	for (int i = 0; i < 3; i++) {
		now = BEGIN + ahead[i] * DAY;
		(void)follow(false);
		ck_assert(!is_in_force(first));
		plan_run(&zone.core, &policy, now, &(plan_ops_t){ none, forget, NULL, NULL });
		core_run(&zone.core, &policy, &facts, now, NULL, NULL); /* The signer did not take it. */
		now = BEGIN + (1 + i) * DAY;
		(void)follow(false);
		ck_assert(is_in_force(first));
		go_on();
		ck_assert(!has(ZSK2));
	}
	now = BEGIN + 10 * DAY;
	(void)follow(false);
	ck_assert(is_in_force(second));
	pass(BEGIN + 20 * DAY);
	ck_assert(is_in_force(third) && has(ZSK2));

	/* What ended long ago is forgotten, as is what an earlier response has to come. */
	now = BEGIN + 200 * DAY;
	put_of(2, now, bundle_of(now, zsk, zsk2));
	put_of(1, now + DAY, bundle_of(now + DAY, zsk, zsk2));
	(void)follow(false);
	db_bundle_t row = { .skr = INT64_MAX, .at = INT64_MAX };
	ck_assert_int_eq(db_bundle_before(desk->db, zone.id, INT64_MAX, &row), 1);
	ck_assert_int_eq(row.skr, 2);
	free(row.text);
	ck_assert_int_eq(db_bundle_before(desk->db, zone.id, INT64_MAX, &row), 0);
	free(first);
	free(second);
	free(third);
	free(last);
}
END_TEST

/* Of a later response nothing may be published yet: the one before still serves, until it is. */
START_TEST(test_fallback)
{
	int64_t number = 0;
	put(now, bundle_of(now, zsk, NULL));
	put(now + 10 * DAY, bundle_of(now + 10 * DAY, zsk, NULL));
	put(now + 20 * DAY, bundle_of(now + 20 * DAY, zsk, NULL));
	(void)follow(false);
	go_on();
	ck_assert_int_eq(db_skr_next(desk->db, zone.id, &number), 0);
	ck_assert_int_eq(number, 2);
	/* A person has mixed it up: the ZSK that signs is not in it for some days. */
	put_of(number, now + DAY, bundle_of(now + DAY, zsk2, NULL));
	char *both = bundle_of(now + 12 * DAY, zsk, zsk2);
	put_of(number, now + 12 * DAY, strdup(both));
	now += 10 * DAY;
	bundle_seen_t seen = follow(false);
	ck_assert_msg(strstr(seen.why, "is not published yet: zsk ") != NULL, "%s", seen.why);
	ck_assert_int_eq(skr_span(zone.bundle, ROOM_ZONE, now).from, now - 3600);
	go_on();
	now += 2 * DAY;
	seen = follow(false);
	ck_assert(is_in_force(both));
	go_on();
	now += 8 * DAY;
	(void)follow(false);
	ck_assert(is_in_force(both)); /* What came before is forgotten. */
	free(both);
}
END_TEST

/* kasp.xml wants another ZSK than what was signed ahead has: that is followed on, until a ceremony has the new
 * one. */
START_TEST(test_zsk_entry)
{
	enum { ZSK, ZSK2, KSK, SPARE, FRESH };
	give(ksk2, KEYSET_ZSK, "04"); /* Nobody signs it. */
	put(now, bundle_of(now, zsk, NULL));
	put(now + 10 * DAY, bundle_of(now + 10 * DAY, zsk, zsk2));
	char *last = bundle_of(now + 21 * DAY, zsk2, NULL);
	put(now + 21 * DAY, strdup(last));
	(void)follow(false);
	go_on();
	entries[1].repository = "two";
	pass(BEGIN + 10 * DAY);
	ck_assert(has(ZSK) && has(ZSK2));
	pass(BEGIN + 25 * DAY);
	ck_assert(is_in_force(last) && !has(ZSK) && has(ZSK2));
	ck_assert(core_signs_zone(&zone.core, &zone.core.keys[ZSK2]));

	/* The next request wants one of the new entry, and no other. */
	char *text = NULL;
	unsigned needed = 0;
	const ksr_t ksr = { &zone, &policy, &facts, now, now, now + 5 * DAY };
	ck_assert_int_eq(ksr_make(&ksr, &text, &needed), 0);
	ck_assert_ptr_null(text);
	ck_assert_uint_eq(needed, 1);
	give(other, KEYSET_ZSK, "05");
	ck_assert_int_eq(ksr_make(&ksr, &text, &needed), 0);
	ck_assert_uint_eq(count(text, "IN DNSKEY 256 3 13 "), 4); /* Both: now, and at the end. */
	free(text);
	put_of(2, now, bundle_of(now, zsk2, other));
	free(last);
	last = bundle_of(now + 6 * DAY, other, NULL);
	put_of(2, now + 6 * DAY, strdup(last));
	pass(now + 7 * DAY);
	ck_assert(is_in_force(last) && has(FRESH) && !has(ZSK2));
	ck_assert(!zone.core.keys[SPARE].goal_in && zone.core.keys[KSK].goal_in);
	entries[1].repository = "one";
	free(last);
}
END_TEST

/* A zone is frozen past a change of its keys: what ends is what is in force, whatever there is to come. */
START_TEST(test_end)
{
	put(now, bundle_of(now, zsk, NULL));
	put(now + 10 * DAY, room_sign(&(room_bundle_t){ .keys = { ksk, zsk, zsk2 }, .by = { ksk },
	                                               .from = now, .until = now + 300 * DAY }));
	(void)follow(false);
	go_on();
	now += 10 * DAY;
	bundle_seen_t seen = follow(true);
	ck_assert(!seen.urgent && seen.waits);
	ck_assert_int_le(seen.next, now + DAY);
	now += DAY;
	seen = follow(true);
	ck_assert_msg(seen.urgent && strstr(seen.why, "the signatures of the KSK end at "
	              "2027-01-29T08:00:00Z, and no bundle takes their place") != NULL, "%s", seen.why);
	seen = follow(false);
	ck_assert(!seen.urgent && !seen.waits);
}
END_TEST

/* -- the look at a zone -------------------------------------------------- */

static void look_now(void)
{
	kasp_zone_deinit(&zone);
	zone = (kasp_zone_t){ 0 };
	ck_assert_int_eq(look_at_zone(&parts, ROOM_ZONE, now), 0);
	ck_assert_int_eq(db_zone_get(desk->db, ROOM_ZONE, &zone), 1);
}

/* While no key may take a step, signatures become newer; where they do not, it is said before they end. */
START_TEST(test_paths)
{
	policy_t copy = policy;
	live_zone_t *live = live_add(&desk->live, ROOM_ZONE);
	ck_assert_int_eq(parent_start(&parts.parent, desk), 0);
	desk->policies = (policies_t){ &copy, 1 };
	live->facts = (facts_t){ .policy = "offline" };
	char *texts[3];
	for (int i = 0; i < 3; i++) {
		texts[i] = bundle_of(now + i * 10 * DAY, zsk, NULL);
		put(now + i * 10 * DAY, strdup(texts[i]));
	}
	put(now + 30 * DAY, room_sign(&(room_bundle_t){ .keys = { ksk, zsk, zsk2 }, .by = { ksk },
	                                               .from = now + 30 * DAY, .until = now + 300 * DAY }));
	look_now();
	ck_assert(is_in_force(texts[0]));
	live->facts.revision = live->facts.pending = live->revision;
	now += 10 * DAY;
	live->facts.unsure = true;
	look_now();
	ck_assert(is_in_force(texts[1]));
	ck_assert_ptr_nonnull(live->push);
	live->facts.pending = live->revision;
	live->facts.unsure = false;
	live->facts.chain = true;
	now += 10 * DAY;
	look_now();
	ck_assert(is_in_force(texts[2]));
	ck_assert_uint_gt(live->revision, live->facts.pending);
	live->facts.chain = false;

	now += 10 * DAY;
	copy.defect = (char *)"it cannot be used";
	look_now();
	ck_assert(is_in_force(texts[2]));
	ck_assert_str_eq(live->problem, "it cannot be used");
	ck_assert_int_le(zone.next, now + DAY);
	now = zone.next;
	look_now();
	ck_assert_msg(strstr(live->problem, "the signatures of the KSK end at ") == live->problem &&
	              strstr(live->problem, "; it cannot be used") != NULL, "%s", live->problem);
	copy.defect = NULL;
	ck_assert_int_eq(db_freeze_put(desk->db, &(db_freeze_t){ DB_FREEZE_ZONE, ROOM_ZONE, CORE_NEVER }),
	                 0);
	look_now();
	ck_assert(is_in_force(texts[2]));
	ck_assert_int_eq(live_state(live), LIVE_PROBLEM);
	ck_assert_msg(strstr(live->problem, "the signatures of the KSK end at ") == live->problem &&
	              strstr(live->problem, "; to end this: ods thaw a.test.") != NULL, "%s", live->problem);
	parent_stop(&parts.parent);
	live->facts.policy = NULL;
	desk->policies = (policies_t){ 0 };
	for (int i = 0; i < 3; i++) {
		free(texts[i]);
	}
}
END_TEST

/* A KSK rolls by bundles, as fast as the parent lets it; the one before stays as long. */
START_TEST(test_ksk_roll)
{
	enum { ZSK, ZSK2, KSK, KSK2 };
	const int64_t begin = now;
	give(ksk2, KEYSET_KSK, "04");
	const room_bundle_t steps[] = {
		{ .keys = { ksk, zsk }, .by = { ksk } },
		{ .keys = { ksk, ksk2, zsk }, .by = { ksk, ksk2 } },
		{ .keys = { ksk2, zsk }, .by = { ksk2 } },
	};
	static const int64_t at[] = { 0, 10 * DAY, 12 * DAY };
	for (int i = 0; i < 3; i++) {
		room_bundle_t step = steps[i];
		step.from = begin - 3600;
		step.until = begin + (90 + i) * DAY;
		put(begin + at[i], room_sign(&step));
	}
	(void)follow(false);
	go_on();
	pass(begin + 9 * DAY);
	core_key_t *keys = zone.core.keys;
	ck_assert_int_eq(keys[KSK].record[KEYSET_DS].state, KEYSET_RUMOURED);
	ck_assert(core_ds_confirm(&keys[KSK], true, now));
	pass(begin + 10 * DAY);
	ck_assert(has(KSK) && has(KSK2) && keys[KSK2].inception == now && !keys[KSK].goal_in);

	/* The parent has not got the new DS: the old KSK cannot go, however late it is. */
	pass(begin + 20 * DAY);
	ck_assert(has(KSK) && has(KSK2));
	const bundle_seen_t seen = follow(false);
	ck_assert_msg(strstr(seen.why, "is not published yet: ksk ") != NULL, "%s", seen.why);
	ck_assert(core_ds_waits(&keys[KSK2]));
	ck_assert(core_ds_confirm(&keys[KSK2], true, now));
	if (core_ds_waits(&keys[KSK])) {
		ck_assert(core_ds_confirm(&keys[KSK], false, now));
	}
	pass(now + 3600);
	ck_assert(has(KSK));
	pass(now + 3 * DAY);
	if (core_ds_waits(&keys[KSK])) {
		ck_assert(core_ds_confirm(&keys[KSK], false, now));
	}
	pass(now + 3 * DAY);
	ck_assert(!has(KSK) && has(KSK2));
	ck_assert_int_eq(keys[KSK2].record[KEYSET_DS].state, KEYSET_OMNIPRESENT);
}
END_TEST

/* What of a bundle with one CDS and one CDNSKEY is published, each with a signature. */
static void check_offer(const keyset_cds_t *wanted, unsigned cds, unsigned cdnskey)
{
	char *text = offer_text(&zone, wanted);
	ck_assert_uint_eq(bundle_count(text, KNOT_RRTYPE_DNSKEY), 2);
	ck_assert_uint_eq(bundle_count(text, KNOT_RRTYPE_CDS), cds);
	ck_assert_uint_eq(bundle_count(text, KNOT_RRTYPE_CDNSKEY), cdnskey);
	ck_assert_uint_eq(bundle_count(text, KNOT_RRTYPE_RRSIG), 1 + cds + cdnskey);
	free(text);
}

/* CDS and CDNSKEY are published when the engine would give the DS to the parent, too. */
START_TEST(test_cds)
{
	static const keyset_cds_t all = { true, true, true };
	put(now, room_sign(&(room_bundle_t){ .keys = { ksk, zsk }, .by = { ksk }, .cds = ksk,
	                                     .from = now - 3600, .until = now + 90 * DAY }));
	(void)follow(false);
	go_on();
	check_offer(&all, 0, 0);
	pass(now + 5 * DAY);
	ck_assert(core_in_zone(&zone.core.keys[2], KEYSET_DS));
	char *text = offer_text(&zone, &all);
	ck_assert_str_eq(text, zone.bundle);
	free(text);
	/* As the policy has it; with another digest, nothing of what must agree. */
	check_offer(&(keyset_cds_t){ .sha256 = true, .cdnskey = true }, 1, 1);
	check_offer(&(keyset_cds_t){ .sha256 = true }, 1, 0);
	check_offer(&(keyset_cds_t){ .cdnskey = true }, 0, 1);
	check_offer(&(keyset_cds_t){ 0 }, 0, 0);
	check_offer(&(keyset_cds_t){ .sha384 = true }, 0, 0);
	check_offer(&(keyset_cds_t){ .sha384 = true, .cdnskey = true }, 0, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ceremony");
	TCase *tcase = tcase_create("ceremony");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_response);
	tcase_add_test(tcase, test_advice);
	tcase_add_test(tcase, test_twins);
	tcase_add_test(tcase, test_large);
	tcase_add_test(tcase, test_chain);
	tcase_add_test(tcase, test_request);
	tcase_add_test(tcase, test_follow);
	tcase_add_test(tcase, test_late);
	tcase_add_test(tcase, test_clock_ahead);
	tcase_add_test(tcase, test_fallback);
	tcase_add_test(tcase, test_zsk_entry);
	tcase_add_test(tcase, test_end);
	tcase_add_test(tcase, test_paths);
	tcase_add_test(tcase, test_ksk_roll);
	tcase_add_test(tcase, test_cds);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
