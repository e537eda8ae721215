/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What is taken over from OpenDNSSEC, and what is refused. Of a real one, see tests/e2e/import.sh. */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-engine/core/plan.h"
#include "policy-engine/desk/imported.h"
#include "policy-engine/import/back-sql.h"
#include "policy-engine/import/import.h"
#include "policy-engine/import/map.h"
#include "policy-engine/import/source-kinds.h"
#include "policy-engine/zone/dnskey.h"
#include "tests/unit/check-main.h"
#include "tests/unit/kasp-db.h"
#include "tests/unit/test-hsm-token.h"

#define NOW 1000000
#define T1 900000
#define T2 950000

static char dir[40], file[80], err[1024], why[MAP_WHY_MAX];
static ods_db_t db;
static core_key_t keys[CORE_KEYS_MAX];
static core_zone_t zone;

static policy_key_t entries[] = {
	{ .role = KEYSET_KSK, .algorithm = 13, .bits = 256, .repository = (char *)"one" },
	{ .role = KEYSET_ZSK, .algorithm = 13, .bits = 256, .repository = (char *)"one" },
};
static policy_t policy = {
	.name = (char *)"default", .keys = entries, .key_count = 2, .nsec3 = true, .salt_length = 2,
	.keys_ttl = 300, .publish_safety = 20, .retire_safety = 30, .zone_propagation = 40,
	.soa_ttl = 700, .soa_minimum = 600, .max_zone_ttl = 1000, .parent_ds_ttl = 900,
	.parent_propagation = 70, .parent_registration = 50, .parent_soa_ttl = 3600,
	.parent_soa_minimum = 1800,
};

static void setup(void)
{
	strcpy(dir, "/tmp/test-import.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/kasp.db", dir);
	zone = (core_zone_t){ .keys = keys };
	kasp_db_make(file);
	kasp_db_pair(file, 1, "aa01", "one", 1, 2);
	kasp_db_pair(file, 2, "aa02", "one", 2, 2);
	kasp_db_pair(file, 3, "aa03", "one", 2, 2);
	kasp_db_zone(file, 1, "a.test");
}

