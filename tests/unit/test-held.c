/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What a zone holds back: over a restart, let through once, and from a record that is damaged. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/store/held.h"
#include "tests/unit/check-main.h"

#define ZONE ((const knot_dname_t *)"\x01z\x04test")

static char dir[64], lines[4096];
static store_t *store;
static log_t logger;
static held_t held;
static unsigned changes;

static void sink(void *ctx, int priority, const char *line)
{
	const size_t len = strlen(lines);
	(void)ctx;
	(void)priority;
	snprintf(lines + len, sizeof(lines) - len, "%s\n", line);
}

static void changed(void *ctx)
{
	(void)ctx;
	changes++;
}

static void open_held(void)
{
	held_init(&held, &(held_args_t) {
		.log = &logger, .store = store, .zone = ZONE, .changed = changed,
	});
}

static void reopen(void)
{
	held_deinit(&held);
	open_held();
}

static void setup(void)
{
	char err[256];
	strcpy(dir, "/tmp/test-held.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_msg(store_open(&store, dir, err, sizeof(err)) == KNOT_EOK, "%s", err);
	lines[0] = '\0';
	changes = 0;
	log_init(&logger, sink, NULL);
	open_held();
}

static void teardown(void)
{
	char command[80];
	held_deinit(&held);
	log_deinit(&logger);
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static unsigned count(const char *text)
{
	unsigned found = 0;
	for (const char *at = lines; (at = strstr(at, text)) != NULL; at++) {
		found++;
	}
	return found;
}

/* Held things stay over a restart, each with its time and reason; the log has begin and end. */
START_TEST(test_restart)
{
	char before[HELD_TEXT_MAX] = "", after[HELD_TEXT_MAX] = "";
	ck_assert_uint_eq(held_rules(&held), 0);
	held_set(&held, HELD_SHRINK, "serial 7", "a file: has 3 of 200 names");
	held_set(&held, HELD_SHRINK, "serial 7", "a file: has 3 of 200 names");
	held_set(&held, HELD_FREEZE, "input", "frozen");
	ck_assert_uint_eq(held_rules(&held), (1u << HELD_SHRINK) | (1u << HELD_FREEZE));
	ck_assert(held_text(&held, HELD_SHRINK, before, sizeof(before)));
	ck_assert_ptr_nonnull(strstr(before, "held: shrink: a file: has 3 of 200 names; since 2"));
	ck_assert_ptr_nonnull(strstr(before, "ods pass z.test. shrink"));
	reopen();
	ck_assert(held_text(&held, HELD_SHRINK, after, sizeof(after)));
	ck_assert_str_eq(before, after);
	ck_assert(held_is(&held, HELD_FREEZE) && !held_is(&held, HELD_SERIAL));
	held_end(&held, HELD_SHRINK);
	held_end(&held, HELD_SHRINK);
	held_end(&held, HELD_FREEZE);
	reopen();
	ck_assert_uint_eq(held_rules(&held), 0);
	ck_assert(!held_text(&held, HELD_SHRINK, after, sizeof(after)));
	ck_assert_uint_eq(count(" held: shrink: "), 1);
	ck_assert_uint_eq(count("no longer held: shrink"), 1);
	ck_assert_uint_eq(changes, 4);
}
END_TEST

/* What is let through is this one thing. */
START_TEST(test_pass)
{
	bool passed = true;
	ck_assert(!held_pass(&held, HELD_SHRINK));
	held_set(&held, HELD_SHRINK, "serial 7", "lost");
	ck_assert(held_has(&held, HELD_SHRINK, "serial 7", &passed) && !passed);
	ck_assert(held_pass(&held, HELD_SHRINK));
	reopen();
	ck_assert(held_has(&held, HELD_SHRINK, "serial 7", &passed) && passed);
	ck_assert(!held_has(&held, HELD_SHRINK, "serial 8", &passed) && !passed);
	held_set(&held, HELD_SHRINK, "serial 8", "lost");
	ck_assert(held_has(&held, HELD_SHRINK, "serial 8", &passed) && !passed);
	ck_assert(!held_has(&held, HELD_SHRINK, "serial 7", &passed) && !passed);
}
END_TEST

static void store_text(const char *text, size_t len)
{
	store_txn_t txn;
	ck_assert_int_eq(store_write(store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_end(&txn, store_set(&txn, STORE_HELD, ZONE, text, len)), KNOT_EOK);
	reopen();
}

/* A record that is damaged, cut or of another version holds what can be read of it. */
START_TEST(test_damaged)
{
	static const char text[] = "later 5 0 x\tof a later version\n"
	                           "shrink 1795900000 1 serial 7\tlost\n"
	                           "freeze 1795900000 0 input\tfrozen\n";
	char damaged[sizeof(text)], out[HELD_TEXT_MAX];
	store_text(text, sizeof(text) - 1);
	ck_assert_uint_eq(held_rules(&held), (1u << HELD_SHRINK) | (1u << HELD_FREEZE));
	for (size_t len = 0; len < sizeof(text); len++) {
		store_text(text, len);
	}
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		static const char octets[] = { '\0', '\t', '\n', ' ', (char)0xff };
		for (size_t i = 0; i < sizeof(octets); i++) {
			memcpy(damaged, text, sizeof(text));
			damaged[at] = octets[i];
			store_text(damaged, sizeof(text) - 1);
			for (int rule = 0; rule < HELD_RULES; rule++) {
				(void)held_text(&held, rule, out, sizeof(out));
			}
		}
	}
}
END_TEST

/* However long a reason is, the other rules are kept. */
START_TEST(test_long)
{
	char why[3 * HELD_TEXT_MAX], out[HELD_TEXT_MAX];
	memset(why, 'x', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	for (int rule = 0; rule < HELD_RULES; rule++) {
		held_set(&held, rule, "thing", why);
	}
	reopen();
	ck_assert_uint_eq(held_rules(&held), (1u << HELD_RULES) - 1);
	ck_assert(held_text(&held, HELD_FREEZE, out, sizeof(out)));
}
END_TEST

START_TEST(test_names)
{
	for (int i = 0; i < HELD_RULES; i++) {
		held_rule_t rule;
		ck_assert(held_find(held_name(i), &rule) && (int)rule == i);
	}
	held_rule_t none;
	ck_assert(!held_find("", &none) && !held_find("Shrink", &none));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("held");
	TCase *tcase = tcase_create("held");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, test_restart);
	tcase_add_test(tcase, test_pass);
	tcase_add_test(tcase, test_damaged);
	tcase_add_test(tcase, test_long);
	tcase_add_test(tcase, test_names);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
