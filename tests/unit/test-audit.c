/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The audit: its chain, its file, what a crash and a full disk leave, and what is seen of a change.
 * */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-engine/audit/chain.h"
#include "policy-engine/audit/file.h"
#include "policy-engine/audit/note.h"
#include "tests/unit/check-main.h"

static char folder[] = "/tmp/test-audit.XXXXXX";
static char file[64], moved[64];
static desk_t desk;

static void wake(void *ctx)
{
	(void)ctx;
}

static void begin(void)
{
	char err[512], path[64];
	strcpy(folder, "/tmp/test-audit.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/kasp.db", folder);
	snprintf(file, sizeof(file), "%s/" AUDIT_FILE, folder);
	snprintf(moved, sizeof(moved), "%s/moved", folder);
	desk_init(&desk, wake, NULL);
	desk.conf.datastore = strdup(path);
	ck_assert_msg(db_open(&desk.db, path, err, sizeof(err)) == 0, "%s", err);
}

static void end(void)
{
	char command[128];
	desk_deinit(&desk);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void note(const char *what)
{
	ck_assert_int_eq(audit_note(&desk, &(audit_t){ .who = "uid 0", .action = "test",
	                                               .zone = "a.test.", .what = what }), 0);
}

static void pass(void)
{
	bool more = false;
	ck_assert_int_eq(audit_pass(&desk, &more), 0);
	ck_assert(!more);
}

/* \return How many lines follow each other in a file, up to the first that does not. */
static unsigned good_lines(const char *path, chain_end_t *last)
{
	char *line = NULL, why[256];
	size_t size = 0;
	ssize_t len;
	unsigned count = 0;
	FILE *in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	while ((len = getline(&line, &size, in)) > 0 && line[len - 1] == '\n' &&
	       chain_follows(last, line, (size_t)len - 1, why, sizeof(why))) {
		count++;
	}
	free(line);
	fclose(in);
	return count;
}

static unsigned lines_of(const char *path)
{
	chain_end_t last = { 0 };
	return good_lines(path, &last);
}

/* Notes come into the file in their order, once each; the file may be moved away. */
START_TEST(comes_into_the_file)
{
	chain_end_t last = { 0 };
	struct stat st;
	note("one");
	note("two \"quoted\"\n");
	pass();
	pass();
	ck_assert_uint_eq(good_lines(file, &last), 2);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777 & ~0640, 0);
	ck_assert_int_eq(rename(file, moved), 0);
	note("three");
	pass();
	ck_assert_uint_eq(good_lines(file, &last), 1);
	ck_assert_uint_eq(last.seq, 3);
	ck_assert_uint_eq(lines_of(file), 1);
}
END_TEST

/* What is undone is not noted. */
START_TEST(is_part_of_the_transaction)
{
	ck_assert_int_eq(db_begin(desk.db), 0);
	note("undone");
	db_rollback(desk.db);
	ck_assert_int_eq(db_begin(desk.db), 0);
	note("done");
	ck_assert_int_eq(db_commit(desk.db), 0);
	pass();
	ck_assert_uint_eq(lines_of(file), 1);
}
END_TEST

static int count_note(void *ctx, int64_t id, const char *members)
{
	(void)id;
	(void)members;
	++*(unsigned *)ctx;
	return 0;
}

/* A file that cannot be written loses nothing. */
START_TEST(waits_for_the_file)
{
	unsigned left = 0;
	ck_assert_int_eq(mkdir(file, 0700), 0);
	note("one");
	pass();
	ck_assert_int_eq(db_audit_each(desk.db, count_note, &left), 0);
	ck_assert_uint_eq(left, 1);
	ck_assert_int_eq(rmdir(file), 0);
	note("two");
	pass();
	ck_assert_uint_eq(lines_of(file), 2);
	/* Not through a link. */
	ck_assert_int_eq(rename(file, moved), 0);
	ck_assert_int_eq(symlink(moved, file), 0);
	note("three");
	pass();
	ck_assert_uint_eq(lines_of(moved), 2);
	ck_assert_int_eq(unlink(file), 0);
	note("four");
	pass();
	ck_assert_uint_eq(lines_of(file), 2);
}
END_TEST

/* A crash has left a part of a line: it is cut off, and the chain goes on. */
START_TEST(torn_line)
{
	static const char *const parts[] = { "{\"seq\": 3, \"ti", "x", "{\"seq\": 2, \"prev\": \"00\"}" };
	note("one");
	note("two");
	pass();
	for (unsigned i = 0; i < 3; i++) {
		FILE *out = fopen(file, "a");
		fputs(parts[i], out);
		fclose(out);
		note("next");
		pass();
		ck_assert_uint_eq(lines_of(file), 3 + i);
	}
}
END_TEST

/* Each byte that is changed is seen, and each line that is missing. */
START_TEST(changes_are_seen)
{
	char text[4096];
	for (unsigned i = 0; i < 4; i++) {
		note("something");
	}
	pass();
	FILE *in = fopen(file, "r");
	const size_t len = fread(text, 1, sizeof(text), in);
	fclose(in);
	/* The last line has none behind it: of that the engine knows the hash. */
	chain_end_t last = { 0 };
	ck_assert_uint_eq(good_lines(file, &last), 4);
	for (size_t i = 0; i < len; i++) {
		chain_end_t changed = { 0 };
		const char was = text[i];
		text[i] = was == 'x' ? 'y' : 'x';
		FILE *out = fopen(moved, "w");
		fwrite(text, 1, len, out);
		fclose(out);
		text[i] = was;
		ck_assert_msg(good_lines(moved, &changed) < 4 ||
		              strcmp(changed.hash, last.hash) != 0, "byte %zu", i);
	}
	/* Without the second line. */
	const char *second = strchr(text, '\n') + 1, *third = strchr(second, '\n') + 1;
	FILE *out = fopen(moved, "w");
	fwrite(text, 1, (size_t)(second - text), out);
	fwrite(third, 1, len - (size_t)(third - text), out);
	fclose(out);
	ck_assert_uint_eq(lines_of(moved), 1);
}
END_TEST

/* Any bytes are no line, and do no harm. */
START_TEST(any_bytes)
{
	chain_end_t last = { 0 };
	char why[64], bytes[200];
	srandom(1);
	for (unsigned i = 0; i < 20000; i++) {
		const size_t len = (size_t)random() % sizeof(bytes);
		for (size_t j = 0; j < len; j++) {
			bytes[j] = (char)random();
		}
		memcpy(bytes, "{\"seq\": 99999999999999999999", len < 28 ? len : 28);
		ck_assert(!chain_follows(&last, bytes, len, why, sizeof(why)));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit");
	TCase *tc = tcase_create("audit");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, comes_into_the_file);
	tcase_add_test(tc, is_part_of_the_transaction);
	tcase_add_test(tc, waits_for_the_file);
	tcase_add_test(tc, torn_line);
	tcase_add_test(tc, changes_are_seen);
	tcase_add_test(tc, any_bytes);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
