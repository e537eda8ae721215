/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policy-engine/database/db.h"
#include "policy-engine/desk/timekeeper.h"
#include "policy-engine/keys/allocate.h"
#include "tests/unit/check-main.h"

static char dir[40];
static char file[80];
static char err[1024];

static void setup(void)
{
	strcpy(dir, "/tmp/test-engine-store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/engine.db", dir);
	err[0] = '\0';
}

static void teardown(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char path[100];
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", file, suffixes[i]);
		unlink(path);
	}
	rmdir(dir);
}

static db_t *open_store(void)
{
	db_t *db = NULL;
	ck_assert_msg(db_open(&db, file, err, sizeof(err)) == 0, "%s", err);
	return db;
}

static void refuse_store(const char *say)
{
	db_t *db = NULL;
	ck_assert_int_eq(db_open(&db, file, err, sizeof(err)), -1);
	ck_assert_ptr_null(db);
	ck_assert_msg(strstr(err, say) != NULL && strstr(err, file) != NULL, "no '%s' in: %s", say,
	              err);
}

/* What others can write is not believed: the file, and the folder with a journal in it. */
START_TEST(test_untrusted)
{
	db_close(open_store());
	ck_assert_int_eq(chmod(file, 0666), 0);
	refuse_store("everybody can write to it");
	ck_assert_int_eq(chmod(file, 0600), 0);
	ck_assert_int_eq(chmod(dir, 01777), 0);
	db_t *db = NULL;
	ck_assert_int_eq(db_open(&db, file, err, sizeof(err)), -1);
	ck_assert_ptr_nonnull(strstr(err, "the database's folder"));
	ck_assert_int_eq(chmod(dir, 0700), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(file, 65534, -1), 0);
		refuse_store("neither root nor this process's");
		ck_assert_int_eq(chown(file, 0, -1), 0);
	}
	db_close(open_store());
}
END_TEST

/* \return The file's content, to be freed. */
static char *content(size_t *len)
{
	struct stat st;
	FILE *in = fopen(file, "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fstat(fileno(in), &st), 0);
	*len = st.st_size;
	char *data = malloc(*len + 1);
	ck_assert_ptr_nonnull(data);
	ck_assert_uint_eq(fread(data, 1, *len, in), *len);
	fclose(in);
	return data;
}

/* A database that is refused stays as it is, and nothing is left beside it. */
static void refuse_untouched(const char *say)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal" };
	size_t len, len_after;
	char *before = content(&len);
	refuse_store(say);
	char *after = content(&len_after);
	ck_assert_uint_eq(len, len_after);
	ck_assert_mem_eq(before, after, len);
	free(before);
	free(after);
	for (size_t i = 0; i < 3; i++) {
		char path[100];
		snprintf(path, sizeof(path), "%s%s", file, suffixes[i]);
		ck_assert_int_ne(access(path, F_OK), 0);
	}
}

static void outside(const char *sql)
{
	sqlite3 *db;
	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	char *why = NULL;
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s", why);
	sqlite3_close(db);
}

static int take_first(void *ctx, const db_token_key_t *key)
{
	db_token_key_t *out = ctx;
	static uint8_t public_key[8];
	static char cka_id[40];
	if (key->public_key_len > 0) {
		memcpy(public_key, key->public_key, key->public_key_len);
	}
	snprintf(cka_id, sizeof(cka_id), "%s", key->cka_id);
	*out = *key;
	out->repository = "SoftHSM";
	out->cka_id = cka_id;
	out->public_key = public_key;
	return 1;
}

static int count_name(void *ctx, const char *name)
{
	(void)name;
	(*(unsigned *)ctx)++;
	return 0;
}

static unsigned due(db_t *db, int64_t now)
{
	unsigned found = 0;
	ck_assert_int_eq(db_zones_due(db, now, 10, count_name, &found), 0);
	return found;
}

static void make_key(db_t *db, const char *cka_id, const void *public_key)
{
	ck_assert_int_eq(db_key_intend(db, "SoftHSM", cka_id, 13, 256, 5), 0);
	ck_assert_int_eq(db_key_made(db, "SoftHSM", cka_id, public_key, 4), 0);
}