static void teardown(void)
{
	static const char *const names[] = { "kasp.db", "a.test.backup2", "a.test.signed",
	                                     "kasp.db-journal", "engine.db", "engine.db-wal" };
	char path[100];
	ods_db_deinit(&db);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

static void write_file(const char *name, const char *text)
{
	char path[100];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

/* A key of zone 1 in kasp.db, in the enforcer's numbers. */
typedef struct {
	int id, pair, role, introducing;
	const int *states; /* Of DS, DNSKEY, RRSIG DNSKEY, RRSIG. */
	int parent, minimize;
	int64_t since;
} row_t;

static void add(const row_t *row)
{
	const int *states = row->states;
	kasp_key_t key = { .id = row->id, .zone = 1, .pair = row->pair, .role = row->role,
	                   .introducing = row->introducing, .ds = states[0], .dnskey = states[1],
	                   .rrsig_dnskey = states[2], .rrsig = states[3],
	                   .ds_at_parent = row->parent, .minimize = row->minimize,
	                   .since = row->since, .keytag = row->id * 11 };
	kasp_db_key(file, &key);
}

#define STATES(...) ((const int[]){ __VA_ARGS__ })

static void at_rest(void)
{
	add(&(row_t){ 1, 1, 1, 1, STATES(O, O, O, N), 3, 4, T1 });
	add(&(row_t){ 2, 2, 2, 1, STATES(N, O, N, O), 0, 1, T1 });
}

static void name_signer(void)
{
	for (size_t i = 0; i < db.zone_count; i++) {
		db.zones[i].kind = source_kind(NULL);
	}
}

static void read_db(void)
{
	ods_db_deinit(&db);
	ck_assert_msg(ods_db_read(file, &db, err, sizeof(err)) == 0, "%s", err);
	name_signer();
}

static int map(void)
{
	read_db();
	why[0] = '\0';
	if (db.zones[0].fault[0] != '\0') {
		snprintf(why, sizeof(why), "%s", db.zones[0].fault);
		return -1;
	}
	return map_zone(&db, &db.zones[0], &policy, NOW, &zone, why);
}

static void mapped(void)
{
	ck_assert_msg(map() == 0, "%s", why);
}

/* -- the file ------------------------------------------------------------ */

static void unreadable(const char *say)
{
	ods_db_deinit(&db);
	ck_assert_int_eq(ods_db_read(file, &db, err, sizeof(err)), -1);
	ck_assert_msg(strstr(err, say) != NULL && strstr(err, file) != NULL, "no '%s' in: %s", say,
	              err);
	ck_assert_uint_eq(db.zone_count, 0);
}

START_TEST(bad_files)
{
	kasp_db_sql(file, "UPDATE databaseVersion SET version = 2");
	unreadable("databaseVersion is 2");
	kasp_db_sql(file, "DELETE FROM databaseVersion");
	unreadable("does not say");
	kasp_db_sql(file, "DROP TABLE databaseVersion");
	unreadable("no database of OpenDNSSEC");
	kasp_db_sql(file, "CREATE TABLE dnsseckeys (id)");
	unreadable("OpenDNSSEC 1");
	unlink(file);
	unreadable("unable to open");
	write_file("kasp.db", "-- MySQL dump 10.19\nCREATE TABLE `zone` (`id` bigint(20));\n");
	unreadable("no database of SQLite, and no whole dump of mysqldump");
	unlink(file);
	kasp_db_sql(file, "CREATE TABLE databaseVersion (version);"
	            "INSERT INTO databaseVersion VALUES (1)");
	unreadable("no such table");
}
END_TEST

/* A file that is cut off, or has any other byte in it, is read, refused in part, or as a whole. */
START_TEST(broken_files)
{
	struct stat st;
	at_rest();
	ck_assert_int_eq(stat(file, &st), 0);
	size_t size = (size_t)st.st_size, read = 0;
	char *good = malloc(size);
	int fd = open(file, O_RDWR);
	ck_assert_int_eq(pread(fd, good, size, 0), st.st_size);
	unsigned seed = 1;
	for (int i = 0; i < 400; i++) {
		size_t at = (size_t)rand_r(&seed) % size;
		char byte = (char)rand_r(&seed);
		ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
		if (i % 4 == 3) {
			ck_assert_int_eq(ftruncate(fd, (off_t)at), 0);
		}
		if (ods_db_read(file, &db, err, sizeof(err)) == 0) {
			read++;
			name_signer();
			for (size_t z = 0; z < db.zone_count; z++) {
				if (db.zones[z].fault[0] == '\0') {
					map_zone(&db, &db.zones[z], &policy, NOW, &zone, why);
				}
			}
			ods_db_deinit(&db);
		}
		ck_assert_int_eq(pwrite(fd, good, size, 0), st.st_size);
	}
	close(fd);
	free(good);
	ck_assert_uint_gt(read, 100);
}
END_TEST

START_TEST(many_zones)
{
	at_rest();
	kasp_db_sql(file, "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n LIMIT 9999)"
	            " INSERT INTO zone SELECT i, 1, 'z' || i || '.test', 0, '', 0, 0, 0, 0, 0, 0, 0,"
	            " 'DNS', 'a', 'File', 'b' FROM n;"
	            "INSERT INTO keyData SELECT 10 * zone.id + k.id, zone.id, hsmKeyId, algorithm,"
	            " inception, role, introducing, shouldRevoke, standby, activeZsk, publish,"
	            " activeKsk, dsAtParent, keytag, minimize FROM zone, keyData k"
	            " WHERE zone.id > 1 AND k.id < 3;"
	            "INSERT INTO keyState (keyDataId, type, state, lastChange, minimize, ttl)"
	            " SELECT keyData.id, type, state, lastChange, s.minimize, ttl FROM keyState s"
	            " JOIN keyData ON keyData.id %% 10 = keyDataId AND keyData.id > 10");
	read_db();
	ck_assert_uint_eq(db.zone_count, 10000);
	for (size_t i = 0; i < db.zone_count; i++) {
		ck_assert_str_eq(db.zones[i].fault, "");
		ck_assert_uint_eq(db.zones[i].key_count, 2);
		ck_assert_msg(map_zone(&db, &db.zones[i], &policy, NOW, &zone, why) == 0, "%s", why);
	}
	ck_assert(db.zones[9999].input.dns && !db.zones[9999].output.dns);
	ck_assert_str_eq(db.zones[9999].input.path, "a");
}
END_TEST

/* -- states -------------------------------------------------------------- */

static void record_is(size_t key, keyset_record_t record, keyset_state_t state, int64_t since,
                      uint64_t revision, uint64_t came)
{
	const core_record_t *r = &keys[key].record[record];
	ck_assert_int_eq(r->state, state);
	ck_assert_int_eq(r->since, since);
	ck_assert_uint_eq(r->revision, revision);
	ck_assert_uint_eq(r->came, came);
	ck_assert_int_eq(r->public_at, 0);
}

START_TEST(zone_at_rest)
{
	at_rest();
	kasp_db_sql(file, "UPDATE zone SET ttlEndDk = %d, rollZskNow = 1", NOW + 5000);
	mapped();
	ck_assert_uint_eq(zone.count, 2);
	ck_assert_uint_eq(zone.revision, 0);
	record_is(0, KEYSET_DS, KEYSET_OMNIPRESENT, T1, 0, 0);
	record_is(0, KEYSET_RRSIG, KEYSET_NA, T1, 0, 0);
	record_is(1, KEYSET_RRSIG, KEYSET_OMNIPRESENT, T1, 0, 0);
	ck_assert(keys[0].role == KEYSET_KSK && keys[0].goal_in && keys[0].keytag == 11);
	ck_assert_uint_eq(keys[0].bits, 256); /* Whatever OpenDNSSEC says of a curve. */
	ck_assert_int_eq(keys[0].inception, 600);
	ck_assert_int_eq(keys[0].roll, POLICY_ROLL_DOUBLE_SIGNATURE);
	ck_assert_int_eq(keys[1].roll, POLICY_ROLL_PRE_PUBLICATION);
	ck_assert_uint_eq(zone.ttls[CORE_TTL_DS].ttl, 900);
	ck_assert_uint_eq(zone.ttls[CORE_TTL_DNSKEY].ttl, 5000);
	ck_assert_uint_eq(zone.ttls[CORE_TTL_ZONE].ttl, 1000);
	ck_assert(zone.requests[KEYSET_ZSK].at == NOW && zone.requests[KEYSET_KSK].at == 0);
}
END_TEST

/* Steps until nothing can be done any more, with a signer that publishes each key set at once. */
static void run_on(void)
{
	facts_t facts = { .revision = zone.revision + 1, .revision_since = NOW, .max_ttl = 300 };
	int64_t now = NOW;
	zone.revision++; /* The first key set of ours. */
	for (int i = 0; i < 1000 && now != CORE_NEVER; i++) {
		core_observe(&zone, &facts);
		int64_t next = core_run(&zone, &policy, &facts, now, NULL, NULL);
		if (zone.revision != facts.revision) {
			facts.revision = zone.revision;
			facts.revision_since = now;
		} else {
			now = next;
		}
	}
	ck_assert_int_eq(now, CORE_NEVER);
}

/* A rollover of a ZSK, in each state that it goes through, is finished by us. */
START_TEST(zsk_rollover)
{
	static const int steps[][2][2] = { /* DNSKEY and RRSIG of the old and of the new key. */
		{ { O, O }, { H, H } }, { { O, O }, { R, H } }, { { O, O }, { O, H } },
		{ { O, U }, { O, R } }, { { O, U }, { O, O } }, { { O, H }, { O, O } },
		{ { U, H }, { O, O } }, { { H, H }, { O, O } },
	};
	const int (*s)[2] = steps[_i];
	add(&(row_t){ 1, 1, 1, 1, STATES(O, O, O, N), 3, 4, T1 });
	add(&(row_t){ 2, 2, 2, 0, STATES(N, s[0][0], N, s[0][1]), 0, 1, T2 });
	add(&(row_t){ 3, 3, 2, 1, STATES(N, s[1][0], N, s[1][1]), 0, 1, T2 });
	mapped();
	if (_i == 7) { /* The old key is past. */
		ck_assert_uint_eq(zone.count, 2);
		return;
	}
	ck_assert_uint_eq(zone.count, 3);
	if (_i == 3) {
		record_is(1, KEYSET_RRSIG, KEYSET_UNRETENTIVE, T2, 1, 0);
		record_is(2, KEYSET_RRSIG, KEYSET_RUMOURED, T2, 1, 1);
		ck_assert_uint_eq(zone.revision, 1);
	}
	run_on();
	ck_assert(core_is_hidden(&keys[1]) && core_is_settled(&keys[2]));
	ck_assert(core_is_settled(&keys[0]));
}
END_TEST

/* The same with a KSK, by double signature. */
START_TEST(ksk_rollover)
{
	static const struct {
		int old[3], new[3], old_parent, new_parent;
		bool done; /* The parent has the new DS only. */
	} steps[] = {
		{ { O, O, O }, { H, R, R }, 3, 0, false }, { { O, O, O }, { H, O, O }, 3, 0, false },
		{ { U, O, O }, { R, O, O }, 4, 1, false }, { { U, O, O }, { R, O, O }, 5, 2, false },
		{ { U, O, O }, { R, O, O }, 0, 3, true },  { { U, O, O }, { O, O, O }, 0, 3, true },
		{ { U, U, U }, { O, O, O }, 0, 3, true },  { { U, H, H }, { O, O, O }, 5, 3, false },
	};
	const int *old = steps[_i].old, *new = steps[_i].new;
	add(&(row_t){ 1, 1, 1, 0, STATES(old[0], old[1], old[2], N), steps[_i].old_parent, 4, T1 });
	add(&(row_t){ 3, 3, 1, 1, STATES(new[0], new[1], new[2], N), steps[_i].new_parent, 4, T2 });
	kasp_db_sql(file, "UPDATE hsmKey SET role = 1 WHERE id = 3");
	add(&(row_t){ 2, 2, 2, 1, STATES(N, O, N, O), 0, 1, T1 });
	mapped();
	ck_assert_uint_eq(zone.count, 3);
	ck_assert_int_eq(core_ds_waits(&keys[2]), new[0] == R && steps[_i].new_parent != 3);
	ck_assert_int_eq(core_ds_waits(&keys[0]), old[0] == U && steps[_i].old_parent != 0);
	for (int round = 0; round < 4; round++) {
		run_on();
		core_ds_confirm(&keys[2], true, NOW);
		core_ds_confirm(&keys[0], false, NOW);
		zone.ttls[CORE_TTL_DS].until = 0;
	}
	run_on();
	ck_assert(core_is_hidden(&keys[0]) && core_is_settled(&keys[2]));
}
END_TEST

/* A rollover of the algorithm: OpenDNSSEC brings DNSKEYs and signatures at once, and takes them away at once. */
static const struct {
	int ds, rest, parent; /* Of the old keys. */
	int new_ds, new_rest, new_parent;
} algorithm_steps[] = {
	{ O, O, 3, H, R, 0 }, { O, O, 3, H, O, 0 }, { O, O, 3, R, O, 1 }, { U, O, 4, R, O, 1 },
	{ U, O, 5, R, O, 2 }, { U, O, 5, R, O, 3 }, { U, O, 5, O, O, 3 }, { U, O, 0, O, O, 3 },
	{ H, U, 0, O, O, 3 }, { H, U, 0, R, O, 3 }, { H, H, 0, O, O, 3 },
};
#define ALGORITHM_STEPS (sizeof(algorithm_steps) / sizeof(algorithm_steps[0]))

static void algorithm_step(size_t i)
{
	const int old = algorithm_steps[i].rest, new = algorithm_steps[i].new_rest;
	kasp_db_pair(file, 4, "aa04", "one", 1, 2);
	add(&(row_t){ 1, 1, 1, 0, STATES(algorithm_steps[i].ds, old, old, N), algorithm_steps[i].parent, 4, T1 });
	add(&(row_t){ 2, 2, 2, 0, STATES(N, old, N, old), 0, 1, T1 });
	add(&(row_t){ 3, 3, 2, 1, STATES(N, new, N, new), 0, 1, T2 });
	add(&(row_t){ 4, 4, 1, 1, STATES(algorithm_steps[i].new_ds, new, new, N),
	              algorithm_steps[i].new_parent, 4, T2 });
	kasp_db_sql(file, "UPDATE hsmKey SET algorithm = 8, bits = 2048 WHERE id < 3;"
	            "UPDATE keyData SET algorithm = 8 WHERE id < 3");
}

START_TEST(algorithm_rollover)
{
	algorithm_step((size_t)_i);
	mapped();
	if (algorithm_steps[_i].rest == H) {
		ck_assert_uint_eq(zone.count, 2);
		return;
	}
	ck_assert_uint_eq(zone.count, 4);
	ck_assert(!keys[0].goal_in && !keys[1].goal_in && keys[2].goal_in && keys[3].goal_in);
	for (int round = 0; round < 4; round++) {
		run_on();
		core_ds_confirm(&keys[3], true, NOW);
		core_ds_confirm(&keys[0], false, NOW);
		zone.ttls[CORE_TTL_DS].until = 0;
	}
	run_on();
	ck_assert(core_is_hidden(&keys[0]) && core_is_hidden(&keys[1]));
	ck_assert(core_is_settled(&keys[2]) && core_is_settled(&keys[3]));
}
END_TEST

/* -- what is refused ----------------------------------------------------- */

static const struct {
	const char *sql, *say;
} defects[] = {
	{ "UPDATE keyData SET role = 4 WHERE id = 1", "role in kasp.db is \"4\"" },
	{ "UPDATE keyData SET role = 'ksk' WHERE id = 1", "role in kasp.db is \"ksk\"" },
	{ "UPDATE keyData SET role = NULL WHERE id = 1", "role in kasp.db is \"NULL\"" },
	{ "UPDATE keyData SET dsAtParent = 6 WHERE id = 1", "dsAtParent" },
	{ "UPDATE keyData SET dsAtParent = 2 WHERE id = 1", "parent has the DS of ksk 11" },
	{ "UPDATE keyData SET keytag = 65536 WHERE id = 1", "keytag" },
	{ "UPDATE keyData SET algorithm = -1 WHERE id = 1", "algorithm" },
	{ "UPDATE keyData SET algorithm = 8 WHERE id = 1", "another algorithm" },
	{ "UPDATE keyData SET inception = 1e99 WHERE id = 1", "inception" },
	{ "UPDATE keyData SET hsmKeyId = 99 WHERE id = 1", "hsmKeyId" },
	{ "UPDATE hsmKey SET state = 4 WHERE id = 1", "hsmKeyId" },
	{ "UPDATE hsmKey SET locator = x'00' WHERE id = 1", "hsmKeyId" },
	{ "UPDATE keyData SET shouldRevoke = 1 WHERE id = 1", "revoked" },
	{ "UPDATE keyData SET publish = 0 WHERE id = 1", "signer was not told" },
	{ "UPDATE keyState SET state = 5 WHERE id = 1", "state in kasp.db is \"5\"" },
	{ "UPDATE keyState SET state = 'O' WHERE id = 1", "state in kasp.db is \"O\"" },
	{ "UPDATE keyState SET state = 0 WHERE id = 2", "no state of its RRSIG" },
	{ "UPDATE keyState SET lastChange = 1000001 WHERE id = 1", "in the future" },
	{ "UPDATE keyState SET lastChange = -1 WHERE id = 1", "lastChange" },
	{ "UPDATE keyState SET ttl = 4294967295 WHERE id = 1", "ttl" },
	{ "UPDATE keyState SET type = 7 WHERE id = 1", "type" },
	{ "UPDATE keyState SET type = 1 WHERE id = 1", "type" },
	{ "DELETE FROM keyState WHERE id = 3", "no state of its DNSKEY" },
	{ "DELETE FROM keyState", "no state of its DS" },
	{ "UPDATE zone SET name = 7", "name" },
	{ "UPDATE zone SET policyId = 3", "policyId" },
	{ "UPDATE zone SET signconfNeedsWriting = 1", "signconf" },
	{ "UPDATE zone SET inputAdapterType = 'LDAP'", "File or DNS" },
	{ "UPDATE zone SET outputAdapterUri = 'a' || char(10) || 'b'", "outputAdapterUri" },
	{ "UPDATE hsmKey SET bits = 'x' WHERE id = 2", "hsmKeyId" },
	{ "UPDATE hsmKey SET repository = 'two' WHERE id = 2", "would replace zsk 22 at once" },
	{ "UPDATE hsmKey SET backup = 1 WHERE id = 2", "no backup" },
	{ "UPDATE keyData SET introducing = 0 WHERE id = 2", "none follows" },
	{ "UPDATE keyState SET state = 0 WHERE keyDataId = 2 AND type = 1;"
	  "UPDATE keyData SET activeZsk = 0 WHERE id = 2", "signs the zone" },
	{ "UPDATE keyState SET state = 3 WHERE keyDataId = 1 AND type = 0;"
	  "UPDATE keyState SET state = 3 WHERE keyDataId = 2 AND type = 2;"
	  "UPDATE keyData SET dsAtParent = 4 WHERE id = 1;"
	  "UPDATE keyData SET publish = 0 WHERE id = 2", "published signs the zone" },
};
#define DEFECTS (sizeof(defects) / sizeof(defects[0]))

START_TEST(defective_zone)
{
	at_rest();
	mapped();
	kasp_db_sql(file, "%s", defects[_i].sql);
	ck_assert_msg(map() == -1, "taken over: %s", defects[_i].sql);
	ck_assert_msg(strstr(why, defects[_i].say) != NULL, "no '%s' in: %s", defects[_i].say, why);
}
END_TEST

static void refused(const char *say)
{
	ck_assert_int_eq(map(), -1);
	ck_assert_msg(strstr(why, say) != NULL, "no '%s' in: %s", say, why);
}

/* A kasp.xml by which the move itself would change the zone. */
START_TEST(changed_policy)
{
	at_rest();
	mapped();
	policy.nsec3 = false;
	refused("has NSEC, and OpenDNSSEC signs with NSEC3");
	policy.nsec3 = true;
	policy_key_t more[] = { entries[0], entries[1], entries[1] };
	more[2].algorithm = 15;
	policy.keys = more;
	policy.key_count = 3;
	int ret = map();
	policy.keys = entries;
	policy.key_count = 2;
	ck_assert_int_eq(ret, -1);
	ck_assert_ptr_nonnull(strstr(why, "wants a zsk of algorithm 15"));
}
END_TEST

START_TEST(doubtful_rollovers)
{
	/* Signatures by two keys, of which OpenDNSSEC's signer may have made one only. */
	add(&(row_t){ 1, 1, 1, 1, STATES(O, O, O, N), 3, 4, T1 });
	add(&(row_t){ 2, 2, 2, 0, STATES(N, O, N, O), 0, 0, T1 });
	add(&(row_t){ 3, 3, 2, 1, STATES(N, O, N, O), 0, 0, T2 });
	refused("does not sign twice");
	kasp_db_sql(file, "UPDATE keyData SET minimize = 1 WHERE id = 3");
	refused("state that it should not have");

	/* Two at once. */
	kasp_db_pair(file, 4, "aa04", "one", 2, 2);
	add(&(row_t){ 4, 4, 2, 0, STATES(N, O, N, H), 0, 1, T2 });
	refused("several rollovers of the zsk");
}
END_TEST

/* Rollovers of the algorithm that OpenDNSSEC does not do so. */
START_TEST(odd_algorithms)
{
	static const struct {
		const char *sql, *say;
	} odd[] = {
		{ "UPDATE keyState SET state = 1 WHERE keyDataId = 2 AND type = 1", "rollover of the algorithm is" },
		{ "UPDATE keyState SET state = 2 WHERE keyDataId = 1 AND type = 0;"
		  "UPDATE keyData SET dsAtParent = 3 WHERE id = 1;"
		  "UPDATE keyState SET state = 3 WHERE keyDataId = 2 AND type = 2;"
		  "UPDATE keyData SET publish = 0 WHERE id = 2", "rollover of the algorithm is" },
		{ "UPDATE keyState SET state = 0 WHERE keyDataId = 4 AND type = 0;"
		  "UPDATE keyData SET dsAtParent = 0 WHERE id = 4", "rollover of the algorithm is" },
		{ "UPDATE keyState SET state = 1 WHERE keyDataId = 3 AND type = 2", "rollover of the algorithm is" },
		{ "UPDATE keyData SET introducing = 1 WHERE id = 2", "keys of several algorithms" },
		{ "UPDATE keyData SET introducing = 0 WHERE id = 3", "keys of several algorithms" },
	};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		algorithm_step(4);
		mapped();
		kasp_db_sql(file, "%s", odd[i].sql);
		ck_assert_msg(map() == -1, "taken over: %s", odd[i].sql);
		ck_assert_msg(strstr(why, odd[i].say) != NULL, "no '%s' in: %s", odd[i].say, why);
		kasp_db_sql(file, "DELETE FROM keyData; DELETE FROM keyState; DELETE FROM hsmKey WHERE id = 4");
	}
}
END_TEST

START_TEST(leftover_ds)
{
	at_rest();
	for (int i = 4; i < 7; i++) { /* Nobody ever said ds-gone. */
		kasp_db_pair(file, i, i == 4 ? "aa04" : i == 5 ? "aa05" : "aa06", "one", 1, 2);
		add(&(row_t){ i, i, 1, 0, STATES(U, H, H, N), 5, 4, T1 });
	}
	mapped();
	ck_assert_uint_eq(zone.count, 5);
	ck_assert(core_ds_waits(&keys[2]) && core_ds_waits(&keys[4]));
}
END_TEST

START_TEST(too_many_keys)
{
	at_rest();
	for (int i = 10; i < 10 + CORE_KEYS_MAX; i++) {
		char locator[10];
		snprintf(locator, sizeof(locator), "bb%02d", i);
		kasp_db_pair(file, i, locator, "one", 1, 2);
		add(&(row_t){ i, i, 1, 0, STATES(U, H, H, N), 5, 4, T1 });
	}
	refused("more than");
}
END_TEST

/* -- the signer ---------------------------------------------------------- */

#define HEAD ";OpenDNSSEC-backup-v3\n;;Time: 1764000000\n" \
	";;Zone: name a.test class 1 inbound 5 internal 8 outbound 7\n" \
	";;Signconf: lastmod 1 maxzonettl 0 resign PT5S refresh PT1H\n"
#define KSK_LINE ";;Key: locator aa01 algorithm 13 flags 257 publish 1 ksk 1 zsk 0 keytag 11\n"
#define ZSK_LINE ";;Key: locator AA02 algorithm 13 flags 256 publish 1 ksk 0 zsk 1 keytag 22\n"

static int read_signer(const char *text, ods_signer_t *signer)
{
	memset(signer, 0, sizeof(*signer));
	write_file("a.test.backup2", text);
	return ods_signer_read(dir, "a.test", signer, err, sizeof(err));
}

START_TEST(signer_state)
{
	static const char *const bad[] = {
		"", ";OpenDNSSEC-backup-v2\n", ";OpenDNSSEC-backup-v3\n", HEAD, HEAD KSK_LINE, ";OpenDNSSEC-backup-v3\n" KSK_LINE ";;\n",
		HEAD ";;Key: locator aa01 algorithm 13\n;;\n", HEAD HEAD ";;\n",
		";OpenDNSSEC-backup-v3\n;;Zone: name a.test class 1 inbound 5 internal x outbound 7\n;;\n",
	};
	ods_signer_t signer;
	memset(&signer, 0, sizeof(signer));
	ck_assert_int_eq(ods_signer_read(dir, "none.test", &signer, err, sizeof(err)), 0);
	ck_assert(!signer.published && !signer.state);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(read_signer(bad[i], &signer), -1);
		ck_assert_ptr_nonnull(strstr(err, "a.test.backup2"));
	}
	at_rest();
	read_db();
	ck_assert_int_eq(read_signer(HEAD KSK_LINE ZSK_LINE ";;\na.test. 1 IN SOA\n", &signer), 0);
	ck_assert(signer.published && signer.state && signer.serial == 8);
	ck_assert_int_eq(map_check_signer(&db, &db.zones[0], &signer, why), 0);
	ck_assert_int_eq(read_signer(HEAD KSK_LINE ";;\n", &signer), 0);
	ck_assert_int_eq(map_check_signer(&db, &db.zones[0], &signer, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "see zsk 22"));
	ck_assert_int_eq(read_signer(HEAD KSK_LINE ZSK_LINE ";;Key: locator aa09 algorithm 13 flags "
	                             "256 publish 1 ksk 0 zsk 0 keytag 1\n;;\n", &signer), 0);
	ck_assert_int_eq(map_check_signer(&db, &db.zones[0], &signer, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "does not know"));
}
END_TEST

