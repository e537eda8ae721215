/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What is taken over from BIND, Knot and PowerDNS, and what is refused. Of real ones, see tests/e2e/others.sh. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-engine/core/core.h"
#include "policy-engine/import/map.h"
#include "policy-engine/import/served.h"
#include "policy-engine/import/source-kinds.h"
#include "tests/unit/check-main.h"

#define NOW 1796000000 /* 2026-11-29T21:33:20Z */
#define PAST "20261101000000 (Sun Nov  1 00:00:00 2026)"
#define FUTURE "20270101000000 (Fri Jan  1 00:00:00 2027)"

#define KEY_257 "U1FpRK7hwaaHSw06SoQeUou24ikMcCgUmYIsEfVlDP3DRMgxNkTsy8ku 68mO+WlY0AObnIqZZC7gcl9fWuFZAw=="
#define KEY_256 "Wpv8NzdVP5MJ9/9r1omXvsJiCYKTs/W+AGCXLHz1Vof1u1aDRg0cocTG Oz+pF21bI8omuChEryb2shH12UTbLg=="
#define PDNS_257 "257 3 13 6JqvlAaRDjDC/ECH2TelwpxpqY8Pd3JA4YFC9dDkqcIkRJ85Nwo0K6ULqmywHoq5bfEVnFOXspiBwkKr+Zcisw=="
#define PDNS_256 "256 3 13 aRFjjxXsb5rdhdzHNzVAGzA02ZnKj7X4dNtyjpipWyVyJWFXpMUMlU30XgP1Rn100mu9zbjLoBq9O6EyYnwLEw=="

static char dir[40], list[60], err[1024], why[MAP_WHY_MAX];
static ods_db_t db;
static const source_kind_t *kind;
static core_key_t keys[CORE_KEYS_MAX];
static core_zone_t zone;

static policy_key_t entries[] = {
	{ .role = KEYSET_KSK, .algorithm = 13, .bits = 256, .repository = (char *)"one" },
	{ .role = KEYSET_ZSK, .algorithm = 13, .bits = 256, .repository = (char *)"one" },
};
static policy_key_t csk = { .role = KEYSET_CSK, .algorithm = 13, .bits = 256, .repository = (char *)"one" };
#define TIMES .keys_ttl = 300, .publish_safety = 20, .retire_safety = 30, .zone_propagation = 40, .soa_ttl = 700, \
	.soa_minimum = 600, .max_zone_ttl = 1000, .parent_ds_ttl = 900, .parent_propagation = 70, \
	.parent_registration = 50, .parent_soa_ttl = 3600, .parent_soa_minimum = 1800
static const policy_t policy = { .name = (char *)"default", .keys = entries, .key_count = 2, .nsec3 = true, TIMES };
static const policy_t csk_policy = { .name = (char *)"default", .keys = &csk, .key_count = 1, TIMES };

static void setup(void)
{
	strcpy(dir, "/tmp/test-foreign.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(list, sizeof(list), "%s/list.json", dir);
	zone = (core_zone_t){ .keys = keys };
}

static void teardown(void)
{
	char command[80];
	ods_db_deinit(&db);
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *name, const char *text)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

static int read_zone(const char *from, const char *path, const char *name)
{
	kind = source_kind(from);
	const source_t source = { .kind = kind, .path = path, .zone = name, .policy = "default",
	                          .ttl = SOURCE_TTL, .now = NOW };
	ods_db_deinit(&db);
	err[0] = '\0';
	return kind->read(&source, &db, err, sizeof(err));
}

/* As if each key had been found in its token. \return 0, or -1 with why */
static int map(const policy_t *with)
{
	why[0] = '\0';
	ck_assert_uint_eq(db.zone_count, 1);
	if (db.zones[0].fault[0] != '\0') {
		snprintf(why, sizeof(why), "%s", db.zones[0].fault);
		return -1;
	}
	db.zones[0].kind = kind;
	for (size_t i = 0; i < db.pair_count; i++) {
		free(db.pairs[i].repository);
		db.pairs[i].repository = strdup("one");
		db.pairs[i].bits = 256;
	}
	return map_zone(&db, &db.zones[0], with, NOW, &zone, why);
}

static void refused(const char *say)
{
	ck_assert_int_eq(map(&policy), -1);
	ck_assert_msg(strstr(why, say) != NULL, "no '%s' in: %s", say, why);
}

static void unreadable(const char *from, const char *say)
{
	ck_assert_int_eq(read_zone(from, list, "a.test"), -1);
	ck_assert_msg(strstr(err, say) != NULL && strstr(err, list) != NULL, "no '%s' in: %s", say, err);
	ck_assert_uint_eq(db.zone_count, 0);
}

static void is(size_t key, const char *states)
{
	char got[KEYSET_RECORDS + 1] = "";
	ck_assert_uint_lt(key, zone.count);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		got[r] = "-hrou"[zone.keys[key].record[r].state];
	}
	ck_assert_str_eq(got, states);
}