/* A zone with one key, all fields set. */
static void fill(db_t *db)
{
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(db_zone_put(db, "a.test.", "default"), 1);
	make_key(db, "aa01", "abcd");
	db_token_key_t key = { 0 };
	ck_assert_int_eq(db_keys_unused(db, "SoftHSM", 13, 256, take_first, &key), 0);
	ck_assert_str_eq(key.cka_id, "aa01");

	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, "a.test.", &zone), 1);
	core_key_t core;
	core_key_init(&core, KEYSET_CSK, 13, 777, POLICY_ROLL_DOUBLE_DS, 7);
	ck_assert_int_eq(db_zone_give_key(db, &zone, &key, &core), 0);
	ck_assert(!core_request_roll(&zone.core, KEYSET_ZSK, true, 99));
	ck_assert(core_request_roll(&zone.core, KEYSET_CSK, true, 98));
	ck_assert(core_request_roll(&zone.core, KEYSET_CSK, false, 99));
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		zone.core.keys[0].record[r] = (core_record_t){
			.state = (keyset_state_t)(r + 1), .since = 10 + r,
			.revision = (uint64_t)20 + (unsigned)r, .public_at = 30 + r,
			.came = (uint64_t)40 + (unsigned)r
		};
		zone.core.ttls[r % CORE_TTLS] = (core_ttl_t){ 4000000000u, 70 + r, 9 };
	}
	zone.core.keys[0].standby = true;
	zone.core.keys[0].goal_in = false;
	zone.core.revision = 9;
	zone.core.shown = (core_shown_t){ .ttl = 86400, .absence = 900 };
	memset(zone.digest, 0x5a, sizeof(zone.digest));
	zone.next = 1234;
	ck_assert_int_eq(db_zone_save(db, &zone), 0);
	kasp_zone_deinit(&zone);
	ck_assert_int_eq(db_salt_put(db, "default", (const uint8_t *)"salt", 4, 55), 0);
	ck_assert_int_eq(db_commit(db), 0);
}

static void check_filled(db_t *db)
{
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, "a.test.", &zone), 1);
	ck_assert_str_eq(zone.policy, "default");
	ck_assert_uint_eq(zone.core.revision, 9);
	ck_assert_uint_eq(zone.digest[31], 0x5a);
	ck_assert_int_eq(zone.next, 1234);
	ck_assert_uint_eq(zone.core.count, 1);
	ck_assert_str_eq(zone.keys[0].repository, "SoftHSM");
	ck_assert_str_eq(zone.keys[0].cka_id, "aa01");
	ck_assert_uint_eq(zone.core.keys[0].bits, 256);
	ck_assert_uint_eq(zone.keys[0].public_key_len, 4);
	ck_assert_mem_eq(zone.keys[0].public_key, "abcd", 4);
	ck_assert(zone.core.requests[KEYSET_CSK].at == 99 &&
	          zone.core.requests[KEYSET_CSK].emergency);
	ck_assert(zone.core.requests[KEYSET_KSK].at == 0 &&
	          !zone.core.requests[KEYSET_KSK].emergency);
	const core_key_t *key = &zone.core.keys[0];
	ck_assert_int_eq(key->inception, 7);
	ck_assert(key->role == KEYSET_CSK && key->algorithm == 13 && key->keytag == 777 &&
	          !key->goal_in && key->standby && key->roll == POLICY_ROLL_DOUBLE_DS);
	ck_assert_str_eq(key->repository, "SoftHSM");
	ck_assert(zone.core.shown.ttl == 86400 && zone.core.shown.absence == 900);
	ck_assert(zone.core.ttls[CORE_TTL_DS].ttl == 4000000000u &&
	          zone.core.ttls[CORE_TTL_DS].until == 73 &&
	          zone.core.ttls[CORE_TTL_DS].lower == 9 &&
	          zone.core.ttls[CORE_TTL_DNSKEY].until == 71 &&
	          zone.core.ttls[CORE_TTL_ZONE].until == 72);
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		ck_assert_int_eq(key->record[r].state, r + 1);
		ck_assert_int_eq(key->record[r].since, 10 + r);
		ck_assert_uint_eq(key->record[r].revision, 20 + r);
		ck_assert_int_eq(key->record[r].public_at, 30 + r);
		ck_assert_uint_eq(key->record[r].came, 40 + r);
	}
	kasp_zone_deinit(&zone);
	uint8_t salt[DB_SALT_MAX];
	size_t len = 0;
	int64_t since = 0;
	ck_assert_int_eq(db_salt_get(db, "default", salt, &len, &since), 1);
	ck_assert(len == 4 && memcmp(salt, "salt", 4) == 0 && since == 55);
	ck_assert_int_eq(db_salt_get(db, "other", salt, &len, &since), 0);
	ck_assert_uint_eq(due(db, 1233), 0);
	ck_assert_uint_eq(due(db, 1234), 1);
	db_token_key_t unused = { 0 };
	ck_assert_int_eq(db_keys_unused(db, "SoftHSM", 13, 256, take_first, &unused), 0);
	ck_assert_int_eq(unused.id, 0);
}

