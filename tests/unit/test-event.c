/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The engine's log: what is written of what many zones have, and what the journal gets. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy-engine/base/event.h"
#include "policy-engine/base/journal.h"
#include "common/repeat.h"
#include "tests/unit/check-main.h"

/* -- repeat -------------------------------------------------------------- */

static repeat_t repeat;
static unsigned written, more_sum, numbers;
static char last_zone[64];

static void begin(void)
{
	memset(&repeat, 0, sizeof(repeat));
	written = more_sum = numbers = 0;
	last_zone[0] = '\0';
}

static void end(void)
{
	repeat_deinit(&repeat);
}

static void write_line(void *ctx, const repeat_line_t *line, unsigned more)
{
	(void)ctx;
	written++;
	more_sum += more;
	numbers += more > 0;
	snprintf(last_zone, sizeof(last_zone), "%s", line->zone != NULL ? line->zone : "");
}

static void take(const char *alike, int level, int zone, int64_t now)
{
	char name[32];
	snprintf(name, sizeof(name), "z%d.test.", zone);
	repeat_take(&repeat, &(repeat_line_t){ .alike = alike, .level = level, .text = "a line",
	                                       .zone = zone >= 0 ? name : NULL }, now, write_line,
	            NULL);
}

/* 2,000 zones at once: the first thirty, then one line that counts all others. */
START_TEST(many)
{
	for (int i = 0; i < 2000; i++) {
		take("new zone", LOG_INFO, i, 100);
	}
	ck_assert_uint_eq(written, REPEAT_ZONES);
	repeat_pass(&repeat, 109, write_line, NULL);
	ck_assert_uint_eq(written, REPEAT_ZONES);
	repeat_pass(&repeat, 110, write_line, NULL);
	ck_assert_uint_eq(written, REPEAT_ZONES + 1);
	ck_assert_uint_eq(written + more_sum, 2000);
	ck_assert_str_eq(last_zone, "z1999.test.");
	repeat_pass(&repeat, INT64_MAX, write_line, NULL);
	ck_assert_uint_eq(written, REPEAT_ZONES + 1);
}
END_TEST

/* The same trouble all the time, for a day: the intervals grow, and no line is lost. */
START_TEST(all_day)
{
	for (int i = 0; i < 86400; i++) {
		take("trouble", LOG_WARNING, i % 500, i);
	}
	repeat_pass(&repeat, INT64_MAX, write_line, NULL);
	ck_assert_uint_eq(written + more_sum, 86400);
	/* 10 s, 20 s, ... an hour: nine, then one an hour */
	ck_assert_uint_ge(numbers, 24);
	ck_assert_uint_le(numbers, 36);
}
END_TEST

/* When it has been still for long enough, it is news again. */
START_TEST(anew)
{
	for (int i = 0; i < 100; i++) {
		take("trouble", LOG_WARNING, i, 0);
	}
	repeat_pass(&repeat, 10, write_line, NULL);
	const unsigned before = written;
	take("trouble", LOG_WARNING, 1, 15); /* The interval is 20 s now. */
	ck_assert_uint_eq(written, before);
	repeat_pass(&repeat, 35, write_line, NULL);
	ck_assert_uint_eq(written, before + 1);
	take("trouble", LOG_WARNING, 2, 15 + 40);
	ck_assert_uint_eq(written, before + 2);
	ck_assert_str_eq(last_zone, "z2.test.");
}
END_TEST

/* One zone's lines are written, however many; so is what is of no zone. */
START_TEST(one_zone)
{
	for (int i = 0; i < 100; i++) {
		take("step", LOG_INFO, 7, 0);
		take("token", LOG_ERROR, -1, 0);
	}
	ck_assert_uint_eq(written, 200);
}
END_TEST