/* -- what comes of them -------------------------------------------------- */

static int64_t now, first_gone;

/* When a DNSKEY was withdrawn first: not while a cache may have what was signed by it. */
static void see_change(void *ctx, const core_key_t *key, keyset_record_t record, keyset_state_t from)
{
	(void)ctx;
	(void)from;
	if (record == KEYSET_DNSKEY && key->record[record].state == KEYSET_UNRETENTIVE && first_gone == 0) {
		first_gone = now;
	}
}

/* Whatever is asked of a parent, it does. */
static bool ask_parent(void)
{
	bool asked = false;
	for (size_t i = 0; i < zone.count; i++) {
		core_key_t *key = &keys[i];
		const keyset_state_t ds = key->record[KEYSET_DS].state;
		asked = (core_ds_waits(key) && core_ds_confirm(key, ds == KEYSET_RUMOURED, now)) || asked;
	}
	return asked;
}

/* Steps until nothing can be done any more, with a signer that publishes each key set at once: keys that are
 * to be in use are, and no cache knows the others. */
static void ends(const policy_t *with)
{
	facts_t facts = { .revision = zone.revision + 1, .revision_since = NOW, .max_ttl = 300 };
	now = NOW;
	first_gone = 0;
	zone.revision++; /* The first key set of ours. */
	for (int i = 0; i < 1000 && now != CORE_NEVER; i++) {
		core_observe(&zone, &facts);
		const int64_t next = core_run(&zone, with, &facts, now, see_change, NULL);
		if (zone.revision != facts.revision) {
			facts.revision = zone.revision;
			facts.revision_since = now;
		} else if (!ask_parent()) {
			now = next;
		}
	}
	ck_assert_int_eq(now, CORE_NEVER);
	for (size_t i = 0; i < zone.count; i++) {
		ck_assert_msg(keys[i].goal_in ? core_is_settled(&keys[i]) : core_is_hidden(&keys[i]),
		              "key %u", keys[i].keytag);
	}
}

/* -- BIND ---------------------------------------------------------------- */

static void bind_key(const char *file, const char *flags_and_key, const char *times, const char *states)
{
	char name[80], text[1000];
	snprintf(name, sizeof(name), "%s.key", file);
	snprintf(text, sizeof(text), "; This is a key, for a.test.\n%sa.test. 3600 IN DNSKEY %s\n", times,
	         flags_and_key);
	write_file(name, text);
	snprintf(name, sizeof(name), "%s.state", file);
	if (states != NULL) {
		write_file(name, states);
	}
}

#define KSK_STATES(ds, dnskey, goal) "Algorithm: 13\nKSK: yes\nZSK: no\nActive: " PAST "\nDNSKEYChange: " PAST \
	"\nDNSKEYState: " dnskey "\nKRRSIGState: " dnskey "\nDSState: " ds "\nGoalState: " goal "\n"
#define ZSK_STATES(dnskey, rrsig, goal) "KSK: no\nZSK: yes\nActive: " PAST "\nDNSKEYState: " dnskey \
	"\nZRRSIGState: " rrsig "\nZRRSIGChange: " PAST "\nGoalState: " goal "\n"

static void bind_ksk(void)
{
	bind_key("Ka.test.+013+1", "257 3 13 " KEY_257, "", KSK_STATES("omnipresent", "omnipresent", "omnipresent"));
}