START_TEST(test_restart)
{
	db_t *db = open_store();
	fill(db);
	check_filled(db);
	db_close(db);
	db = open_store();
	check_filled(db);
	ck_assert_int_eq(db_zone_put(db, "a.test.", "default"), 0);
	ck_assert_int_eq(db_zone_put(db, "a.test.", "other"), 1);
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, "b.test.", &zone), 0);
	db_close(db);
}
END_TEST

/* What was committed is there afterwards, the rest is not. */
START_TEST(test_killed)
{
	pid_t pid = fork();
	if (pid == 0) {
		db_t *db = NULL;
		if (db_open(&db, file, err, sizeof(err)) != 0) {
			_exit(1);
		}
		fill(db);
		if (db_begin(db) != 0 || db_zone_put(db, "b.test.", "x") != 1 ||
		    db_zone_put(db, "a.test.", "x") != 1 ||
		    db_key_intend(db, "SoftHSM", "cc", 13, 256, 1) != 0) {
			_exit(2);
		}
		raise(SIGKILL);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	db_t *db = open_store();
	check_filled(db);
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, "b.test.", &zone), 0);
	db_close(db);
}
END_TEST

START_TEST(test_intents)
{
	db_t *db = open_store();
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(db_key_intend(db, "SoftHSM", "01", 13, 256, 5), 0);
	ck_assert_int_eq(db_key_intend(db, "SoftHSM", "02", 13, 256, 6), 0);
	ck_assert_int_eq(db_commit(db), 0);
	db_close(db);

	db = open_store();
	db_token_key_t key = { 0 };
	ck_assert_int_eq(db_keys_intended(db, take_first, &key), 0);
	ck_assert_str_eq(key.cka_id, "01");
	ck_assert_uint_eq(key.public_key_len, 0);
	/* No zone gets a key that may not exist. */
	key.id = 0;
	ck_assert_int_eq(db_keys_unused(db, "SoftHSM", 13, 256, take_first, &key), 0);
	ck_assert_int_eq(key.id, 0);
	ck_assert_int_eq(db_key_forget(db, "SoftHSM", "01"), 0);
	ck_assert_int_eq(db_key_made(db, "SoftHSM", "02", (const uint8_t *)"wxyz", 4), 0);
	ck_assert_int_eq(db_key_forget(db, "SoftHSM", "02"), 0); /* Keeps a key that exists. */
	ck_assert_int_eq(db_keys_intended(db, take_first, &key), 0);
	ck_assert_int_eq(key.id, 0);
	ck_assert_int_eq(db_keys_unused(db, "SoftHSM", 13, 256, take_first, &key), 0);
	ck_assert_str_eq(key.cka_id, "02");
	ck_assert_mem_eq(key.public_key, "wxyz", 4);
	key.id = 0;
	ck_assert_int_eq(db_keys_unused(db, "SoftHSM", 8, 256, take_first, &key), 0);
	ck_assert_int_eq(db_keys_unused(db, "SoftHSM", 13, 384, take_first, &key), 0);
	ck_assert_int_eq(db_keys_unused(db, "Other", 13, 256, take_first, &key), 0);
	ck_assert_int_eq(key.id, 0);
	db_close(db);
}
END_TEST

START_TEST(test_wake)
{
	db_t *db = open_store();
	fill(db);
	ck_assert_int_eq(db_zones_wake(db, 1000), 0);
	ck_assert_uint_eq(due(db, 1000), 1);
	unsigned zones = 0;
	ck_assert_int_eq(db_zones(db, count_name, &zones), 0);
	ck_assert_uint_eq(zones, 1);
	db_close(db);
}
END_TEST