START_TEST(signed_file)
{
	ods_signer_t signer = { .published = true, .serial = 4294967290u };
	char path[100];
	snprintf(path, sizeof(path), "%s/a.test.signed", dir);
	ck_assert_int_eq(ods_signer_read_zone(path, &signer, err, sizeof(err)), 0);
	write_file("a.test.signed", "; SIGNED\na.test.\t3600\tIN\tSOA\tns.a.test. h.a.test. 3 1 1 1 1\n");
	ck_assert_int_eq(ods_signer_read_zone(path, &signer, err, sizeof(err)), 0);
	ck_assert_uint_eq(signer.serial, 3); /* RFC 1982. */
	static const char *const bad[] = { "", "a.test. IN NS b.\n", "a. IN SOA b. c. x\n",
	                                   "a. IN SOA b. c. 4294967296 1\n" };
	for (size_t i = 0; i < 4; i++) {
		write_file("a.test.signed", bad[i]);
		ck_assert_int_eq(ods_signer_read_zone(path, &signer, err, sizeof(err)), -1);
	}
	ck_assert_uint_eq(signer.serial, 3);
}
END_TEST

/* -- the way back -------------------------------------------------------- */

/* The zone as it is here: with its KSK, and that ZSK. */
static kasp_zone_t here_with(zone_key_t infos[2], const char *zsk, uint16_t tag)
{
	mapped();
	infos[0] = (zone_key_t){ .cka_id = (char *)"aa01" };
	infos[1] = (zone_key_t){ .cka_id = (char *)zsk };
	keys[1].keytag = tag;
	keys[1].inception = T2;
	return (kasp_zone_t){ .name = (char *)"a.test.", .core = zone, .keys = infos };
}

