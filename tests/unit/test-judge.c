/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A key set that was signed ahead, for later than it may be now. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "keyset/bundle.h"
#include "module/zone/judge.h"
#include "tests/unit/check-main.h"

#define NOW INT64_C(1800000000)
#define HOUR 3600
#define DAY 86400
#define ALARM DAY /* Of Refresh: the half. */

static char dir[64];
static store_t *store;
static news_t news;
static log_t logger;
static zone_env_t env;
static zone_t *zone;
static state_t state;

static void sink(void *ctx, int priority, const char *line)
{
	(void)ctx;
	(void)priority;
	(void)line;
}

static void set_up(void)
{
	char err[256];
	strcpy(dir, "/tmp/test-judge.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_msg(store_open(&store, dir, err, sizeof(err)) == KNOT_EOK, "%s", err);
	news_init(&news);
	log_init(&logger, sink, NULL);
	env = (zone_env_t) { .news = &news, .store = store, .log = &logger };
	zone = zone_new(&env, (const knot_dname_t *)"\1a\4test");
	ck_assert_ptr_nonnull(zone);
	state = (state_t) { .version = 1, .revision = 1 };
}

static void tear_down(void)
{
	char command[80];
	zone_free(zone);
	news_deinit(&news);
	log_deinit(&logger);
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void add_sig(char **bundle, int64_t from, int64_t until)
{
	bundle_record_t sig = { .type = KNOT_RRTYPE_RRSIG, .len = 90 };
	sig.rdata[1] = KNOT_RRTYPE_DNSKEY;
	knot_wire_write_u32(sig.rdata + 8, (uint32_t)until);
	knot_wire_write_u32(sig.rdata + 12, (uint32_t)from);
	ck_assert_int_eq(bundle_add(bundle, &sig), 0);
}

/*! \return With two signatures, of which one is good for longer. */
static keyset_t set_of(uint64_t revision, int64_t from, int64_t until)
{
	keyset_t set = { .revision = revision, .refresh = 2 * ALARM, .resign = HOUR };
	add_sig(&set.bundle, from - HOUR, until);
	add_sig(&set.bundle, from, until + HOUR);
	return set;
}

/*! \param from, to  Within which it is now, from NOW. */
static void judged(const keyset_t *before, const keyset_t *set, int64_t from, int64_t to, bool waits)
{
	char text[HELD_TEXT_MAX] = "";
	const clock_span_t now = { NOW + from, NOW + to };
	zone->verdict.again = 0;
	const keys_may_t may = judge_keys(zone, &state, before, set, &now);
	ck_assert_int_eq(may, waits ? KEYS_MAY_LATER : KEYS_MAY);
	ck_assert(held_text(&zone->held, HELD_TIME, text, sizeof(text)) == waits);
	ck_assert(!waits || strstr(text, "signed ahead is good from ") != NULL);
	ck_assert_msg((strstr(text, "clock is not believed") != NULL) == (waits && from != to), "%s", text);
	const int64_t in = zone->verdict.again - time(NULL);
	ck_assert(waits ? in >= 0 && in <= 600 : zone->verdict.again == 0);
}

START_TEST(test_early)
{
	keyset_t before = set_of(1, NOW - DAY, NOW + 10 * DAY);
	keyset_t set = set_of(2, NOW + HOUR, NOW + 20 * DAY);
	/* The clock is ahead: it may still be too early. */
	judged(&before, &set, 0, 2 * HOUR, true);
	judged(&before, &set, HOUR - 1, 9 * DAY - 1, true);
	judged(&before, &set, HOUR, 2 * HOUR, false);
	judged(&before, &set, 0, 0, true);
	judged(&before, &set, HOUR, HOUR, false);
	/* What is there would expire over that. */
	judged(&before, &set, 0, 9 * DAY - 1, true);
	judged(&before, &set, 0, 9 * DAY, false);
	/* The signer made the signatures of before: it goes on making them. */
	keyset_t own = { .revision = 1, .refresh = 2 * ALARM, .resign = HOUR };
	judged(&own, &set, 0, 100 * DAY, true);
	/* Of before nothing is known; or it is published. */
	judged(NULL, &own, 0, 0, false);
	judged(&before, &set, 0, 0, true);
	state.revision = 2;
	judged(&before, &set, 0, 0, false);
	state.revision = 1;
	state.version = 0;
	judged(&before, &set, 0, 0, false);
	free(before.bundle);
	free(set.bundle);
}
END_TEST

/*! 2^32 seconds go by between inception and expiration. */
START_TEST(test_wrap)
{
	const int64_t end = (INT64_C(1) << 32) - NOW;
	keyset_t before = set_of(1, NOW + end - DAY, NOW + end + 10 * DAY);
	keyset_t set = set_of(2, NOW + end + HOUR, NOW + end + 20 * DAY);
	judged(&before, &set, end - HOUR, end + 2 * HOUR, true);
	judged(&before, &set, end - HOUR, end + 9 * DAY, false);
	judged(&before, &set, end + HOUR, end + 2 * HOUR, false);
	free(before.bundle);
	free(set.bundle);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("judge");
	TCase *tcase = tcase_create("judge");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_early);
	tcase_add_test(tcase, test_wrap);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