START_TEST(test_second_engine)
{
	db_t *db = open_store();
	db_t *second = NULL;
	/* Another process, since locks of one process do not exclude each other. */
	pid_t pid = fork();
	if (pid == 0) {
		int ret = db_open(&second, file, err, sizeof(err));
		_exit(ret == -1 && strstr(err, "another process") != NULL ? 0 : 1);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	db_close(db);
}
END_TEST

/* A database of the first version: a zone with a KSK whose DNSKEY is on its way. */
static const char first_version[] =
	"PRAGMA application_id = 1868854123; PRAGMA user_version = 1;"
	"CREATE TABLE zone (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	" policy TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 0, digest BLOB,"
	" next INTEGER NOT NULL);"
	"CREATE INDEX zone_next ON zone (next);"
	"CREATE TABLE token_key (id INTEGER PRIMARY KEY, repository TEXT NOT NULL,"
	" cka_id TEXT NOT NULL, algorithm INTEGER NOT NULL, bits INTEGER NOT NULL, public_key BLOB,"
	" created INTEGER NOT NULL, given INTEGER NOT NULL DEFAULT 0, UNIQUE (repository, cka_id));"
	"CREATE INDEX token_key_intended ON token_key (id) WHERE public_key IS NULL;"
	"CREATE INDEX token_key_unused ON token_key (repository, algorithm, bits) WHERE given = 0;"
	"CREATE TABLE zone_key (id INTEGER PRIMARY KEY, zone INTEGER NOT NULL REFERENCES zone (id),"
	" token_key INTEGER NOT NULL REFERENCES token_key (id), role INTEGER NOT NULL,"
	" keytag INTEGER NOT NULL, inception INTEGER NOT NULL, goal_in INTEGER NOT NULL,"
	" roll INTEGER NOT NULL, UNIQUE (zone, token_key));"
	"CREATE INDEX zone_key_token_key ON zone_key (token_key);"
	"CREATE TABLE record (zone_key INTEGER NOT NULL REFERENCES zone_key (id),"
	" record INTEGER NOT NULL, state INTEGER NOT NULL, since INTEGER NOT NULL,"
	" revision INTEGER NOT NULL, public_at INTEGER NOT NULL, ttl INTEGER NOT NULL,"
	" PRIMARY KEY (zone_key, record)) WITHOUT ROWID;"
	"CREATE TABLE salt (policy TEXT PRIMARY KEY, salt BLOB NOT NULL, since INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"INSERT INTO zone VALUES (5, 'a.test.', 'default', 3, NULL, 0);"
	"INSERT INTO token_key VALUES (7, 'SoftHSM', 'aa', 13, 256, x'01020304', 1, 1);"
	"INSERT INTO zone_key VALUES (9, 5, 7, 0, 777, 2, 1, 1);"
	"INSERT INTO record VALUES (9, 0, 1, 2, 0, 0, 900), (9, 1, 2, 4, 3, 50, 7200),"
	" (9, 2, 2, 4, 3, 50, 7200), (9, 3, 0, 2, 0, 0, 0);";

/* What an earlier version has left is taken over. */
START_TEST(test_older_schema)
{
	outside(first_version);
	db_t *db = open_store();
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, "a.test.", &zone), 1);
	ck_assert_uint_eq(zone.core.count, 1);
	ck_assert_int_eq(zone.core.requests[KEYSET_CSK].at, 0);
	const core_key_t *key = &zone.core.keys[0];
	ck_assert(key->keytag == 777 && key->goal_in && !key->standby && key->bits == 256);
	const core_record_t *dnskey = &key->record[KEYSET_DNSKEY];
	ck_assert(dnskey->state == KEYSET_RUMOURED && dnskey->revision == 3 && dnskey->came == 3);
	ck_assert(dnskey->public_at == 50 && key->record[KEYSET_DS].came == 0);
	ck_assert_uint_eq(zone.core.ttls[CORE_TTL_DNSKEY].ttl, 7200);
	ck_assert_uint_eq(zone.core.ttls[CORE_TTL_DS].ttl, 0); /* No cache has one. */
	ck_assert_int_eq(db_zone_save(db, &zone), 0);
	kasp_zone_deinit(&zone);
	db_close(db);
	db_close(open_store());
}
END_TEST