static void tell(const char *zsk, uint16_t tag)
{
	zone_key_t infos[2];
	const kasp_zone_t here = here_with(infos, zsk, tag);
	char *sql = back_sql(&db, &db.zones[0], &here, NOW, why);
	ck_assert_msg(sql != NULL, "%s", why);
	kasp_db_sql(file, "%s", sql);
	free(sql);
	/* The enforcer is to tell the signer. */
	read_db();
	ck_assert(db.zones[0].unwritten);
	kasp_db_sql(file, "UPDATE zone SET signconfNeedsWriting = 0");
}

/* What is told is what an import would take over again; a pair may be there, or not. */
START_TEST(told_back)
{
	at_rest();
	if (_i == 1) {
		kasp_db_pair(file, 4, "aa04", "one", 2, 1);
	}
	kasp_db_sql(file, "INSERT INTO keyDependency (zoneId, fromKeyDataId, toKeyDataId, type) VALUES "
	            "(1, 1, 2, 1); UPDATE zone SET rollZskNow = 1");
	tell("aa04", 44);
	mapped();
	ck_assert_uint_eq(zone.count, 2);
	ck_assert(zone.keys[0].keytag == 11 && zone.keys[1].keytag == 44);
	ck_assert(zone.keys[1].inception == T2 && zone.requests[KEYSET_ZSK].at == 0);
	ck_assert(core_is_settled(&zone.keys[0]) && core_is_settled(&zone.keys[1]));
	ck_assert_int_eq(zone.keys[1].record[KEYSET_RRSIG].since, NOW);
	/* Its own key is past, and the KSK as it was. */
	const ods_zone_t *told = &db.zones[0];
	ck_assert(told->key_count == 3 && map_is_past(&told->keys[1]));
	ck_assert(told->keys[0].record[KEYSET_DS].since == T1 && told->keys[0].ds == ODS_DS_SEEN);
	ck_assert(told->keys[2].minimize == 1);
	/* And back to the first one. */
	tell("aa02", 22);
	mapped();
	ck_assert(zone.count == 2 && zone.keys[1].keytag == 22);
	ck_assert_uint_eq(db.zones[0].key_count, 3);
}
END_TEST

