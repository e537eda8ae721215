/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/database/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/database/internal.h"

#define APPLICATION_ID 0x6f64736b /* "odsk" */
#define BUSY_MS 3000

/* Times are Unix seconds. A token_key without public_key is one that is being generated: it may
 * or may not be in the token. States and records are numbered as in keyset/keyset.h. */
static const char schema_1[] =
	"CREATE TABLE zone ("
	" id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	" policy TEXT NOT NULL,"
	" revision INTEGER NOT NULL DEFAULT 0,"
	" digest BLOB,"
	" next INTEGER NOT NULL);"
	"CREATE INDEX zone_next ON zone (next);"
	"CREATE TABLE token_key ("
	" id INTEGER PRIMARY KEY,"
	" repository TEXT NOT NULL,"
	" cka_id TEXT NOT NULL,"
	" algorithm INTEGER NOT NULL,"
	" bits INTEGER NOT NULL,"
	" public_key BLOB,"
	" created INTEGER NOT NULL,"
	" given INTEGER NOT NULL DEFAULT 0," /* Number of zones that have it. */
	" UNIQUE (repository, cka_id));"
	"CREATE INDEX token_key_intended ON token_key (id) WHERE public_key IS NULL;"
	"CREATE INDEX token_key_unused ON token_key (repository, algorithm, bits) WHERE given = 0;"
	"CREATE TABLE zone_key ("
	" id INTEGER PRIMARY KEY,"
	" zone INTEGER NOT NULL REFERENCES zone (id),"
	" token_key INTEGER NOT NULL REFERENCES token_key (id),"
	" role INTEGER NOT NULL,"
	" keytag INTEGER NOT NULL,"
	" inception INTEGER NOT NULL,"
	" goal_in INTEGER NOT NULL,"
	" roll INTEGER NOT NULL,"
	" UNIQUE (zone, token_key));"
	"CREATE INDEX zone_key_token_key ON zone_key (token_key);"
	"CREATE TABLE record ("
	" zone_key INTEGER NOT NULL REFERENCES zone_key (id),"
	" record INTEGER NOT NULL,"
	" state INTEGER NOT NULL,"
	" since INTEGER NOT NULL,"
	" revision INTEGER NOT NULL,"
	" public_at INTEGER NOT NULL,"
	" ttl INTEGER NOT NULL,"
	" PRIMARY KEY (zone_key, record)) WITHOUT ROWID;"
	"CREATE TABLE salt ("
	" policy TEXT PRIMARY KEY,"
	" salt BLOB NOT NULL,"
	" since INTEGER NOT NULL) WITHOUT ROWID;";

/* Requests for new keys: when they were made; "emergency" has a bit for each role. */
static const char schema_2[] =
	"ALTER TABLE zone ADD COLUMN roll_ksk INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN roll_zsk INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN roll_csk INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN emergency INTEGER NOT NULL DEFAULT 0;";

/* An errand that is done for a key's DS in the state that it has since then; backups of keys. */
static const char schema_3[] =
	"CREATE TABLE errand ("
	" zone_key INTEGER NOT NULL REFERENCES zone_key (id) ON DELETE CASCADE,"
	" errand INTEGER NOT NULL,"
	" since INTEGER NOT NULL,"
	" done INTEGER NOT NULL,"
	" PRIMARY KEY (zone_key, errand)) WITHOUT ROWID;"
	"ALTER TABLE token_key ADD COLUMN backup INTEGER NOT NULL DEFAULT 0;";

/* What came when, the TTLs that caches may have, keys on standby, shared by the zones of a policy,
 * or to be removed from their token, and when the clock was believed last. */