static void give(db_t *db, const char *name, const db_token_key_t *key)
{
	kasp_zone_t zone = { 0 };
	core_key_t core;
	ck_assert_int_eq(db_zone_get(db, name, &zone), 1);
	core_key_init(&core, KEYSET_ZSK, 13, 777, POLICY_ROLL_PRE_PUBLICATION, 100);
	ck_assert_int_eq(db_zone_give_key(db, &zone, key, &core), 0);
	kasp_zone_deinit(&zone);
}

static void take_away(db_t *db, const char *name)
{
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, name, &zone), 1);
	ck_assert_int_eq(db_zone_take_key(db, &zone, 0), 0);
	ck_assert_uint_eq(zone.core.count, 0);
	ck_assert_int_eq(db_zone_save(db, &zone), 0);
	kasp_zone_deinit(&zone);
}

/* The CKA_ID of a shared key that a zone may have; NULL = there is none. */
static const char *shared(db_t *db, const db_share_t *share, const char *name)
{
	static db_token_key_t key;
	kasp_zone_t zone = { 0 };
	key.id = 0;
	ck_assert_int_eq(db_zone_get(db, name, &zone), 1);
	ck_assert_int_eq(db_keys_shared(db, share, zone.id, take_first, &key), 0);
	kasp_zone_deinit(&zone);
	return key.id != 0 ? key.cka_id : NULL;
}

/* Each zone gets a shared key once. The key is retired when the last zone has lost it. */
START_TEST(test_shared)
{
	db_t *db = open_store();
	db_token_key_t key = { 0 };
	db_share_t share = { .policy = "default", .role = KEYSET_ZSK, .oldest = 100,
	                     .repository = "SoftHSM", .algorithm = 13, .bits = 256 };
	db_zone_put(db, "a.test.", "default");
	db_zone_put(db, "b.test.", "default");
	make_key(db, "aa01", "abcd");
	ck_assert_int_eq(db_keys_unused(db, "SoftHSM", 13, 256, take_first, &key), 0);
	ck_assert_ptr_null(shared(db, &share, "b.test."));
	give(db, "a.test.", &key);
	ck_assert_ptr_null(shared(db, &share, "b.test.")); /* The key is a's alone. */
	ck_assert_int_eq(db_key_share(db, key.id, &share, 100), 0);
	ck_assert_str_eq(shared(db, &share, "b.test."), "aa01");
	ck_assert_ptr_null(shared(db, &share, "a.test."));

	db_share_t others[] = { share, share, share, share };
	others[0].policy = "other";
	others[1].role = KEYSET_KSK;
	others[2].oldest = 101;
	others[3].standby = true;
	for (size_t i = 0; i < 4; i++) {
		ck_assert_ptr_null(shared(db, &others[i], "b.test."));
	}
	give(db, "b.test.", &key);

	key.id = 0;
	take_away(db, "a.test.");
	ck_assert_int_eq(db_keys_retired(db, take_first, &key), 0);
	ck_assert_int_eq(key.id, 0);
	take_away(db, "b.test.");
	ck_assert_int_eq(db_keys_retired(db, take_first, &key), 0);
	ck_assert_str_eq(key.cka_id, "aa01");
	int64_t id = key.id;
	key.id = 0;
	ck_assert_int_eq(db_keys_unused(db, "SoftHSM", 13, 256, take_first, &key), 0);
	ck_assert_int_eq(key.id, 0); /* A used key is never used again. */
	ck_assert_ptr_null(shared(db, &share, "a.test."));
	ck_assert_int_eq(db_key_drop(db, id), 0);
	ck_assert_int_eq(db_keys_retired(db, take_first, &key), 0);
	ck_assert_int_eq(key.id, 0);
	db_close(db);
}
END_TEST

START_TEST(test_standby)
{
	db_t *db = open_store();
	db_token_key_t key = { 0 };
	db_share_t share = { .policy = "default", .role = KEYSET_ZSK, .standby = true,
	                     .repository = "SoftHSM", .algorithm = 13, .bits = 256 };
	db_zone_put(db, "a.test.", "default");
	db_zone_put(db, "b.test.", "default");
	make_key(db, "aa01", "abcd");
	ck_assert_int_eq(db_keys_unused(db, "SoftHSM", 13, 256, take_first, &key), 0);
	give(db, "a.test.", &key);
	ck_assert_int_eq(db_key_share(db, key.id, &share, 100), 0);
	ck_assert_str_eq(shared(db, &share, "b.test."), "aa01");
	ck_assert_int_eq(db_key_used(db, key.id, 200), 0);
	ck_assert_ptr_null(shared(db, &share, "b.test."));
	share.standby = false;
	share.oldest = 200;
	ck_assert_str_eq(shared(db, &share, "b.test."), "aa01");
	ck_assert_int_eq(db_key_used(db, key.id, 300), 0); /* By another zone, later. */
	share.oldest = 201;
	ck_assert_ptr_null(shared(db, &share, "b.test."));
	db_close(db);
}
END_TEST

