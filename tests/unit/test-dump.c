/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The enforcer's database, as mysqldump writes it, is read as kasp.db is. */

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-engine/import/ods-db.h"
#include "policy-engine/import/ods-dump.h"
#include "tests/unit/check-main.h"
#include "tests/unit/kasp-db.h"

#define END "-- Dump completed on 2026-11-30\n"

static char dir[] = "/tmp/test-dump.XXXXXX", file[64], dump[64];
static ods_db_t one, other;
static char err[1000];

/* -- a dump of a database ------------------------------------------------- */

static void write_text(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text != '\0'; text++) {
		fprintf(out, *text == '\n' ? "\\n" : strchr("'\"\\", *text) != NULL ? "\\%c" : "%c", *text);
	}
	fputc('\'', out);
}

static void write_row(FILE *out, sqlite3_stmt *row, int columns)
{
	for (int i = 0; i < columns; i++) {
		fprintf(out, i == 0 ? "(" : ",");
		if (sqlite3_column_type(row, i) == SQLITE_TEXT) {
			write_text(out, (const char *)sqlite3_column_text(row, i));
		} else if (sqlite3_column_type(row, i) == SQLITE_NULL) {
			fprintf(out, "NULL");
		} else {
			fprintf(out, "%lld", (long long)sqlite3_column_int64(row, i));
		}
	}
	fprintf(out, ")");
}

static void write_table(FILE *out, sqlite3 *db, const char *table)
{
	sqlite3_stmt *row;
	char sql[100];
	snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	const int columns = sqlite3_column_count(row);
	fprintf(out, "DROP TABLE IF EXISTS `%s`;\n/*!40101 SET character_set_client = utf8 */;\nCREATE TABLE `%s` (\n",
	        table, table);
	for (int i = 0; i < columns; i++) {
		fprintf(out, "  `%s` decimal(20,0) NOT NULL DEFAULT 'a,)' COMMENT 'it''s; \\'',\n", sqlite3_column_name(row, i));
	}
	fprintf(out, "  PRIMARY KEY (`%s`),\n  KEY `k` (`%s`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n"
	        "LOCK TABLES `%s` WRITE;\n", sqlite3_column_name(row, 0), sqlite3_column_name(row, 0), table);
	const char *before = "";
	while (sqlite3_step(row) == SQLITE_ROW) {
		if (before[0] == '\0') {
			fprintf(out, "INSERT INTO `%s` VALUES ", table);
		}
		fprintf(out, "%s", before);
		write_row(out, row, columns);
		before = ",\n";
	}
	fprintf(out, "%sUNLOCK TABLES;\n", before[0] != '\0' ? ";\n" : "");
	sqlite3_finalize(row);
}