static const char schema_4[] =
	"ALTER TABLE record ADD COLUMN came INTEGER NOT NULL DEFAULT 0;"
	"UPDATE record SET came = revision WHERE state = 2;"
	"ALTER TABLE zone ADD COLUMN ttl_ds INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN ttl_ds_until INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN ttl_ds_lower INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN ttl_dnskey INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN ttl_dnskey_until INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN ttl_dnskey_lower INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN ttl_zone INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN ttl_zone_until INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN ttl_zone_lower INTEGER NOT NULL DEFAULT 0;"
	"UPDATE zone SET"
	" ttl_ds = ifnull((SELECT max(ttl) FROM record JOIN zone_key ON id = zone_key"
	"  WHERE zone = zone.id AND record = 0 AND state > 1), 0),"
	" ttl_dnskey = ifnull((SELECT max(ttl) FROM record JOIN zone_key ON id = zone_key"
	"  WHERE zone = zone.id AND record = 1 AND state > 1), 0),"
	" ttl_zone = ifnull((SELECT max(ttl) FROM record JOIN zone_key ON id = zone_key"
	"  WHERE zone = zone.id AND record = 3 AND state > 1), 0);"
	"ALTER TABLE record DROP COLUMN ttl;"
	"ALTER TABLE zone_key ADD COLUMN standby INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE token_key ADD COLUMN policy TEXT;" /* Whose zones share it; NULL = none do. */
	"ALTER TABLE token_key ADD COLUMN role INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE token_key ADD COLUMN standby INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE token_key ADD COLUMN since INTEGER NOT NULL DEFAULT 0;" /* First use. */
	"ALTER TABLE token_key ADD COLUMN retired INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX token_key_shared ON token_key (policy, role, standby, since)"
	" WHERE policy IS NOT NULL AND retired = 0;"
	"CREATE INDEX token_key_retired ON token_key (id) WHERE retired = 1;"
	"CREATE TABLE clock ("
	" id INTEGER PRIMARY KEY CHECK (id = 1),"
	" seen INTEGER NOT NULL);";

/* With many keys that have no backup yet, those that have one are found at once. */
static const char schema_5[] =
	"DROP INDEX token_key_unused;"
	"CREATE INDEX token_key_unused ON token_key (repository, algorithm, bits)"
	" WHERE given = 0 AND retired = 0 AND public_key IS NOT NULL;"
	"CREATE INDEX token_key_backed_up ON token_key (repository, algorithm, bits)"
	" WHERE given = 0 AND retired = 0 AND public_key IS NOT NULL AND backup = 2;";

/* The serial that another signer published last, before the zone was ours; NULL = there was none. */
static const char schema_6[] = "ALTER TABLE zone ADD COLUMN serial_before INTEGER;";

/* Each brings a database up by one version; the first one makes it. */
static const char *const schemas[] = { schema_1, schema_2, schema_3, schema_4, schema_5,
                                       schema_6 };
#define SCHEMA_VERSION ((long)(sizeof(schemas) / sizeof(schemas[0])))