START_TEST(not_told_back)
{
	zone_key_t infos[2];
	at_rest();
	kasp_zone_t here = here_with(infos, "aa04", 44);
	const struct {
		core_key_t key;
		const char *why;
	} cases[] = {
		{ { .role = KEYSET_ZSK, .algorithm = 15, .bits = 256, .repository = "one" },
		  "no zsk of algorithm 15" },
		{ { .role = KEYSET_ZSK, .algorithm = 13, .bits = 256, .repository = "two" },
		  "in repository two" },
		{ { .role = KEYSET_CSK, .algorithm = 13, .bits = 256, .repository = "one" }, "no csk" },
		{ { .role = KEYSET_ZSK, .algorithm = 13, .bits = 256, .repository = "one", .standby = true },
		  "on standby" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		core_key_t key = cases[i].key;
		key.goal_in = true;
		memcpy(key.record, keys[1].record, sizeof(key.record));
		here.core.keys[1] = key;
		ck_assert_ptr_null(back_sql(&db, &db.zones[0], &here, NOW, why));
		ck_assert_msg(strstr(why, cases[i].why) != NULL, "%s", why);
	}
	here = here_with(infos, "aa04", 44);
	here.core.keys[1].record[KEYSET_RRSIG].state = KEYSET_RUMOURED;
	ck_assert_ptr_null(back_sql(&db, &db.zones[0], &here, NOW, why));
	ck_assert_msg(strstr(why, "in the midst of a change") != NULL, "%s", why);
}
END_TEST

/* -- into the engine's database ------------------------------------------ */

static desk_t desk;
static keys_t token_keys;
static char rows[4000];

static void engine_setup(void)
{
	char path[100];
	hsm_error_t problem = { 0 };
	test_tokens_make();
	setup();
	snprintf(path, sizeof(path), "%s/engine.db", dir);
	desk_init(&desk, NULL, NULL);
	desk.conf.tokens = *test_conf();
	desk.policies = (policies_t){ &policy, 1 };
	keys_init(&token_keys, &desk, false);
	ck_assert_msg(db_open(&desk.db, path, err, sizeof(err)) == 0, "%s", err);
	ck_assert_msg(repos_new(&token_keys.tokens, test_conf(), &problem) == HSM_EOK, "%s",
	              problem.text);
	repos_check(token_keys.tokens, NOW);
}

static void engine_teardown(void)
{
	keys_deinit(&token_keys);
	desk.conf = (engine_conf_t){ 0 }; /* These two are borrowed. */
	desk.policies = (policies_t){ 0 };
	desk_deinit(&desk);
	teardown();
	test_tokens_remove();
}

/* Makes a key in the token. \return Its key tag. */
static int make_key(const char *id, keyset_role_t role)
{
	hsm_key_t *key = NULL;
	hsm_error_t problem = { 0 };
	const hsm_key_spec_t spec = { .repository = "one", .algorithm = 13, .bits = 256,
	                              .cka_id = id };
	ck_assert_msg(repos_generate(token_keys.tokens, &spec, NOW, &key, &problem) == HSM_EOK,
	              "%s", problem.text);
	dnssec_binary_t public_key = hsm_key_public(key);
	int tag = dnskey_tag(role, 13, public_key.data, public_key.size);
	hsm_key_free(key);
	return tag;
}

static void take_row(void *ctx, const import_row_t *row)
{
	static const char *const results[] = { "taken", "known", "refused", "note" };
	(void)ctx;
	size_t used = strlen(rows);
	snprintf(rows + used, sizeof(rows) - used, "%s %s; %s; %s; %s\n",
	         row->zone != NULL ? row->zone : "-", results[row->result], row->keys, row->serial,
	         row->why);
}

static void import(const char *name, const uint32_t *serial, bool plan)
{
	import_t what = { .from = source_kind(NULL), .database = file, .signer_dir = dir, .zone = name, .serial = serial,
	                  .plan = plan, .to = { take_row, NULL } };
	rows[0] = '\0';
	ck_assert_msg(import_run(&desk, &token_keys, &what, err, sizeof(err)) == 0, "%s", err);
}

static void said(const char *say)
{
	ck_assert_msg(strstr(rows, say) != NULL, "no '%s' in:\n%s", say, rows);
}

static unsigned count_zones(void)
{
	unsigned count = 0;
	kasp_zone_t z = { 0 };
	static const char *const names[] = { "a.test.", "b.test." };
	for (size_t i = 0; i < 2; i++) {
		count += db_zone_get(desk.db, names[i], &z) == 1;
		kasp_zone_deinit(&z);
	}
	return count;
}

static int note_key(void *ctx, const db_token_key_t *key)
{
	char *out = ctx;
	size_t used = strlen(out);
	snprintf(out + used, 200 - used, "%s:%u:%d ", key->cka_id, key->given, key->backup);
	return 0;
}

static void keys_are(const char *want)
{
	char have[200] = "";
	ck_assert_int_eq(db_keys(desk.db, note_key, have), 0);
	ck_assert_str_eq(have, want);
}

static void zone_is(const char *name, size_t count, uint32_t serial)
{
	kasp_zone_t z = { 0 };
	ck_assert_int_eq(db_zone_get(desk.db, name, &z), 1);
	ck_assert_uint_eq(z.core.count, count);
	ck_assert(z.taken_over && z.serial_before == serial);
	ck_assert_str_eq(z.policy, "default");
	for (size_t i = 0; i < count; i++) {
		ck_assert_ptr_nonnull(plan_entry(&policy, &z.core.keys[i]));
		ck_assert(core_is_settled(&z.core.keys[i]));
	}
	ck_assert_uint_eq(z.core.ttls[CORE_TTL_DNSKEY].ttl, 300);
	kasp_zone_deinit(&z);
	db_scope_t scope;
	int64_t until;
	ck_assert_int_eq(db_freeze_get(desk.db, name, "default", T1, &scope, &until), 1);
	ck_assert(scope == DB_FREEZE_IMPORT && until == CORE_NEVER);
}

/* Two zones that share their KSK; one of them lacks its ZSK at first. */
START_TEST(whole_import)
{
	uint8_t salt[DB_SALT_MAX];
	size_t len = 0;
	int64_t since = 0;
	uint32_t serial = 77;
	int ksk = make_key("aa01", KEYSET_KSK), zsk = make_key("aa02", KEYSET_ZSK);
	make_key("aa04", KEYSET_ZSK);
	at_rest();
	kasp_db_zone(file, 2, "B.test");
	kasp_db_pair(file, 4, "AA04", "one", 2, 1);
	kasp_key_t key = { .id = 3, .zone = 2, .pair = 1, .role = 1, .introducing = 1, .ds = O,
	                   .dnskey = O, .rrsig_dnskey = O, .rrsig = N, .ds_at_parent = 3,
	                   .minimize = 4, .since = T1 };
	kasp_db_key(file, &key);
	key = (kasp_key_t){ .id = 4, .zone = 2, .pair = 3, .role = 2, .introducing = 1, .ds = N,
	                    .dnskey = O, .rrsig_dnskey = N, .rrsig = O, .minimize = 1,
	                    .since = T1 };
	kasp_db_key(file, &key);
	kasp_db_sql(file, "UPDATE keyData SET keytag = %d WHERE role = 1;"
	            "UPDATE keyData SET keytag = %d WHERE role = 2;"
	            "UPDATE hsmKey SET backup = 3 WHERE id = 1", ksk, zsk);
	write_file("a.test.backup2", HEAD KSK_LINE ZSK_LINE ";;\n");

	/* Nothing is written by a plan, nor of a zone that is refused. */
	import(NULL, NULL, true);
	said("a.test. taken; ksk ");
	said("; 8; ");
	said("b.test. refused");
	said("CKA_ID aa03: ");
	ck_assert_ptr_null(strstr(rows, "- note"));
	ck_assert_uint_eq(count_zones(), 0);
	import(NULL, NULL, false);
	said("a.test. taken");
	said("b.test. refused");
	zone_is("a.test.", 2, 8);
	ck_assert_uint_eq(count_zones(), 1);
	keys_are("aa01:2:2 aa02:1:0 "); /* OpenDNSSEC's other zone has it, too. */
	ck_assert_int_eq(db_salt_get(desk.db, "default", salt, &len, &since), 1);
	ck_assert(len == 2 && salt[0] == 0xab && salt[1] == 0x12 && since == 777);

	/* Its CKA_ID is there, and yet another key; then the right one, and no serial. */
	kasp_db_sql(file, "DELETE FROM hsmKey WHERE id = 2;"
	            "UPDATE hsmKey SET locator = 'aa02' WHERE id = 3;"
	            "UPDATE keyData SET keytag = %d WHERE id = 4", (zsk + 1) % 65536);
	import("b.TEST", NULL, false);
	said("another key of that CKA_ID");
	kasp_db_sql(file, "UPDATE keyData SET keytag = %d WHERE id = 4", zsk);
	import("b.test.", NULL, false);
	said("last serial is not known");
	import("b.test.", &serial, false);
	said("b.test. taken");
	said("; not checked whether OpenDNSSEC's signer signed with them: ");
	zone_is("b.test.", 2, 77);
	keys_are("aa01:2:2 aa02:2:0 ");

	/* Again: left alone; now that all zones are ours, so is the unused key. */
	import(NULL, NULL, false);
	said("a.test. known");
	said("b.test. known");
	said("if they are not to stay: ods forget");
	said("- note; ; ; 1 keys");
	keys_are("aa01:2:2 aa02:2:0 aa04:0:0 ");
	import(NULL, NULL, false);
	keys_are("aa01:2:2 aa02:2:0 aa04:0:0 ");

	import_t none = { .from = source_kind(NULL), .database = file, .signer_dir = dir, .zone = "c.test",
	                  .to = { take_row, NULL } };
	ck_assert_int_eq(import_run(&desk, &token_keys, &none, err, sizeof(err)), -1);
	ck_assert_ptr_nonnull(strstr(err, "has no zone c.test"));

	/* As long as they are frozen, kasp.xml must not change them without a word. */
	char *text = NULL;
	ck_assert_int_eq(imported_changed(&desk, "a.test.", NULL), 0);
	policy.nsec3 = false;
	ck_assert_int_eq(imported_changed(&desk, "a.test.", &text), 1);
	ck_assert_ptr_nonnull(strstr(text, "policy default was \"NSEC3, 0 iterations, salt of 2 bytes, KSK of algorithm 13, "));
	ck_assert_ptr_nonnull(strstr(text, ", and is \"NSEC, KSK of algorithm 13, 256 bits, in one, ZSK "));
	free(text);
	policy.nsec3 = true;
	entries[1].algorithm = 15;
	ck_assert_int_eq(imported_changed(&desk, "a.test.", NULL), 1);
	entries[1].algorithm = 13;
	policy.keys_ttl += 100;
	ck_assert_int_eq(imported_changed(&desk, "a.test.", NULL), 0);
	policy.keys_ttl -= 100;

	/* Of the zones that were imported one is thawed, then all. */
	ck_assert_int_eq(db_freeze_end(desk.db, DB_FREEZE_ZONE, "a.test."), 0);
	ck_assert_int_eq(db_freeze_end(desk.db, DB_FREEZE_IMPORT, "a.test."), 1);
	ck_assert_int_eq(db_freeze_end(desk.db, DB_FREEZE_IMPORT, ""), 1);
}
END_TEST

/* A policy that our kasp.xml lacks, or that would replace the keys at once; a token that is away. */
START_TEST(other_surroundings)
{
	int ksk = make_key("aa01", KEYSET_KSK), zsk = make_key("aa02", KEYSET_ZSK);
	at_rest();
	kasp_db_sql(file, "UPDATE keyData SET keytag = %d WHERE id = 1;"
	            "UPDATE keyData SET keytag = %d WHERE id = 2", ksk, zsk);
	write_file("a.test.backup2", HEAD KSK_LINE ZSK_LINE ";;\n");
	kasp_db_sql(file, "UPDATE policy SET name = 'other'");
	import(NULL, NULL, false);
	said("no policy \"other\"");
	kasp_db_sql(file, "UPDATE policy SET name = 'default', keysTtl = 'x'");
	import(NULL, NULL, false);
	said("keysTtl");
	kasp_db_sql(file, "UPDATE policy SET keysTtl = 300; UPDATE hsmKey SET repository = 'three'");
	import(NULL, NULL, false);
	said("conf.xml has no repository three");
	kasp_db_sql(file, "UPDATE hsmKey SET repository = 'one'; UPDATE zone SET name = 'a..test'");
	import(NULL, NULL, false);
	said("no domain name");
	kasp_db_sql(file, "UPDATE zone SET name = 'a.test'; DELETE FROM policy");
	import(NULL, NULL, false);
	said("policyId");
	ck_assert_uint_eq(count_zones(), 0);
}
END_TEST

static db_scope_t frozen_by(const char *name, int64_t *until)
{
	db_scope_t scope = DB_FREEZE_ALL;
	ck_assert_int_eq(db_freeze_get(desk.db, name, "default", T1, &scope, until), 1);
	return scope;
}

static void freeze(db_scope_t scope, const char *name, int64_t until)
{
	const db_freeze_t what = { scope, name, until };
	ck_assert_int_eq(db_freeze_put(desk.db, &what), 0);
}

/* The freeze that lasts longest counts. With many zones each look costs the same, or this runs out of time. */
START_TEST(many_frozen)
{
	enum { ZONES = 10000 };
	char name[20];
	int64_t until = 0;
	ck_assert_int_eq(db_begin(desk.db), 0);
	for (int i = 0; i < ZONES; i++) {
		snprintf(name, sizeof(name), "z%d.test.", i);
		freeze(DB_FREEZE_IMPORT, name, CORE_NEVER);
	}
	ck_assert_int_eq(db_commit(desk.db), 0);
	for (int i = 0; i < ZONES; i++) {
		snprintf(name, sizeof(name), "z%d.test.", i);
		ck_assert(frozen_by(name, &until) == DB_FREEZE_IMPORT && until == CORE_NEVER);
	}
	freeze(DB_FREEZE_ZONE, "a.test.", T1);
	db_scope_t scope;
	ck_assert_int_eq(db_freeze_get(desk.db, "a.test.", "default", T1, &scope, &until), 0);
	freeze(DB_FREEZE_POLICY, "default", T2);
	ck_assert(frozen_by("a.test.", &until) == DB_FREEZE_POLICY && until == T2);
	freeze(DB_FREEZE_ZONE, "a.test.", NOW);
	ck_assert(frozen_by("a.test.", &until) == DB_FREEZE_ZONE && until == NOW);
	freeze(DB_FREEZE_ALL, "", NOW);
	ck_assert(frozen_by("a.test.", &until) == DB_FREEZE_ALL && frozen_by("b.test.", &until) == DB_FREEZE_ALL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import");
	TCase *tc = tcase_create("mapping");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, bad_files);
	tcase_add_test(tc, broken_files);
	tcase_add_test(tc, many_zones);
	tcase_add_test(tc, zone_at_rest);
	tcase_add_loop_test(tc, zsk_rollover, 0, 8);
	tcase_add_loop_test(tc, ksk_rollover, 0, 8);
	tcase_add_loop_test(tc, algorithm_rollover, 0, (int)ALGORITHM_STEPS);
	tcase_add_loop_test(tc, defective_zone, 0, (int)DEFECTS);
	tcase_add_test(tc, changed_policy);
	tcase_add_test(tc, doubtful_rollovers);
	tcase_add_test(tc, odd_algorithms);
	tcase_add_test(tc, leftover_ds);
	tcase_add_test(tc, too_many_keys);
	tcase_add_test(tc, signer_state);
	tcase_add_test(tc, signed_file);
	tcase_add_loop_test(tc, told_back, 0, 2);
	tcase_add_test(tc, not_told_back);
	suite_add_tcase(suite, tc);
	if (test_softhsm() != NULL) {
		tc = tcase_create("engine");
		tcase_add_checked_fixture(tc, engine_setup, engine_teardown);
		tcase_set_timeout(tc, 60);
		tcase_add_test(tc, whole_import);
		tcase_add_test(tc, other_surroundings);
		tcase_add_test(tc, many_frozen);
		suite_add_tcase(suite, tc);
	}

	return check_main(suite);
}
