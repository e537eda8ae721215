/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/ods-dump.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "policy-engine/base/text-file.h"

#define MAGIC "SQLite format 3" /* With its NUL. */
#define COLUMNS_MAX 60          /* Of a table: the enforcer's policy has 40. */
#define NAME_MAX_LEN 64         /* Bytes of a name; MySQL's limit. */
#define WHOLE "-- Dump completed" /* At its end. */

/* Some KB for a zone and its keys, of 100,000 zones. It says which keys are in use. */
static const text_file_t what_file = { .most = 1 << 30, .decides = true };

typedef struct {
	const char *path;
	char *at;            /* Strings are unescaped where they are. */
	const char *counted; /* The lines before it are. */
	unsigned line;       /* Of the statement. */
	sqlite3 *sqlite;
	char *err;
	size_t err_size;
} dump_t;

static int blame(dump_t *in, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int blame(dump_t *in, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const int ret = text_file_blame(in->path, in->line, in->err, in->err_size, format, args);
	va_end(args);
	return ret;
}

/* -- words ---------------------------------------------------------------- */

static bool is_remark(const char *at)
{
	return (at[0] == '-' && at[1] == '-') || at[0] == '#';
}

/* Goes on to what is neither blank nor comment. */
static void skip(dump_t *in)
{
	for (;;) {
		if (isspace((unsigned char)*in->at)) {
			in->at++;
		} else if (is_remark(in->at)) {
			in->at += strcspn(in->at, "\n");
		} else if (in->at[0] == '/' && in->at[1] == '*') {
			char *end = strstr(in->at + 2, "*/");
			in->at = end != NULL ? end + 2 : in->at + strlen(in->at);
		} else {
			return;
		}
	}
}

/* Goes on behind a word, if it is there. */
static bool take_word(dump_t *in, const char *word)
{
	const size_t len = strlen(word);
	skip(in);
	if (strncasecmp(in->at, word, len) != 0 || isalnum((unsigned char)in->at[len]) || in->at[len] == '_') {
		return false;
	}
	in->at += len;
	return true;
}

static bool take_sign(dump_t *in, char sign)
{
	skip(in);
	const bool there = *in->at == sign;
	in->at += there;
	return there;
}

static int take_name(dump_t *in, char name[NAME_MAX_LEN + 1])
{
	skip(in);
	const char quote = *in->at == '`' || *in->at == '"' ? *in->at : '\0';
	const char *from = in->at + (quote != '\0');
	size_t len = 0;
	while (from[len] != '\0' && from[len] != quote &&
	       (quote != '\0' || isalnum((unsigned char)from[len]) || from[len] == '_')) {
		len++;
	}
	if (len == 0 || len > NAME_MAX_LEN || (quote != '\0' && from[len] != quote)) {
		return blame(in, "there should be a name, not \"%.20s\"", in->at);
	}
	memcpy(name, from, len);
	name[len] = '\0';
	in->at += len + 2 * (quote != '\0');
	return 0;
}

/* Unescapes a string. \return It, and in->at is behind it; NULL: it has no end, or a NUL. */
static char *take_string(dump_t *in)
{
	static const char letters[] = "nrtbZ", meant[] = "\n\r\t\b\x1a";
	const char quote = *in->at++;
	char *text = in->at, *to = text;
	for (; *in->at != '\0'; in->at++) {
		if (in->at[0] == '\\') {
			const char *letter = in->at[1] != '\0' ? strchr(letters, in->at[1]) : NULL;
			if (in->at[1] == '\0' || in->at[1] == '0') {
				return NULL;
			}
			*to++ = letter != NULL ? meant[letter - letters] : in->at[1];
			in->at++;
		} else if (in->at[0] == quote && in->at[1] == quote) {
			*to++ = *in->at++;
		} else if (in->at[0] == quote) {
			*to = '\0';
			in->at++;
			return text;
		} else {
			*to++ = *in->at;
		}
	}
	return NULL;
}

/* Goes on to one of these signs, which is in no string and no parentheses of its own. */
static int skip_to(dump_t *in, const char *signs)
{
	unsigned depth = 0;
	for (skip(in); *in->at != '\0' && (depth > 0 || strchr(signs, *in->at) == NULL); skip(in)) {
		if (strchr("'\"`", *in->at) != NULL) {
			if (take_string(in) == NULL) {
				return blame(in, "a string has no end");
			}
			continue;
		}
		depth += *in->at == '(';
		depth -= *in->at == ')' && depth > 0;
		in->at++;
	}
	return *in->at != '\0' ? 0 : blame(in, "the file ends within a statement: it is not whole");
}

/* -- tables --------------------------------------------------------------- */

static int run(dump_t *in, char *sql)
{
	const int ret = sql != NULL ? sqlite3_exec(in->sqlite, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
	sqlite3_free(sql);
	return ret == SQLITE_OK ? 0 : blame(in, "%s", sqlite3_errmsg(in->sqlite));
}

/* A table's columns, without types: what comes counts. Keys and constraints do not begin with a name in quotes. */
static int read_table(dump_t *in)
{
	char name[NAME_MAX_LEN + 1], column[NAME_MAX_LEN + 1];
	if (take_word(in, "IF") && (!take_word(in, "NOT") || !take_word(in, "EXISTS"))) {
		return blame(in, "there should be IF NOT EXISTS");
	}
	if (take_name(in, name) != 0 || !take_sign(in, '(')) {
		return blame(in, "there should be the columns of a table");
	}
	sqlite3_str *sql = sqlite3_str_new(in->sqlite);
	sqlite3_str_appendf(sql, "CREATE TABLE \"%w\"", name);
	const char *before = " (";
	int ret = 0;
	do {
		skip(in);
		if (*in->at == '`' || *in->at == '"') {
			ret = take_name(in, column);
			sqlite3_str_appendf(sql, "%s\"%w\"", before, column);
			before = ", ";
		}
		ret = ret == 0 ? skip_to(in, ",)") : ret;
	} while (ret == 0 && take_sign(in, ','));
	sqlite3_str_appendall(sql, ")");
	char *text = sqlite3_str_finish(sql);
	if (ret != 0) {
		sqlite3_free(text);
		return ret;
	}
	return run(in, text);
}

/* -- rows ----------------------------------------------------------------- */

static int bind_number(dump_t *in, sqlite3_stmt *insert, int index)
{
	char *end = NULL, *real_end = NULL;
	errno = 0;
	const long long number = strtoll(in->at, &end, 10);
	const bool whole = errno == 0 && end > in->at;
	const double real = strtod(in->at, &real_end);
	if (!whole && real_end == in->at) {
		return blame(in, "there should be a value, not \"%.20s\"", in->at);
	}
	const bool is_whole = whole && end == real_end;
	in->at = is_whole ? end : real_end;
	return (is_whole ? sqlite3_bind_int64(insert, index, number) : sqlite3_bind_double(insert, index, real)) == SQLITE_OK
	               ? 0 : blame(in, "out of memory");
}

static int bind_value(dump_t *in, sqlite3_stmt *insert, int index)
{
	skip(in);
	if (*in->at == '\'' || *in->at == '"') {
		const char *text = take_string(in);
		if (text == NULL) {
			return blame(in, "a string has no end, or a NUL in it");
		}
		return sqlite3_bind_text(insert, index, text, -1, SQLITE_STATIC) == SQLITE_OK
		               ? 0 : blame(in, "out of memory");
	}
	return take_word(in, "NULL") ? 0 : bind_number(in, insert, index);
}

static int read_row(dump_t *in, sqlite3_stmt *insert, int columns)
{
	int ret = take_sign(in, '(') ? 0 : blame(in, "there should be a row in parentheses");
	for (int i = 1; i <= columns && ret == 0; i++) {
		ret = bind_value(in, insert, i);
		if (ret == 0 && !take_sign(in, i < columns ? ',' : ')')) {
			ret = blame(in, "a row has not as many values as the table has columns, %d", columns);
		}
	}
	if (ret == 0 && sqlite3_step(insert) != SQLITE_DONE) {
		ret = blame(in, "%s", sqlite3_errmsg(in->sqlite));
	}
	sqlite3_reset(insert);
	sqlite3_clear_bindings(insert);
	return ret;
}

/* How many columns a table has; -1 if there is none. */
static int count_columns(dump_t *in, const char *table)
{
	sqlite3_stmt *all = NULL;
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
	const int ret = sql != NULL ? sqlite3_prepare_v2(in->sqlite, sql, -1, &all, NULL) : SQLITE_NOMEM;
	const int count = ret == SQLITE_OK ? sqlite3_column_count(all) : -1;
	sqlite3_finalize(all);
	sqlite3_free(sql);
	return count;
}

/* Makes the statement for rows, which may say their columns. \return How many columns; -1 */
static int prepare(dump_t *in, const char *table, sqlite3_stmt **insert)
{
	char column[NAME_MAX_LEN + 1];
	int count = count_columns(in, table), listed = 0;
	if (count < 0) {
		return blame(in, "there is no CREATE TABLE %s before: make the dump with it", table);
	}
	sqlite3_str *sql = sqlite3_str_new(in->sqlite);
	sqlite3_str_appendf(sql, "INSERT INTO \"%w\"", table);
	int ret = 0;
	if (take_sign(in, '(')) {
		do {
			ret = take_name(in, column);
			sqlite3_str_appendf(sql, "%s\"%w\"", listed++ == 0 ? " (" : ", ", column);
		} while (ret == 0 && listed < COLUMNS_MAX && take_sign(in, ','));
		ret = ret == 0 && !take_sign(in, ')') ? blame(in, "there should be columns in parentheses") : ret;
		sqlite3_str_appendall(sql, ")");
		count = listed;
	}
	for (int i = 0; i < count; i++) {
		sqlite3_str_appendall(sql, i == 0 ? " VALUES (?" : ", ?");
	}
	sqlite3_str_appendall(sql, ")");
	char *text = sqlite3_str_finish(sql);
	if (ret == 0 && (text == NULL || sqlite3_prepare_v2(in->sqlite, text, -1, insert, NULL) != SQLITE_OK)) {
		ret = blame(in, "%s", sqlite3_errmsg(in->sqlite));
	}
	sqlite3_free(text);
	return ret == 0 ? count : -1;
}

static int read_rows(dump_t *in)
{
	char table[NAME_MAX_LEN + 1];
	sqlite3_stmt *insert = NULL;
	take_word(in, "IGNORE");
	if (!take_word(in, "INTO") || take_name(in, table) != 0) {
		return blame(in, "there should be INTO and a table");
	}
	const int columns = prepare(in, table, &insert);
	int ret = columns >= 0 ? 0 : -1;
	if (ret == 0 && !take_word(in, "VALUES")) {
		ret = blame(in, "there should be VALUES");
	}
	do {
		ret = ret == 0 ? read_row(in, insert, columns) : ret;
	} while (ret == 0 && take_sign(in, ','));
	sqlite3_finalize(insert);
	return ret;
}

/* -- all ------------------------------------------------------------------ */

static int read_statement(dump_t *in)
{
	for (; in->counted < in->at; in->counted++) {
		in->line += *in->counted == '\n';
	}
	int ret = 0;
	if (take_word(in, "CREATE")) {
		ret = take_word(in, "TABLE") ? read_table(in) : 0;
	} else if (take_word(in, "INSERT")) {
		ret = read_rows(in);
	}
	ret = ret == 0 ? skip_to(in, ";") : ret;
	in->at += ret == 0;
	return ret;
}

static int read_all(dump_t *in)
{
	int ret = run(in, sqlite3_mprintf("BEGIN"));
	for (skip(in); ret == 0 && *in->at != '\0'; skip(in)) {
		ret = read_statement(in);
	}
	ret = ret == 0 ? run(in, sqlite3_mprintf("COMMIT")) : ret;
	/* Whether there are such tables is found by who reads them. */
	sqlite3_exec(in->sqlite, "CREATE INDEX i1 ON keyData (zoneId)", NULL, NULL, NULL);
	sqlite3_exec(in->sqlite, "CREATE INDEX i2 ON keyState (keyDataId)", NULL, NULL, NULL);
	sqlite3_exec(in->sqlite, "CREATE INDEX i3 ON keyDependency (zoneId)", NULL, NULL, NULL);
	return ret;
}

/* Whether the end of the file is there. */
static bool is_whole(const char *text)
{
	const size_t len = strlen(text), tail = len < 200 ? len : 200;
	return strstr(text + len - tail, WHOLE) != NULL;
}

bool ods_dump_is_one(const char *path)
{
	char head[sizeof(MAGIC)] = "";
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* It may be a pipe. */
	const ssize_t len = fd >= 0 ? read(fd, head, sizeof(head)) : -1;
	if (fd >= 0) {
		close(fd);
	}
	return len > 0 && memcmp(head, MAGIC, sizeof(head)) != 0;
}

int ods_dump_open(const char *path, sqlite3 **sqlite, char *err, size_t err_size)
{
	char *text = text_file_read(path, &what_file, err, err_size);
	if (text == NULL) {
		return -1;
	}
	dump_t in = { .path = path, .at = text, .counted = text, .line = 1, .err = err, .err_size = err_size };
	int ret = -1;
	if (!is_whole(text)) {
		snprintf(err, err_size, "%s is no database of SQLite, and no whole dump of mysqldump or mariadb-dump: that "
		         "ends with \"%s\"", path, WHOLE);
	} else if (sqlite3_open_v2(":memory:", &in.sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
	                           SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		snprintf(err, err_size, "out of memory");
	} else {
		ret = read_all(&in);
	}
	free(text);
	*sqlite = in.sqlite;
	return ret;
}