static const char *const statements[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_ZONE_ADD] = "INSERT INTO zone (name, policy, next) VALUES (?1, ?2, 0)"
	                 " ON CONFLICT (name) DO NOTHING",
	[SQL_ZONE_POLICY] = "UPDATE zone SET policy = ?2 WHERE name = ?1 AND policy <> ?2",
	[SQL_ZONE_GET] = "SELECT id, policy, revision, digest, next, roll_ksk, roll_zsk, roll_csk,"
	                 " emergency, ttl_ds, ttl_ds_until, ttl_ds_lower, ttl_dnskey,"
	                 " ttl_dnskey_until, ttl_dnskey_lower, ttl_zone, ttl_zone_until,"
	                 " ttl_zone_lower, serial_before FROM zone WHERE name = ?1",
	[SQL_ZONE_SAVE] = "UPDATE zone SET revision = ?2, digest = ?3, next = ?4, roll_ksk = ?5,"
	                  " roll_zsk = ?6, roll_csk = ?7, emergency = ?8, ttl_ds = ?9,"
	                  " ttl_ds_until = ?10, ttl_ds_lower = ?11, ttl_dnskey = ?12,"
	                  " ttl_dnskey_until = ?13, ttl_dnskey_lower = ?14, ttl_zone = ?15,"
	                  " ttl_zone_until = ?16, ttl_zone_lower = ?17 WHERE id = ?1",
	[SQL_ZONE_TOOK] = "UPDATE zone SET serial_before = ?2 WHERE id = ?1",
	[SQL_ZONE_OF_POLICY] = "SELECT 1 FROM zone WHERE policy = ?1 LIMIT 1",
	[SQL_ZONE_DUE] = "SELECT name FROM zone WHERE next <= ?1 ORDER BY next LIMIT ?2",
	[SQL_ZONE_ALL] = "SELECT name FROM zone ORDER BY name",
	[SQL_ZONE_WAKE] = "UPDATE zone SET next = ?1 WHERE next > ?1",
	[SQL_ZONE_KEYS] = "SELECT zone_key.id, token_key, zone_key.role, keytag, inception,"
	                  " goal_in, roll, repository, cka_id, algorithm, bits, public_key,"
	                  " zone_key.standby FROM zone_key"
	                  " JOIN token_key ON token_key.id = token_key WHERE zone = ?1"
	                  " ORDER BY zone_key.id",
	[SQL_ZONE_KEY_ADD] = "INSERT INTO zone_key"
	                     " (zone, token_key, role, keytag, inception, goal_in, roll)"
	                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[SQL_ZONE_KEY_SAVE] = "UPDATE zone_key SET goal_in = ?2, roll = ?3, standby = ?4,"
	                      " inception = ?5 WHERE id = ?1",
	[SQL_ZONE_KEY_DROP] = "DELETE FROM zone_key WHERE id = ?1",
	[SQL_RECORD_GET] = "SELECT record, state, since, revision, public_at, came FROM record"
	                   " WHERE zone_key = ?1",
	[SQL_RECORD_SAVE] = "INSERT INTO record (zone_key, record, state, since, revision,"
	                    " public_at, came) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	                    " ON CONFLICT (zone_key, record) DO UPDATE SET state = ?3,"
	                    " since = ?4, revision = ?5, public_at = ?6, came = ?7",
	[SQL_RECORD_DROP] = "DELETE FROM record WHERE zone_key = ?1",
	[SQL_KEY_INTEND] = "INSERT INTO token_key"
	                   " (repository, cka_id, algorithm, bits, created)"
	                   " VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_KEY_MADE] = "UPDATE token_key SET public_key = ?3"
	                 " WHERE repository = ?1 AND cka_id = ?2",
	[SQL_KEY_FORGET] = "DELETE FROM token_key WHERE repository = ?1 AND cka_id = ?2"
	                   " AND public_key IS NULL",
	[SQL_KEY_FIND] = "SELECT id, public_key, since FROM token_key WHERE repository = ?1"
	                 " AND cka_id = ?2",
	[SQL_KEY_BACKUP] = "UPDATE token_key SET backup = ?2 WHERE id = ?1",
	[SQL_KEY_USERS] = "UPDATE token_key SET retired = 0, given = ?2 +"
	                  " (SELECT count(*) FROM zone_key WHERE token_key = token_key.id)"
	                  " WHERE id = ?1",
	[SQL_KEY_INTENDED] = "SELECT id, repository, cka_id, algorithm, bits, public_key, backup,"
	                     " given FROM token_key WHERE public_key IS NULL ORDER BY id",
	[SQL_KEY_ALL] = "SELECT id, repository, cka_id, algorithm, bits, public_key, backup, given"
	                " FROM token_key WHERE public_key IS NOT NULL ORDER BY repository, id",
	[SQL_KEY_UNUSED] = "SELECT id, repository, cka_id, algorithm, bits, public_key, backup,"
	                   " given FROM token_key WHERE repository = ?1 AND algorithm = ?2"
	                   " AND bits = ?3 AND given = 0 AND retired = 0 AND public_key IS NOT NULL"
	                   " ORDER BY id",
	[SQL_KEY_BACKED_UP] = "SELECT id, repository, cka_id, algorithm, bits, public_key, backup,"
	                      " given FROM token_key WHERE repository = ?1 AND algorithm = ?2"
	                      " AND bits = ?3 AND given = 0 AND retired = 0"
	                      " AND public_key IS NOT NULL AND backup = 2 ORDER BY id",
	[SQL_KEY_UNUSED_COUNT] = "SELECT count(*) FROM token_key WHERE repository = ?1"
	                         " AND algorithm = ?2 AND bits = ?3 AND given = 0 AND retired = 0"
	                         " AND public_key IS NOT NULL",
	[SQL_KEY_SHARED] = "SELECT id, repository, cka_id, algorithm, bits, public_key, backup,"
	                   " given, since FROM token_key WHERE policy = ?1 AND role = ?2"
	                   " AND standby = ?3 AND since >= ?4 AND retired = 0"
	                   " AND repository = ?5 AND algorithm = ?6 AND bits = ?7 AND NOT EXISTS"
	                   " (SELECT 1 FROM zone_key WHERE zone = ?8 AND token_key = token_key.id)"
	                   " ORDER BY since DESC, id DESC",
	[SQL_KEY_GIVEN] = "UPDATE token_key SET given = given + 1 WHERE id = ?1",
	[SQL_KEY_SHARE] = "UPDATE token_key SET policy = ?2, role = ?3, standby = ?4, since = ?5"
	                  " WHERE id = ?1",
	[SQL_KEY_USED] = "UPDATE token_key SET standby = 0, since = ?2"
	                 " WHERE id = ?1 AND standby = 1",
	[SQL_KEY_LEFT] = "UPDATE token_key SET given = given - 1, retired = given <= 1"
	                 " WHERE id = ?1",
	[SQL_KEY_RETIRED] = "SELECT id, repository, cka_id, algorithm, bits, public_key, backup,"
	                    " given FROM token_key WHERE retired = 1 ORDER BY id",
	[SQL_KEY_DROP] = "DELETE FROM token_key WHERE id = ?1 AND retired = 1",
	[SQL_CLOCK_GET] = "SELECT seen FROM clock",
	[SQL_CLOCK_PUT] = "INSERT INTO clock VALUES (1, ?1) ON CONFLICT (id) DO UPDATE"
	                  " SET seen = ?1",
	[SQL_BACKUP] = "UPDATE token_key SET backup = ?3 WHERE repository = ?1 AND backup = ?2"
	               " AND public_key IS NOT NULL",
	[SQL_ERRAND_GET] = "SELECT done FROM errand WHERE zone_key = ?1 AND errand = ?2"
	                   " AND since = ?3",
	[SQL_ERRAND_PUT] = "INSERT INTO errand VALUES (?1, ?2, ?3, ?4)"
	                   " ON CONFLICT (zone_key, errand) DO UPDATE SET since = ?3, done = ?4",
	[SQL_SALT_GET] = "SELECT salt, since FROM salt WHERE policy = ?1",
	[SQL_SALT_PUT] = "INSERT INTO salt VALUES (?1, ?2, ?3)"
	                 " ON CONFLICT (policy) DO UPDATE SET salt = ?2, since = ?3",
};