/* Makes a key pair whose bytes are all the same, so that its tag is known. */
static void make_p256(db_t *db, const char *cka_id, int byte)
{
	uint8_t public_key[64];
	memset(public_key, byte, sizeof(public_key));
	ck_assert_int_eq(db_key_intend(db, "SoftHSM", cka_id, 13, 256, 5), 0);
	ck_assert_int_eq(db_key_made(db, "SoftHSM", cka_id, public_key, 64), 0);
}

/* \return What allocate_key() says. If it allocated a key, the zone has that, too. */
static int allocate(db_t *db, const char *name, const policy_t *policy, int64_t oldest,
                    bool backed_up, int64_t now)
{
	kasp_zone_t zone = { 0 };
	plan_want_t want = { .entry = &policy->keys[0], .roll = policy->keys[0].roll,
	                     .oldest = oldest };
	ck_assert_int_eq(db_zone_get(db, name, &zone), 1);
	size_t before = zone.core.count;
	unsigned unsuitable;
	const allocate_t wanted = { policy, &want, backed_up, now, NULL };
	int ret = allocate_key(db, &zone, &wanted, &unsuitable);
	ck_assert_uint_eq(zone.core.count, before + (ret == ALLOCATED));
	kasp_zone_deinit(&zone);
	return ret;
}

/* Expects of the zone's last key that CKA_ID and that inception. */
static void expect_key(db_t *db, const char *name, const char *cka_id, int64_t inception)
{
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, name, &zone), 1);
	ck_assert_uint_gt(zone.core.count, 0);
	const core_key_t *key = &zone.core.keys[zone.core.count - 1];
	ck_assert_str_eq(zone.keys[zone.core.count - 1].cka_id, cka_id);
	ck_assert_int_eq(key->inception, inception);
	ck_assert(key->goal_in && key->role == KEYSET_ZSK && key->algorithm == 13);
	kasp_zone_deinit(&zone);
}

static policy_t one_key_policy(policy_key_t *entry)
{
	*entry = (policy_key_t){ .role = KEYSET_ZSK, .algorithm = 13, .bits = 256,
	                         .repository = (char *)"SoftHSM" };
	return (policy_t){ .name = (char *)"default", .keys = entry, .key_count = 1 };
}

/* A zone gets only a key of that kind, with a backup if that is required, and a tag of its own. */
START_TEST(test_allocate)
{
	db_t *db = open_store();
	policy_key_t entry;
	policy_t policy = one_key_policy(&entry);
	ck_assert_int_eq(db_begin(db), 0);
	db_zone_put(db, "a.test.", "default");
	db_zone_put(db, "b.test.", "default");
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, false, 100), ALLOCATE_NONE);
	make_p256(db, "aa01", 1);
	entry.algorithm = 8;
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, false, 100), ALLOCATE_NONE);
	entry.algorithm = 13;
	entry.bits = 384;
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, false, 100), ALLOCATE_NONE);
	entry.bits = 256;

	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, true, 100), ALLOCATE_NO_BACKUP);
	db_backup_turn(db, "SoftHSM", DB_BACKUP_NONE, DB_BACKUP_REQUESTED);
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, true, 100), ALLOCATE_NO_BACKUP);
	db_backup_turn(db, "SoftHSM", DB_BACKUP_REQUESTED, DB_BACKUP_DONE);
	make_p256(db, "aa02", 2); /* Without a backup. */
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, true, 100), ALLOCATED);
	expect_key(db, "a.test.", "aa01", 100);
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, true, 100), ALLOCATE_NO_BACKUP);
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, false, 200), ALLOCATED);
	expect_key(db, "a.test.", "aa02", 200);

	/* A key of the one zone has the same tag, but no key of the other. */
	make_p256(db, "aa03", 1);
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, false, 300), ALLOCATE_NONE);
	ck_assert_int_eq(allocate(db, "b.test.", &policy, 0, false, 300), ALLOCATED);
	expect_key(db, "b.test.", "aa03", 300);
	ck_assert_int_eq(db_commit(db), 0);
	db_close(db);
}
END_TEST