START_TEST(bind_states)
{
	bind_ksk();
	bind_key("Ka.test.+013+2", "256 3 13 " KEY_256, "", ZSK_STATES("omnipresent", "rumoured", "omnipresent"));
	ck_assert_msg(read_zone("bind", dir, "A.TEST") == 0, "%s", err);
	ck_assert_msg(map(&policy) == 0, "%s", why);
	ck_assert_uint_eq(zone.count, 2);
	is(0, "ooo-");
	is(1, "-o-r");
	ck_assert_uint_eq(zone.keys[0].keytag, 17108);
	ck_assert_uint_eq(zone.keys[1].keytag, 44612);
	ck_assert_int_eq(zone.keys[0].inception, 1793491200);
	ck_assert_uint_eq(zone.keys[1].record[KEYSET_RRSIG].revision, 1);
	ck_assert_uint_eq(zone.ttls[CORE_TTL_ZONE].ttl, SOURCE_TTL);
	ck_assert_uint_eq(zone.ttls[CORE_TTL_DS].ttl, SOURCE_TTL);
	ends(&policy);
}
END_TEST

/* A rollover of the ZSK as BIND has it before the successor is known: both may sign. */
START_TEST(bind_rolls)
{
	bind_ksk();
	bind_key("Ka.test.+013+2", "256 3 13 " KEY_256, "", ZSK_STATES("omnipresent", "omnipresent", "hidden"));
	bind_key("Ka.test.+013+3", PDNS_256, "", ZSK_STATES("rumoured", "rumoured", "omnipresent"));
	ck_assert_msg(read_zone("bind", dir, NULL) == 0, "%s", err);
	ck_assert_msg(map(&policy) == 0, "%s", why);
	is(1, "-o-o");
	is(2, "-r-r");
	ck_assert(!zone.keys[1].goal_in && zone.keys[2].goal_in);
	ends(&policy);
}
END_TEST

/* Somebody has to see the DS that BIND has not seen yet, and that it is gone. */
START_TEST(bind_ds)
{
	bind_key("Ka.test.+013+1", "257 3 13 " KEY_257, "", KSK_STATES("rumoured", "omnipresent", "omnipresent"));
	bind_key("Ka.test.+013+2", "256 3 13 " KEY_256, "", ZSK_STATES("omnipresent", "omnipresent", "omnipresent"));
	bind_key("Ka.test.+013+3", PDNS_257, "", KSK_STATES("unretentive", "omnipresent", "hidden"));
	ck_assert_msg(read_zone("bind", dir, NULL) == 0, "%s", err);
	ck_assert_msg(map(&policy) == 0, "%s", why);
	is(0, "roo-");
	is(2, "uoo-");
	ck_assert(core_ds_waits(&zone.keys[0]) && core_ds_waits(&zone.keys[2]));
	ck_assert(zone.keys[0].goal_in && !zone.keys[2].goal_in);
	ends(&policy);
}
END_TEST

/* A key that no cache has does not come, and one that was there is past. */
START_TEST(bind_unused)
{
	bind_ksk();
	bind_key("Ka.test.+013+2", "256 3 13 " KEY_256, "", ZSK_STATES("omnipresent", "omnipresent", "omnipresent"));
	bind_key("Ka.test.+013+3", PDNS_256, "", ZSK_STATES("hidden", "hidden", "omnipresent"));
	ck_assert_msg(read_zone("bind", dir, NULL) == 0, "%s", err);
	ck_assert_uint_eq(db.zones[0].key_count, 2);
	bind_key("Ka.test.+013+3", PDNS_256, "", ZSK_STATES("hidden", "hidden", "hidden"));
	ck_assert_msg(read_zone("bind", dir, NULL) == 0, "%s", err);
	ck_assert_msg(map(&policy) == 0, "%s", why);
	ck_assert_uint_eq(zone.count, 2);
}
END_TEST

/* The keys that a server has are those that are taken over, not more nor less. */
START_TEST(served_keys)
{
	served_t served = { .keys = { { true, 13, 17108, 256 }, { false, 13, 44612, 256 }, { false, 13, 5, 256 } },
		            .key_count = 2 };
	bind_ksk();
	bind_key("Ka.test.+013+2", "256 3 13 " KEY_256, "", ZSK_STATES("omnipresent", "omnipresent", "omnipresent"));
	bind_key("Ka.test.+013+3", PDNS_256, "", ZSK_STATES("unretentive", "hidden", "hidden"));
	ck_assert_msg(read_zone("bind", dir, NULL) == 0, "%s", err);
	ck_assert_int_eq(served_check_keys(&served, &db.zones[0], why, sizeof(why)), 0);
	served.key_count = 3;
	ck_assert_int_eq(served_check_keys(&served, &db.zones[0], why, sizeof(why)), -1);
	ck_assert_str_eq(why, "it serves DNSKEY 5 of algorithm 13, which is not among the keys to be taken over");
	served.key_count = 1;
	ck_assert_int_eq(served_check_keys(&served, &db.zones[0], why, sizeof(why)), -1);
	ck_assert_str_eq(why, "it does not serve the DNSKEY of zsk 44612, which is to be taken over");
}
END_TEST