static void write_dump(void)
{
	sqlite3 *db;
	sqlite3_stmt *table;
	FILE *out = fopen(dump, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	fprintf(out, "-- A dump; with ' in it\n# and `\n");
	sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type = 'table'", -1, &table, NULL);
	while (sqlite3_step(table) == SQLITE_ROW) {
		write_table(out, db, (const char *)sqlite3_column_text(table, 0));
	}
	fprintf(out, END);
	sqlite3_finalize(table);
	sqlite3_close(db);
	fclose(out);
}

/* -- files ---------------------------------------------------------------- */

static void setup(void)
{
	const kasp_key_t key = { .id = 1, .zone = 1, .pair = 1, .role = 1, .introducing = 1, .ds = O, .dnskey = O,
	                         .rrsig_dnskey = O, .rrsig = N, .ds_at_parent = 3, .since = 700, .keytag = 4711 };
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/kasp.db", dir);
	snprintf(dump, sizeof(dump), "%s/dump.sql", dir);
	kasp_db_make(file);
	kasp_db_pair(file, 1, "abcd", "it''s \"one\"", 1, 2);
	kasp_db_zone(file, 1, "a\\.b.test");
	kasp_db_zone(file, 2, "it''s.test");
	kasp_db_sql(file, "UPDATE zone SET inputAdapterUri = '/a' || char(10) || '\\n''%%' WHERE id = 2");
	kasp_db_key(file, &key);
}

static void teardown(void)
{
	ods_db_deinit(&one);
	ods_db_deinit(&other);
	unlink(file);
	unlink(dump);
	rmdir(dir);
}

static void put(const char *text, size_t len)
{
	FILE *out = fopen(dump, "w");
	ck_assert_ptr_nonnull(out);
	fwrite(text, 1, len, out);
	fclose(out);
}

static void refused(const char *text, const char *why)
{
	put(text, strlen(text));
	ck_assert_int_eq(ods_db_read(dump, &other, err, sizeof(err)), -1);
	ck_assert_msg(strstr(err, dump) != NULL && strstr(err, why) != NULL, "no '%s' in: %s", why, err);
}

START_TEST(same)
{
	write_dump();
	ck_assert(ods_dump_is_one(dump) && !ods_dump_is_one(file));
	ck_assert_msg(ods_db_read(file, &one, err, sizeof(err)) == 0, "%s", err);
	ck_assert_msg(ods_db_read(dump, &other, err, sizeof(err)) == 0, "%s", err);
	ck_assert_uint_eq(other.zone_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const ods_zone_t *a = &one.zones[i], *b = &other.zones[i];
		ck_assert_str_eq(a->name, b->name);
		ck_assert_str_eq(a->fault, b->fault);
		ck_assert_str_eq(a->input.path, b->input.path);
		ck_assert(a->key_count == b->key_count && a->output.dns == b->output.dns);
		ck_assert(a->key_count == 0 || memcmp(a->keys, b->keys, a->key_count * sizeof(*a->keys)) == 0);
	}
	ck_assert_uint_eq(other.zones[0].keys[0].keytag, 4711);
	ck_assert_uint_eq(other.pair_count, one.pair_count);
	ck_assert_str_eq(other.pairs[0].repository, "it's \"one\"");
	ck_assert_uint_eq(other.policies[0].ds_ttl, one.policies[0].ds_ttl);
}
END_TEST

START_TEST(forms)
{
	sqlite3 *db;
	sqlite3_stmt *row;
	const char *text = "create table if not exists t (a int, \"b\" text, `c` text);"
		"/* no */ INSERT IGNORE INTO t (`c`, b) VALUES (\"x\"\"y\", -1.5), ('\\t\\Z\\q', 12345678901); SET x = 1;\n" END;
	put(text, strlen(text));
	ck_assert_msg(ods_dump_open(dump, &db, err, sizeof(err)) == 0, "%s", err);
	sqlite3_prepare_v2(db, "SELECT c, b FROM t", -1, &row, NULL);
	ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
	ck_assert_str_eq((const char *)sqlite3_column_text(row, 0), "x\"y");
	ck_assert(sqlite3_column_double(row, 1) == -1.5);
	ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
	ck_assert_str_eq((const char *)sqlite3_column_text(row, 0), "\t\x1aq");
	ck_assert(sqlite3_column_int64(row, 1) == 12345678901);
	sqlite3_finalize(row);
	sqlite3_close(db);
}
END_TEST

/* One that is cut off is refused, wherever that is. */
START_TEST(cut)
{
	static char text[100000];
	write_dump();
	FILE *in = fopen(dump, "r");
	ck_assert_ptr_nonnull(in);
	const size_t len = fread(text, 1, sizeof(text), in);
	fclose(in);
	for (size_t i = 1; i + sizeof(END) < len; i += 7) {
		put(text, i);
		ck_assert_int_eq(ods_db_read(dump, &other, err, sizeof(err)), -1);
		ck_assert_ptr_nonnull(strstr(err, "no whole dump"));
	}
}
END_TEST

START_TEST(bad)
{
	refused("nothing", "no database of SQLite, and no whole dump of mysqldump");
	refused("SET a = 1;\n" END, "no database of OpenDNSSEC");
	refused("\nINSERT INTO `zone` VALUES (1);\n" END, "dump.sql:2: there is no CREATE TABLE zone before");
	refused("CREATE TABLE `t` (`a` int,\n `b` int);\nINSERT INTO `t` VALUES (1);\n" END, ":3: a row has not as many values");
	refused("CREATE TABLE `t` (`a` int);\nINSERT INTO `t` VALUES (1), (x'00');\n" END, "there should be a value");
	refused("CREATE TABLE `t` (`a` int);\nINSERT INTO `t` VALUES ('a\\0b');\n" END, "or a NUL in it");
	refused("CREATE TABLE `t` (`a` int);\nINSERT INTO `t` VALUES ('a);\n" END, "a string has no end");
	refused("CREATE TABLE `t` (`a` int);\nINSERT INTO `t` VALUES (1)\n" END, "the file ends within a statement");
	refused("CREATE TABLE `t` (PRIMARY KEY (`a`));\n" END, "syntax error");
	refused("CREATE TABLE `sqlite_x` (`a` int);\n" END, "reserved");
	refused("CREATE TABLE ;\n" END, "there should be the columns of a table");
	chmod(dump, 0666);
	ck_assert_int_eq(ods_db_read(dump, &other, err, sizeof(err)), -1);
	ck_assert_ptr_nonnull(strstr(err, "everybody can write to it"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dump");
	TCase *tc = tcase_create("dump");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, same);
	tcase_add_test(tc, forms);
	tcase_add_test(tc, cut);
	tcase_add_test(tc, bad);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