const char *db_error(const db_t *db)
{
	return db->error;
}

int db_fail(db_t *db)
{
	int code = sqlite3_errcode(db->db);
	const char *remedy = "";
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		remedy = "; another process has it open, most likely a second ods-engine: stop it";
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		remedy = "; the file is damaged: restore it from a backup, do not delete it, or "
		         "the zones' keys are lost to the engine";
		break;
	case SQLITE_FULL:
		remedy = "; make room on the file system";
		break;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		remedy = "; file and directory have to be writable for the engine's user";
		break;
	default:
		break;
	}
	snprintf(db->error, sizeof(db->error), "database %s: %s%s", db->path,
	         sqlite3_errmsg(db->db), remedy);
	return -1;
}

sqlite3_stmt *db_sql(db_t *db, sql_t which)
{
	sqlite3_stmt **sql = &db->statements[which];
	if (*sql == NULL && sqlite3_prepare_v3(db->db, statements[which], -1,
	                                       SQLITE_PREPARE_PERSISTENT, sql, NULL) != SQLITE_OK) {
		db_fail(db);
		return NULL;
	}
	sqlite3_reset(*sql);
	sqlite3_clear_bindings(*sql);
	return *sql;
}

int db_done(db_t *db, sqlite3_stmt *sql, int ret)
{
	int result = ret == SQLITE_DONE || ret == SQLITE_ROW ? 0 : db_fail(db);
	sqlite3_reset(sql);
	return result;
}

int db_run(db_t *db, sqlite3_stmt *sql)
{
	return sql != NULL ? db_done(db, sql, sqlite3_step(sql)) : -1;
}

int db_run_numbers(db_t *db, sql_t which, int64_t first, int64_t second)
{
	sqlite3_stmt *sql = db_sql(db, which);
	if (sql == NULL) {
		return -1;
	}
	sqlite3_bind_int64(sql, 1, first);
	if (sqlite3_bind_parameter_count(sql) > 1) {
		sqlite3_bind_int64(sql, 2, second);
	}
	return db_run(db, sql);
}

int db_begin(db_t *db)
{
	return db_run(db, db_sql(db, SQL_BEGIN));
}

int db_commit(db_t *db)
{
	return db_run(db, db_sql(db, SQL_COMMIT));
}

void db_rollback(db_t *db)
{
	if (!sqlite3_get_autocommit(db->db)) {
		sqlite3_stmt *sql = db_sql(db, SQL_ROLLBACK);
		if (sql != NULL) {
			sqlite3_step(sql);
			sqlite3_reset(sql);
		}
	}
}