/* Other troubles, and other levels, are written beside one that many have. */
START_TEST(others)
{
	char alike[32];
	for (int i = 0; i < 100; i++) {
		take("trouble", LOG_WARNING, i, 0);
	}
	ck_assert_uint_eq(written, REPEAT_ZONES);
	take("trouble", LOG_ERROR, 1, 0);
	ck_assert_uint_eq(written, REPEAT_ZONES + 1);
	/* more kinds than places: all of them */
	for (int i = 0; i < 3 * REPEAT_KINDS; i++) {
		snprintf(alike, sizeof(alike), "kind %d", i);
		take(alike, LOG_WARNING, i, 0);
	}
	ck_assert_uint_eq(written, REPEAT_ZONES + 1 + 3 * REPEAT_KINDS);
	/* and what was counted is still there */
	repeat_pass(&repeat, INT64_MAX, write_line, NULL);
	ck_assert_uint_eq(more_sum, 100 - REPEAT_ZONES - 1);
}
END_TEST

/* -- journal ------------------------------------------------------------- */

static char folder[] = "/tmp/test-event.XXXXXX";

/* A journal of our own; its socket's path goes to "path". */
static int journal(char path[64])
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	strcpy(folder, "/tmp/test-event.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, 64, "%s/socket", folder);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void remove_journal(int fd, const char *path)
{
	close(fd);
	unlink(path);
	rmdir(folder);
}

START_TEST(fields)
{
	char path[64], got[8192] = "";
	const int fd = journal(path);
	const journal_entry_t entry = { .priority = 4, .event = "ds-lost", .zone = "a.test.",
	                                .keytag = 4711, .text = "[a.test.] the DS is gone" };
	ck_assert(journal_send(path, &entry));
	ck_assert_int_gt(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 0);
	ck_assert_str_eq(got, "PRIORITY=4\nSYSLOG_IDENTIFIER=ods-engine\n"
	                 "MESSAGE=[a.test.] the DS is gone\nEVENT=ds-lost\nZONE=a.test.\nKEYTAG=4711\n");
	memset(got, 0, sizeof(got));
	ck_assert(journal_send(path, &(journal_entry_t){ .priority = 6, .text = "started" }));
	ck_assert_int_gt(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 0);
	ck_assert_str_eq(got, "PRIORITY=6\nSYSLOG_IDENTIFIER=ods-engine\nMESSAGE=started\n");
	remove_journal(fd, path);
}
END_TEST

/* A journal that is away, or reads nothing, holds nothing up: the line goes elsewhere. */
START_TEST(away)
{
	char path[64], longer[10000];
	const int fd = journal(path);
	const journal_entry_t entry = { .priority = 6, .text = "a line" };
	int sent = 0;
	while (sent < 10000 && journal_send(path, &entry)) {
		sent++;
	}
	ck_assert_int_lt(sent, 10000);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert(!journal_send(path, &(journal_entry_t){ .text = longer }));
	remove_journal(fd, path);
	ck_assert(!journal_send(path, &entry));
	ck_assert(!journal_send(longer, &entry));
}
END_TEST

START_TEST(stream)
{
	struct stat st;
	char text[64];
	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	unsetenv("JOURNAL_STREAM");
	ck_assert(!journal_has(STDERR_FILENO));
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
	ck_assert(journal_has(STDERR_FILENO));
	/* as for a child whose standard error is another file */
	setenv("JOURNAL_STREAM", "1:1", 1);
	ck_assert(!journal_has(STDERR_FILENO));
	setenv("JOURNAL_STREAM", "nonsense", 1);
	ck_assert(!journal_has(STDERR_FILENO));
	unsetenv("JOURNAL_STREAM");
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("event");
	TCase *lines = tcase_create("repeat");
	tcase_add_checked_fixture(lines, begin, end);
	tcase_add_test(lines, many);
	tcase_add_test(lines, all_day);
	tcase_add_test(lines, anew);
	tcase_add_test(lines, one_zone);
	tcase_add_test(lines, others);
	suite_add_tcase(suite, lines);
	TCase *entries = tcase_create("journal");
	tcase_add_test(entries, fields);
	tcase_add_test(entries, away);
	tcase_add_test(entries, stream);
	suite_add_tcase(suite, entries);
	return suite;
}

int main(void)
{
	return check_main(make_suite());
}
