/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/database/schema.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/database/sql.h"

#define APPLICATION_ID 0x6f64736b /* "odsk" */

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

/* Orders for new keys: when they were given; "emergency" has a bit for each role. */
static const char schema_2[] =
	"ALTER TABLE zone ADD COLUMN roll_ksk INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN roll_zsk INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN roll_csk INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN emergency INTEGER NOT NULL DEFAULT 0;";

/* Errands that are done for a key's DS in a state, which it entered at "since"; backups of keys. */
static const char schema_3[] =
	"CREATE TABLE errand ("
	" zone_key INTEGER NOT NULL REFERENCES zone_key (id) ON DELETE CASCADE,"
	" errand INTEGER NOT NULL,"
	" since INTEGER NOT NULL,"
	" done INTEGER NOT NULL,"
	" PRIMARY KEY (zone_key, errand)) WITHOUT ROWID;"
	"ALTER TABLE token_key ADD COLUMN backup INTEGER NOT NULL DEFAULT 0;";

/* Which key set a record came with; the TTLs that caches may have; keys on standby, keys that zones
 * of a policy share, keys to be removed from their token; when the clock was believed last. */
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

/* Keys with a backup are found at once, however many have none. */
static const char schema_5[] =
	"DROP INDEX token_key_unused;"
	"CREATE INDEX token_key_unused ON token_key (repository, algorithm, bits)"
	" WHERE given = 0 AND retired = 0 AND public_key IS NOT NULL;"
	"CREATE INDEX token_key_backed_up ON token_key (repository, algorithm, bits)"
	" WHERE given = 0 AND retired = 0 AND public_key IS NOT NULL AND backup = 2;";

/* The last serial that another signer published before the zone was ours; NULL = there was none. */
static const char schema_6[] = "ALTER TABLE zone ADD COLUMN serial_before INTEGER;";

/* Which TTLs the answers of the parent's servers showed last. */
static const char schema_7[] =
	"ALTER TABLE zone ADD COLUMN shown_ttl INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone ADD COLUMN shown_absence INTEGER NOT NULL DEFAULT 0;";

/* The DS RRset that was seen last at the parent, as keyset/ds.h has it, and when; keys whose pair is
 * gone for good. */
static const char schema_8[] =
	"ALTER TABLE zone ADD COLUMN ds TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE zone ADD COLUMN ds_seen INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE zone_key ADD COLUMN dead INTEGER NOT NULL DEFAULT 0;";

/* What a person has frozen, and until when; scopes as in db_scope_t. */
static const char schema_9[] =
	"CREATE TABLE freeze ("
	" scope INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" until INTEGER NOT NULL,"
	" PRIMARY KEY (scope, name)) WITHOUT ROWID;";

/* The uptime when the clock was believed last, of which start of the machine. */
static const char schema_10[] =
	"ALTER TABLE clock ADD COLUMN uptime INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE clock ADD COLUMN start TEXT NOT NULL DEFAULT '';";

/* When something was done last; which key pairs have no backup is found at once; notes for the
 * audit that are not in its file yet, and the last line of that. */
static const char schema_11[] =
	"CREATE TABLE audit ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" members TEXT NOT NULL);"
	"CREATE TABLE audit_end ("
	" id INTEGER PRIMARY KEY CHECK (id = 1),"
	" seq INTEGER NOT NULL,"
	" hash TEXT NOT NULL);"
	"CREATE TABLE moment ("
	" what TEXT PRIMARY KEY,"
	" at INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX token_key_unsaved ON token_key (repository)"
	" WHERE backup <> 2 AND retired = 0 AND public_key IS NOT NULL;";

/* Of a zone that was imported: the form that its policy had then, as policy_form() has it. */
static const char schema_12[] = "ALTER TABLE zone ADD COLUMN form TEXT NOT NULL DEFAULT '';";

/* DNSKEY RRsets signed ahead: the one in force, and those to come, as keyset/bundle.h has them. What came
 * together has the same skr. */
static const char schema_13[] =
	"ALTER TABLE zone ADD COLUMN bundle TEXT NOT NULL DEFAULT '';"
	"CREATE TABLE bundle ("
	" zone INTEGER NOT NULL REFERENCES zone (id),"
	" skr INTEGER NOT NULL,"
	" at INTEGER NOT NULL,"
	" text TEXT NOT NULL,"
	" PRIMARY KEY (zone, skr, at)) WITHOUT ROWID;";

/* Each brings a database up by one version. The first one makes the tables. */
static const char *const schemas[] = { schema_1, schema_2, schema_3, schema_4, schema_5,
                                       schema_6, schema_7, schema_8, schema_9, schema_10,
                                       schema_11, schema_12, schema_13 };
#define SCHEMA_VERSION ((long)(sizeof(schemas) / sizeof(schemas[0])))

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
	               : sql_fail(db);
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
		return sql_fail(db);
	}
	return db->error[0] == '\0' ? 0 : -1;
}

/* Makes the tables, or brings those of an earlier version up to date, in one transaction. */
static int bring_up(db_t *db, long version)
{
	char sql[128];
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %ld",
	         APPLICATION_ID, SCHEMA_VERSION);
	int ret = db_begin(db);
	for (; ret == 0 && version < SCHEMA_VERSION; version++) {
		ret = sql_execute(db, schemas[version]);
	}
	return ret == 0 && sql_execute(db, sql) == 0 ? db_commit(db) : -1;
}

/* What a database says of itself; all 0 if it is new. */
typedef struct {
	long tables, application, version;
} identity_t;

static int identify(db_t *db, identity_t *is)
{
	return query_int(db, "SELECT count(*) FROM sqlite_master", &is->tables) == 0 &&
	       query_int(db, "PRAGMA application_id", &is->application) == 0 &&
	       query_int(db, "PRAGMA user_version", &is->version) == 0 ? 0 : -1;
}

static bool is_new(const identity_t *is)
{
	return is->tables == 0 && is->application == 0;
}

int schema_check(db_t *db)
{
	identity_t is;
	if (identify(db, &is) != 0) {
		return -1;
	}
	if (is_new(&is)) {
		return 0;
	}
	if (is.application != APPLICATION_ID) {
		snprintf(db->error, sizeof(db->error), "database %s: not made by ods-engine "
		         "(OpenDNSSEC's kasp.db cannot be used as it is); give another file in "
		         "conf.xml: <Datastore><SQLite>", db->path);
		return -1;
	}
	if (is.version < 1 || is.version > SCHEMA_VERSION) {
		snprintf(db->error, sizeof(db->error), "database %s: has schema %ld, this "
		         "version knows 1 to %ld; start the ods-engine that made it, or a newer "
		         "one", db->path, is.version, SCHEMA_VERSION);
		return -1;
	}
	return check_integrity(db);
}

int schema_bring_up(db_t *db)
{
	identity_t is;
	if (identify(db, &is) != 0) {
		return -1;
	}
	const long version = is_new(&is) ? 0 : is.version;
	return version < SCHEMA_VERSION ? bring_up(db, version) : 0;
}