static int execute(db_t *db, const char *sql)
{
	return sqlite3_exec(db->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(db);
}

static int take_first_int(void *ctx, int count, char **values, char **names)
{
	(void)names;
	*(long *)ctx = count > 0 && values[0] != NULL ? strtol(values[0], NULL, 10) : 0;
	return 0;
}

static int query_int(db_t *db, const char *sql, long *value)
{
	*value = 0;
	return sqlite3_exec(db->db, sql, take_first_int, value, NULL) == SQLITE_OK
	               ? 0
	               : db_fail(db);
}

static int take_check(void *ctx, int count, char **values, char **names)
{
	(void)names;
	db_t *db = ctx;
	if (count > 0 && values[0] != NULL && strcmp(values[0], "ok") != 0 &&
	    db->error[0] == '\0') {
		snprintf(db->error, sizeof(db->error), "database %s: damaged: %.200s; "
		         "restore it from a backup", db->path, values[0]);
	}
	return 0;
}

static int check_integrity(db_t *db)
{
	db->error[0] = '\0';
	if (sqlite3_exec(db->db, "PRAGMA quick_check", take_check, db, NULL) != SQLITE_OK) {
		return db_fail(db);
	}
	return db->error[0] == '\0' ? 0 : -1;
}

/* Makes the tables, or brings those of an earlier version up to date: all of it, or nothing. */
static int bring_up(db_t *db, long version)
{
	char sql[128];
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %ld",
	         APPLICATION_ID, SCHEMA_VERSION);
	int ret = db_begin(db);
	for (; ret == 0 && version < SCHEMA_VERSION; version++) {
		ret = execute(db, schemas[version]);
	}
	return ret == 0 && execute(db, sql) == 0 ? db_commit(db) : -1;
}

static int check_schema(db_t *db)
{
	long tables, application, version;
	if (query_int(db, "SELECT count(*) FROM sqlite_master", &tables) != 0 ||
	    query_int(db, "PRAGMA application_id", &application) != 0 ||
	    query_int(db, "PRAGMA user_version", &version) != 0) {
		return -1;
	}
	if (tables == 0 && application == 0) {
		return bring_up(db, 0);
	}
	if (application != APPLICATION_ID) {
		snprintf(db->error, sizeof(db->error), "database %s: not made by ods-engine "
		         "(OpenDNSSEC's kasp.db cannot be used as it is); give another file in "
		         "conf.xml: <Datastore><SQLite>", db->path);
		return -1;
	}
	if (version < 1 || version > SCHEMA_VERSION) {
		snprintf(db->error, sizeof(db->error), "database %s: has schema %ld, this "
		         "version knows 1 to %ld; start the ods-engine that made it, or a newer "
		         "one", db->path, version, SCHEMA_VERSION);
		return -1;
	}
	if (check_integrity(db) != 0) {
		return -1;
	}
	return version < SCHEMA_VERSION ? bring_up(db, version) : 0;
}

/* Takes the lock and keeps it: two engines on one database would undo each other's work. */
static int prepare(db_t *db)
{
	sqlite3_busy_timeout(db->db, BUSY_MS);
	if (execute(db, "PRAGMA locking_mode = EXCLUSIVE") != 0 ||
	    execute(db, "PRAGMA journal_mode = WAL") != 0 ||
	    execute(db, "PRAGMA synchronous = FULL") != 0 ||
	    execute(db, "PRAGMA foreign_keys = ON") != 0 ||
	    execute(db, "BEGIN IMMEDIATE; COMMIT") != 0) {
		return -1;
	}
	return check_schema(db);
}

int db_open(db_t **db, const char *path, char *err, size_t err_size)
{
	db_t *s = calloc(1, sizeof(*s));
	if (s == NULL || (s->path = strdup(path)) == NULL) {
		free(s);
		snprintf(err, err_size, "database %s: out of memory", path);
		return -1;
	}
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int ret = sqlite3_open_v2(path, &s->db, flags, NULL) == SQLITE_OK ? 0 : db_fail(s);
	if (ret == 0) {
		ret = prepare(s);
	}
	if (ret != 0) {
		snprintf(err, err_size, "%s", s->error);
		db_close(s);
		return -1;
	}
	*db = s;
	return 0;
}

void db_close(db_t *db)
{
	if (db == NULL) {
		return;
	}
	if (db->db != NULL) {
		db_rollback(db);
	}
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(db->statements[i]);
	}
	sqlite3_close(db->db);
	free(db->path);
	free(db);
}
