/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What is done only when zones are rebuilt from elsewhere. The rebuilding itself is a room of its
 * own, policy-engine/recover/. */

#include "policy-engine/database/sql.h"

int db_zone_revision(db_t *db, const char *name, uint64_t *revision)
{
	static const char get[] = "SELECT revision FROM zone WHERE name = ?1";
	sqlite3_stmt *sql = sql_prepare(db, get);
	if (sql == NULL) {
		return -1;
	}
	sql_bind_text(sql, 1, name);
	int64_t number = (int64_t)*revision;
	const int found = sql_number(db, sql, &number);
	*revision = (uint64_t)number;
	return found;
}

int db_part_begin(db_t *db)
{
	static const char begin[] = "SAVEPOINT part";
	return sql_run(db, sql_prepare(db, begin));
}

int db_part_end(db_t *db, bool keep)
{
	static const char undo[] = "ROLLBACK TO part";
	static const char release[] = "RELEASE part";
	if (!keep && sql_run(db, sql_prepare(db, undo)) != 0) {
		return -1;
	}
	return sql_run(db, sql_prepare(db, release));
}

int db_key_leave(db_t *db, int64_t token_key)
{
	static const char drop[] =
		"DELETE FROM token_key WHERE id = ?1 AND retired = 1 AND NOT EXISTS"
		" (SELECT 1 FROM zone_key WHERE token_key = token_key.id)";
	return sql_run_numbers(db, drop, token_key, 0);
}

int db_keys_distrust(db_t *db)
{
	static const char share[] = "UPDATE token_key SET given = given + 1"
				    " WHERE policy IS NOT NULL AND retired = 0";
	static const char drop[] = "DELETE FROM token_key WHERE given = 0 AND retired = 0";
	if (sql_run(db, sql_prepare(db, share)) != 0 || sql_run(db, sql_prepare(db, drop)) != 0) {
		return -1;
	}
	return sqlite3_changes(db->db);
}