/* Zones of a policy share keys that are young enough. */
START_TEST(test_allocate_shared)
{
	db_t *db = open_store();
	policy_key_t entry;
	policy_t policy = one_key_policy(&entry);
	policy.share_keys = true;
	ck_assert_int_eq(db_begin(db), 0);
	db_zone_put(db, "a.test.", "default");
	db_zone_put(db, "b.test.", "default");
	make_p256(db, "aa01", 1);
	make_p256(db, "aa02", 2);
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 0, false, 100), ALLOCATED);
	ck_assert_int_eq(allocate(db, "b.test.", &policy, 100, false, 500), ALLOCATED);
	expect_key(db, "b.test.", "aa01", 100); /* Its age counts from its first use. */
	ck_assert_int_eq(allocate(db, "b.test.", &policy, 101, false, 600), ALLOCATED);
	expect_key(db, "b.test.", "aa02", 600);
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 700, false, 700), ALLOCATE_NONE);
	ck_assert_int_eq(allocate(db, "a.test.", &policy, 600, false, 700), ALLOCATED);
	expect_key(db, "a.test.", "aa02", 600);
	ck_assert_int_eq(db_commit(db), 0);
	db_close(db);
}
END_TEST

START_TEST(test_clock)
{
	clock_mark_t mark = { .seen = 7, .uptime = 8 };
	const clock_mark_t first = { 100, 10 }, second = { 200, 20 };
	db_t *db = open_store();
	ck_assert_int_eq(db_clock_get(db, &mark), 0);
	ck_assert_int_eq(mark.seen, 7);
	ck_assert_int_eq(db_clock_put(db, &first), 0);
	ck_assert_int_eq(db_clock_put(db, &second), 0);
	db_close(db);
	db = open_store();
	ck_assert_int_eq(db_clock_get(db, &mark), 1);
	ck_assert_int_eq(mark.seen, 200);
	ck_assert_int_eq(mark.uptime, 20);
	db_close(db);
	/* The machine has started since. */
	outside("UPDATE clock SET start = 'another'");
	db = open_store();
	ck_assert_int_eq(db_clock_get(db, &mark), 1);
	ck_assert_int_eq(mark.seen, 200);
	ck_assert_int_eq(mark.uptime, -1);
	db_close(db);
}
END_TEST

/* On a clock that jumped nothing is decided, until it is right again or somebody says that it is. */
START_TEST(test_clock_stops)
{
	timekeeper_t keeper = { 0 }, next = { 0 };
	db_t *db = open_store();
	int64_t now = time(NULL);
	clock_mark_t saved = { 0 };
	ck_assert_int_eq(timekeeper_load(&keeper, db), 0);
	ck_assert_int_eq(timekeeper_check(&keeper, db, now), 1);
	ck_assert_int_eq(db_clock_get(db, &saved), 1);
	ck_assert_int_eq(saved.seen, now);
	ck_assert_int_eq(timekeeper_check(&keeper, db, now - CLOCK_BACK_MAX - 100), 0);
	int64_t believed = timekeeper_now(&keeper);
	ck_assert(believed >= now && believed < now + 100);
	ck_assert_int_eq(timekeeper_check(&keeper, db, now), 1);

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(timekeeper_check(&keeper, db, now + CLOCK_AHEAD_MAX + 100), 0);
		believed = timekeeper_now(&keeper);
		ck_assert(believed >= now && believed < now + 100);
	}
	timekeeper_accept(&keeper);
	ck_assert_int_eq(timekeeper_check(&keeper, db, time(NULL)), 1);

	/* The next engine knows what this one has seen, and how long ago that was. */
	ck_assert_int_eq(timekeeper_load(&next, db), 0);
	ck_assert_int_eq(timekeeper_check(&next, db, now - CLOCK_BACK_MAX - 100), 0);
	ck_assert_int_eq(timekeeper_check(&next, db, now + CLOCK_AHEAD_MAX + 100), 0);
	ck_assert_int_eq(timekeeper_check(&next, db, now), 1);
	ck_assert_int_eq(db_clock_put(db, &(clock_mark_t){ now, -1 }), 0);
	ck_assert_int_eq(timekeeper_load(&next, db), 0);
	ck_assert_int_eq(timekeeper_check(&next, db, now + CLOCK_AWAY_MAX + 1000), 0);
	ck_assert_int_eq(timekeeper_check(&next, db, now + CLOCK_AWAY_MAX - 1000), 1);
	db_close(db);
}
END_TEST

