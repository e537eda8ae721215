/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/kasp-db.h"

#include <check.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>

/* No types, so that a test can put in anything. */
static const char tables[] =
	"CREATE TABLE databaseVersion (id INTEGER PRIMARY KEY, version);"
	"CREATE TABLE zone (id INTEGER PRIMARY KEY, policyId, name, signconfNeedsWriting,"
	" signconfPath, nextChange, ttlEndDs, ttlEndDk, ttlEndRs, rollKskNow, rollZskNow,"
	" rollCskNow, inputAdapterType, inputAdapterUri, outputAdapterType, outputAdapterUri);"
	"CREATE TABLE keyData (id INTEGER PRIMARY KEY, zoneId, hsmKeyId, algorithm, inception, role,"
	" introducing, shouldRevoke, standby, activeZsk, publish, activeKsk, dsAtParent, keytag,"
	" minimize);"
	"CREATE TABLE keyState (id INTEGER PRIMARY KEY, keyDataId, type, state, lastChange,"
	" minimize, ttl);"
	"CREATE TABLE keyDependency (id INTEGER PRIMARY KEY, zoneId, fromKeyDataId, toKeyDataId, type);"
	"CREATE INDEX keyDataZoneId ON keyData (zoneId);"
	"CREATE INDEX keyStateKeyDataId ON keyState (keyDataId);"
	"CREATE TABLE hsmKey (id INTEGER PRIMARY KEY, policyId, locator, state, bits, algorithm, role,"
	" inception, isRevoked, keyType, repository, backup);"
	"CREATE TABLE policy (id INTEGER PRIMARY KEY, name, denialType, denialSalt,"
	" denialSaltLastChange, keysShared, parentDsTtl, keysTtl, zoneSoaTtl, zoneSoaMinimum,"
	" signaturesMaxZoneTtl, denialTtl);"
	"INSERT INTO databaseVersion (version) VALUES (1);"
	"INSERT INTO policy VALUES (1, 'default', 1, 'ab12', 777, 0, 900, 300, 700, 600, 1000, 0);";

void kasp_db_sql(const char *path, const char *format, ...)
{
	char sql[16000], *why = NULL;
	sqlite3 *db;
	va_list args;
	va_start(args, format);
	vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", why, sql);
	sqlite3_close(db);
}

void kasp_db_make(const char *path)
{
	kasp_db_sql(path, "%s", tables);
}

void kasp_db_pair(const char *path, int id, const char *locator, const char *repository, int role,
                  int state)
{
	kasp_db_sql(path, "INSERT INTO hsmKey VALUES (%d, 1, '%s', %d, 512, 13, %d, 500, 0, 1, '%s', 0)",
	            id, locator, state, role, repository);
}

void kasp_db_zone(const char *path, int id, const char *name)
{
	kasp_db_sql(path, "INSERT INTO zone VALUES (%d, 1, '%s', 0, '/signconf', 0, 0, 0, 0, 0, 0, 0,"
	            " 'File', '/unsigned', 'DNS', '/addns.xml')", id, name);
}

static int is_in(int state)
{
	return state == R || state == O;
}

void kasp_db_key(const char *path, const kasp_key_t *k)
{
	kasp_db_sql(path, "INSERT INTO keyData VALUES (%d, %d, %d, 13, 600, %d, %d, 0, 0, %d, %d, %d,"
	            " %d, %d, %d);"
	            "INSERT INTO keyState (keyDataId, type, state, lastChange, minimize, ttl) VALUES"
	            " (%d, 0, %d, %lld, 0, 900), (%d, 1, %d, %lld, 0, 1000),"
	            " (%d, 2, %d, %lld, 0, 300), (%d, 3, %d, %lld, 0, 300)",
	            k->id, k->zone, k->pair, k->role, k->introducing, is_in(k->rrsig),
	            is_in(k->dnskey), is_in(k->rrsig_dnskey), k->ds_at_parent, k->keytag, k->minimize,
	            k->id, k->ds, (long long)k->since, k->id, k->rrsig, (long long)k->since, k->id,
	            k->dnskey, (long long)k->since, k->id, k->rrsig_dnskey, (long long)k->since);
}