/* Without K*.state nothing is certain. */
START_TEST(bind_times)
{
	bind_key("Ka.test.+013+1", "257 3 13 " KEY_257, "; Publish: " PAST "\n; Activate: " PAST "\n", NULL);
	bind_key("Ka.test.+013+2", "256 3 13 " KEY_256, "; Publish: " PAST "\n; Activate: " PAST "\n; Inactive: "
	         PAST "\n; Delete: " FUTURE "\n", NULL);
	bind_key("Ka.test.+013+3", PDNS_256, "; Publish: " PAST "\n; Activate: " PAST "\n; Inactive: " FUTURE "\n",
	         NULL);
	ck_assert_msg(read_zone("bind", dir, NULL) == 0, "%s", err);
	ck_assert_msg(map(&policy) == 0, "%s", why);
	is(0, "rrr-");
	is(1, "-r-u");
	is(2, "-r-r");
	ck_assert(core_ds_waits(&zone.keys[0]));
	ck_assert(!zone.keys[1].goal_in && zone.keys[2].goal_in);
	ends(&policy);
	ck_assert_int_ge(first_gone, NOW + SOURCE_TTL);
}
END_TEST

static const struct {
	const char *states, *say;
} bind_wrongs[] = {
	{ "KSK: no\nZSK: yes\nDNSKEYState: omni\n", "Ka.test.+013+2.state, line 3: " },
	{ "KSK: no\nZSK: yes\nDNSKEYState: omnipresent\n", "the file ends" },
	{ "", "the file ends" },
	{ "KSK: perhaps\n", "line 1: there should be yes or no" },
	{ "GoalState: sometimes\n", "line 1: the goal is" },
	{ "DNSKEYState: hidden\nDNSKEYState: rumoured\n", "line 2: the state of the DNSKEY" },
	{ "DNSKEYChange: soon\n", "a time of 14 digits" },
	{ KSK_STATES("hidden", "hidden", "omnipresent"), "the key is a KSK, and its DNSKEY has 256" },
};

START_TEST(bind_wrong)
{
	bind_ksk();
	bind_key("Ka.test.+013+2", "256 3 13 " KEY_256, "", bind_wrongs[_i].states);
	ck_assert_msg(read_zone("bind", dir, NULL) == 0, "%s", err);
	refused(bind_wrongs[_i].say);
}
END_TEST

START_TEST(bind_names)
{
	write_file("K0%2F25.2.0.192.in-addr.arpa.+013+1.key", "0/25.2.0.192.in-addr.arpa. IN DNSKEY " PDNS_257 "\n");
	ck_assert_msg(read_zone("bind", dir, "0/25.2.0.192.in-addr.arpa") == 0, "%s", err);
	ck_assert_uint_eq(db.zone_count, 1);
	ck_assert_str_eq(db.zones[0].fault, "");
	/* A key for transactions, and what is none. */
	write_file("Khost.test.+157+1.key", "host.test. IN KEY 512 3 157 AAAA\n");
	write_file("K%.key", "");
	write_file("K%2.+.key", "");
	ck_assert_msg(read_zone("bind", dir, "0/25.2.0.192.in-addr.arpa") == 0, "%s", err);
}
END_TEST