START_TEST(test_newer_schema)
{
	db_close(open_store());
	outside("PRAGMA user_version = 99");
	refuse_untouched("schema 99");
}
END_TEST

START_TEST(test_foreign_database)
{
	outside("CREATE TABLE databaseVersion (id INTEGER, rev INTEGER, version INTEGER)");
	refuse_untouched("not made by ods-engine");
}
END_TEST

START_TEST(test_not_a_database)
{
	FILE *out = fopen(file, "w");
	for (int i = 0; i < 1000; i++) {
		fprintf(out, "this is no database\n");
	}
	fclose(out);
	refuse_untouched("damaged");
}
END_TEST

START_TEST(test_damaged_pages)
{
	db_t *db = open_store();
	fill(db);
	db_close(db);
	FILE *out = fopen(file, "r+");
	fseek(out, 4096, SEEK_SET); /* The schema on the first page stays whole. */
	for (int i = 0; i < 6 * 4096; i++) {
		fputc(0xff, out);
	}
	fclose(out);
	refuse_untouched("damaged");
}
END_TEST

/* What a file system leaves of a file after a crash, or a copy that was broken off. */
START_TEST(test_truncated)
{
	db_t *db = open_store();
	fill(db);
	db_close(db);
	size_t len;
	free(content(&len));
	for (off_t size = (off_t)len - 1; size > 0; size = (size - 1) / 4096 * 4096) {
		ck_assert_int_eq(truncate(file, size), 0);
		refuse_untouched("damaged");
	}
	ck_assert_int_eq(truncate(file, 0), 0);
	refuse_untouched("is empty");
}
END_TEST

/* A plain copy of the file of an engine that has stopped has all of it. */
START_TEST(test_copy)
{
	char command[400];
	db_t *db = open_store();
	fill(db);
	db_close(db);
	snprintf(command, sizeof(command), "cp %s %s.copy && mv %s.copy %s", file, file, file,
	         file);
	ck_assert_int_eq(system(command), 0);
	db = open_store();
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, "a.test.", &zone), 1);
	kasp_zone_deinit(&zone);
	db_close(db);
}
END_TEST

START_TEST(test_damaged_content)
{
	db_t *db = open_store();
	fill(db);
	db_close(db);
	outside("DELETE FROM record WHERE record = 2");
	db = open_store();
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_zone_get(db, "a.test.", &zone), -1);
	ck_assert_ptr_nonnull(strstr(db_error(db), "a.test."));
	db_close(db);
	outside("UPDATE record SET state = 9");
	db = open_store();
	ck_assert_int_eq(db_zone_get(db, "a.test.", &zone), -1);
	db_close(db);
}
END_TEST

START_TEST(test_no_directory)
{
	snprintf(file, sizeof(file), "%s/none/engine.db", dir);
	refuse_store("writable");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine-store");
	TCase *tc = tcase_create("store");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_untrusted);
	tcase_add_test(tc, test_restart);
	tcase_add_test(tc, test_killed);
	tcase_add_test(tc, test_intents);
	tcase_add_test(tc, test_wake);
	tcase_add_test(tc, test_second_engine);
	tcase_add_test(tc, test_older_schema);
	tcase_add_test(tc, test_shared);
	tcase_add_test(tc, test_standby);
	tcase_add_test(tc, test_allocate);
	tcase_add_test(tc, test_allocate_shared);
	tcase_add_test(tc, test_clock);
	tcase_add_test(tc, test_clock_stops);
	tcase_add_test(tc, test_newer_schema);
	tcase_add_test(tc, test_foreign_database);
	tcase_add_test(tc, test_not_a_database);
	tcase_add_test(tc, test_damaged_pages);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_copy);
	tcase_add_test(tc, test_damaged_content);
	tcase_add_test(tc, test_no_directory);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