START_TEST(bind_broken)
{
	ck_assert_int_eq(read_zone("bind", dir, NULL), -1);
	ck_assert_msg(strstr(err, "no K*.key") != NULL, "%s", err);
	static const char *const wrongs[][2] = {
		{ "a.test. IN DNSKEY 257 3 13 AAAA\n", "Ka.test.+013+1.key, line 1: this is no DNSKEY" },
		{ "; Created: " PAST "\n", "the file ends, and has no DNSKEY" },
		{ "b.test. IN DNSKEY " PDNS_257 "\n", "of another zone than the file" },
		{ "a.test. IN DNSKEY " PDNS_257 "\na.test. IN DNSKEY " PDNS_257 "\n", "line 2: there should be one" },
		{ "; Revoke: " PAST "\n", "line 1: the key is to be revoked" },
		{ "; Delete: 2026\n", "a time of 14 digits" },
	};
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		write_file("Ka.test.+013+1.key", wrongs[i][0]);
		ck_assert_msg(read_zone("bind", dir, NULL) == 0, "%s", err);
		refused(wrongs[i][1]);
	}
	/* A key of another zone hinders nobody. */
	ck_assert_msg(read_zone("bind", dir, "b.test") == 0, "%s", err);
	ck_assert_uint_eq(db.zone_count, 0);
	bind_ksk();
	/* Who can write states decides what is bogus. */
	char path[80];
	snprintf(path, sizeof(path), "%s/Ka.test.+013+1.state", dir);
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_msg(read_zone("bind", dir, NULL) == 0, "%s", err);
	refused("everybody can write to it");
}
END_TEST

/* -- Knot ---------------------------------------------------------------- */

#define KNOT(id, role, tag, more, publish, ready, active, retire_active, retire) "{ \"zone\": \"a.test.\", \"id\": \"" \
	id "\", " role ", \"tag\": " tag ", \"algorithm\": 13, \"size\": 256, \"public-only\": false, " more \
	"\"publish\": " publish ", \"ready\": " ready ", \"active\": " active ", \"retire-active\": " retire_active \
	", \"retire\": " retire ", \"revoke\": 0, \"remove\": 0, \"new\": [1, {\"a\": \"]\"}] }"
#define KSK "\"ksk\": true, \"zsk\": false"
#define ZSK "\"ksk\": false, \"zsk\": true"
#define CSK "\"ksk\": true, \"zsk\": true"
#define NEVER "\"pre-active\": 0, \"post-active\": 0, "
#define T "1795000000"
#define LATER "1797000000"

static void knot(const char *text)
{
	write_file("list.json", text);
	ck_assert_msg(read_zone("knot", list, "a.test") == 0, "%s", err);
}

START_TEST(knot_rolls)
{
	knot("[\n" KNOT("aa01", KSK, "1", NEVER, T, T, T, T, "0") ",\n" KNOT("aa02", KSK, "2", NEVER, T, T, T, "0", "0")
	     ",\n" KNOT("aa03", ZSK, "3", NEVER, T, "0", T, "0", T) ",\n" KNOT("aa04", ZSK, "4", NEVER, T, "0", T, "0", LATER)
	     "\n]\n");
	ck_assert_msg(map(&policy) == 0, "%s", why);
	ck_assert_uint_eq(zone.count, 4);
	is(0, "urr-");
	is(1, "rrr-");
	is(2, "-r-u");
	is(3, "-r-r");
	ck_assert(core_ds_waits(&zone.keys[0]) && core_ds_waits(&zone.keys[1]));
	ck_assert(!zone.keys[0].goal_in && zone.keys[1].goal_in && !zone.keys[2].goal_in && zone.keys[3].goal_in);
	ck_assert_str_eq(db.pairs[3].locator, "aa04");
	ends(&policy);
	ck_assert_int_ge(first_gone, NOW + SOURCE_TTL);
}
END_TEST

/* A KSK that Knot publishes has no DS yet; one that it retired is not in the DNSKEY RRset. */
START_TEST(knot_ends)
{
	knot("[" KNOT("aa01", KSK, "1", NEVER, T, T, T, T, T) "," KNOT("aa02", KSK, "2", NEVER, T, LATER, LATER, "0", "0")
	     "," KNOT("aa03", ZSK, "3", NEVER, T, "0", T, "0", "0") "," KNOT("aa04", ZSK, "4", NEVER, LATER, "0", LATER, "0", "0")
	     "," KNOT("aa05", ZSK, "5", NEVER, T, "0", LATER, "0", "0") "]");
	ck_assert_uint_eq(db.zones[0].key_count, 4);
	const ods_key_t *key = db.zones[0].keys;
	ck_assert(!key[0].publish && !key[0].sign_dnskey && !key[0].introducing);
	ck_assert(key[1].publish && key[1].sign_dnskey && key[1].ds == ODS_DS_UNSUBMITTED);
	ck_assert(key[3].publish && !key[3].sign_zone && key[3].introducing);
}
END_TEST

/* A KSK that waits for its DS goes on beside the one that it follows. */
START_TEST(knot_waits)
{
	knot("[" KNOT("aa01", KSK, "1", NEVER, T, T, T, "0", "0") "," KNOT("aa02", KSK, "2", NEVER, T, T, "0", "0", "0")
	     "," KNOT("aa03", ZSK, "3", NEVER, T, "0", T, "0", "0") "]");
	ck_assert_msg(map(&policy) == 0, "%s", why);
	is(0, "rrr-");
	is(1, "rrr-");
	ck_assert(!zone.keys[0].goal_in && zone.keys[1].goal_in && zone.keys[2].goal_in);
	ends(&policy);
	ck_assert_int_ge(first_gone, NOW + SOURCE_TTL);
}
END_TEST

START_TEST(knot_csk)
{
	knot("[" KNOT("aa01", CSK, "1", NEVER, T, T, "0", "0", "0") "]");
	ck_assert_msg(map(&csk_policy) == 0, "%s", why);
	is(0, "rrrr");
	ends(&csk_policy);
}
END_TEST

static const struct {
	const char *text, *say;
} knot_wrongs[] = {
	{ "[" KNOT("aa01", KSK, "1", "\"pre-active\": 0, \"post-active\": " T ", ", T, T, T, "0", "0") "]", "is not published" },
	{ "[" KNOT("aa01", ZSK, "1", "\"pre-active\": " T ", \"post-active\": 0, ", LATER, "0", LATER, "0", "0") "]", "is not published" },
	{ "[" KNOT("aa01", "\"ksk\": false, \"zsk\": false", "1", NEVER, T, T, T, "0", "0") "]", "neither" },
	{ "[" KNOT("aa01", ZSK, "1", NEVER, T, "0", T, "0", "0") "," KNOT("aa01", ZSK, "1", NEVER, T, "0", T, "0", T) "]", "key 1 is there twice" },
	{ "[" KNOT("aa01", KSK, "70000", NEVER, T, T, T, "0", "0") "]", "cannot be" },
	{ "[" KNOT("aa01", KSK, "1", NEVER, T, T, T, "0", "0") "]", "no key that is published signs the zone" },
	{ "[" KNOT("aa01", KSK, "1", NEVER, T, T, T, "0", "0") "," KNOT("aa02", KSK, "2", NEVER, T, T, T, "0", "0") ","
	  KNOT("aa03", ZSK, "3", NEVER, T, "0", T, "0", "0") "]", "at once; let Knot finish it" },
};

START_TEST(knot_wrong)
{
	knot(knot_wrongs[_i].text);
	refused(knot_wrongs[_i].say);
}
END_TEST

static const struct {
	const char *text, *say;
} list_wrongs[] = {
	{ "", "line 1: there should be a list" },
	{ "[", "an object" },
	{ "[{\n\"zone\": \"a.test.\",\n\"id\"", "line 3: there should be a colon" },
	{ "[{\"zone\": \"a.te", "a string of one line that ends" },
	{ "[{\"zone\": \"\\u0041\"}]", "has no \\u" },
	{ "[\n{ \"zone\": \"a.test.\" }\n]", "line 2: the key that ends here does not say its " },
	{ "[{\"tag\": \"x\"}]", "one number" },
	{ "[{\"tag\": [1]}]", "one number" },
	{ "[{\"tag\": 1, \"tag\": 2}]", "one number" },
	{ "[{\"id\": \"a\", \"id\": \"b\"}]", "one text" },
	{ "[{\"x\": [[[}", "the end of a list" },
	{ "[] []", "nothing more" },
	{ "[1]", "an object" },
};

START_TEST(list_wrong)
{
	write_file("list.json", list_wrongs[_i].text);
	unreadable("knot", list_wrongs[_i].say);
}
END_TEST

START_TEST(no_list)
{
	unreadable("knot", "ods-engine's user has to be able to read it");
	ck_assert_int_eq(mkfifo(list, 0600), 0);
	unreadable("knot", "is no file");
	unlink(list);
	write_file("list.json", "[]");
	ck_assert_int_eq(chmod(list, 0622), 0);
	unreadable("knot", "everybody can write to it");
	ck_assert_int_eq(chmod(list, 0600), 0);
	ck_assert_int_eq(truncate(list, 3), 0);
	unreadable("knot", "no text");
	ck_assert_int_eq(truncate(list, 1 << 30), 0);
	unreadable("knot", "too large");
}
END_TEST

/* -- PowerDNS ------------------------------------------------------------ */

#define PDNS(id, active, published, dnskey) "{\"active\":" active ",\"published\":" published ",\"id\":" id \
	",\"dnskey\":\"" dnskey "\",\"ds\":[\"1 13 2 ab\"],\"type\":\"Cryptokey\",\"keytype\":\"csk\"}"

static void powerdns(const char *text)
{
	write_file("list.json", text);
	ck_assert_msg(read_zone("powerdns", list, "a.test") == 0, "%s", err);
}

#define PDNS_OLD "256 3 13 " "Wpv8NzdVP5MJ9/9r1omXvsJiCYKTs/W+AGCXLHz1Vof1u1aDRg0cocTGOz+pF21bI8omuChEryb2shH12UTbLg=="

START_TEST(powerdns_rolls)
{
	powerdns("[" PDNS("1", "true", "true", PDNS_257) "," PDNS("2", "false", "true", PDNS_OLD) ","
	         PDNS("3", "true", "true", PDNS_256) "," PDNS("4", "false", "false", PDNS_OLD) "]");
	ck_assert_msg(map(&policy) == 0, "%s", why);
	ck_assert_uint_eq(zone.count, 3);
	is(0, "rrr-");
	is(1, "-r-u");
	is(2, "-r-r");
	ck_assert(!zone.keys[1].goal_in && zone.keys[2].goal_in);
	powerdns("[" PDNS("1", "true", "true", PDNS_257) "," PDNS("2", "false", "true", PDNS_OLD) ","
	         PDNS("3", "true", "true", PDNS_256) "," PDNS("4", "true", "false", PDNS_OLD) "]");
	refused("key 4 is active, and not published");
}
END_TEST

/* The later one of two comes, and is not taken for one that goes. */
START_TEST(powerdns_comes)
{
	powerdns("[" PDNS("1", "true", "true", PDNS_257) "," PDNS("2", "true", "true", PDNS_OLD) ","
	         PDNS("3", "false", "true", PDNS_256) "]");
	ck_assert_msg(map(&policy) == 0, "%s", why);
	is(1, "-r-r");
	is(2, "-r-h");
	ck_assert(!zone.keys[1].goal_in && zone.keys[2].goal_in);
	ends(&policy);
	ck_assert_int_ge(first_gone, NOW + SOURCE_TTL);
}
END_TEST

START_TEST(powerdns_csk)
{
	powerdns("[" PDNS("1", "true", "true", PDNS_257) "]");
	ck_assert_msg(map(&csk_policy) == 0, "%s", why);
	is(0, "rrrr");
	ck_assert(core_ds_waits(&zone.keys[0]));
	ck_assert_int_eq(map(&policy), -1); /* It would be replaced at once. */
	ck_assert_msg(strstr(why, "have it ask for the keys that PowerDNS has") != NULL, "%s", why);
	powerdns("[" PDNS("1", "true", "true", "258 3 13 AA==") "]");
	refused("key 1 is no DNSKEY");
	ck_assert_int_eq(read_zone("powerdns", list, NULL), -1);
	ck_assert_msg(strstr(err, "does not say which zone") != NULL, "%s", err);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *s = suite_create("foreign-keys");
	TCase *tc = tcase_create("read and mapped");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, bind_states);
	tcase_add_test(tc, bind_rolls);
	tcase_add_test(tc, bind_ds);
	tcase_add_test(tc, bind_unused);
	tcase_add_test(tc, served_keys);
	tcase_add_test(tc, bind_times);
	tcase_add_loop_test(tc, bind_wrong, 0, COUNT(bind_wrongs));
	tcase_add_test(tc, bind_names);
	tcase_add_test(tc, bind_broken);
	tcase_add_test(tc, knot_rolls);
	tcase_add_test(tc, knot_ends);
	tcase_add_test(tc, knot_waits);
	tcase_add_test(tc, knot_csk);
	tcase_add_loop_test(tc, knot_wrong, 0, COUNT(knot_wrongs));
	tcase_add_loop_test(tc, list_wrong, 0, COUNT(list_wrongs));
	tcase_add_test(tc, no_list);
	tcase_add_test(tc, powerdns_rolls);
	tcase_add_test(tc, powerdns_comes);
	tcase_add_test(tc, powerdns_csk);
	suite_add_tcase(s, tc);
	return check_main(s);
}
