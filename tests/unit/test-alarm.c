/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What the log says of zones that come near their end, and when. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/base/moment.h"
#include "module/zone/alarm.h"
#include "module/zone/lasting.h"
#include "tests/unit/check-main.h"

#define HOUR 3600
#define DAY 86400
#define BEGIN INT64_C(1800000000)

static alarms_t *alarms;
static log_t log_;
static unsigned lines;
static char last[2048];

static void sink(void *ctx, int priority, const char *line)
{
	(void)ctx;
	(void)priority;
	lines++;
	snprintf(last, sizeof(last), "%s", line);
}

static void begin(void)
{
	alarms = calloc(1, sizeof(*alarms));
	log_init(&log_, sink, NULL);
	lines = 0;
}

static void end(void)
{
	log_deinit(&log_);
	free(alarms);
}

/*! A round at some time in which so many zones, the first at until, have a cause each. */
static unsigned round_of(int64_t now, int64_t until, unsigned zones, const char *cause)
{
	const unsigned before = lines;
	alarms_begin(alarms);
	for (unsigned i = 0; i < zones; i++) {
		knot_dname_storage_t name;
		alarm_zone_t why = { .until = until + zones - 1 - i };
		char text[32];
		snprintf(text, sizeof(text), "z%u.test.", zones - 1 - i);
		snprintf(why.cause, sizeof(why.cause), "key tag %u: %s", i, cause);
		knot_dname_from_str(name, text, sizeof(name));
		alarms_add(alarms, name, &why);
	}
	alarms_end(alarms, &log_, now);
	return lines - before;
}

/* First, then daily, then hourly in the last day, then at the end. */
START_TEST(schedule)
{
	const int64_t until = BEGIN + 3 * DAY;
	unsigned seen[5] = { 0 };
	for (int64_t now = BEGIN; now < until + 2 * HOUR; now += 60) {
		const unsigned told = round_of(now, until, 1, "token away");
		ck_assert_uint_le(told, 1);
		seen[now < until ? (now - BEGIN) / DAY : 3] += told;
	}
	ck_assert_uint_eq(seen[0], 1); /* when it begins */
	ck_assert_uint_eq(seen[1], 1); /* a day later */
	/* The next day is the last one. */
	ck_assert_uint_eq(seen[2], 24);
	ck_assert_uint_eq(seen[3], 2); /* it expires; an hour later */
	ck_assert_ptr_nonnull(strstr(last, "zone z0.test, expired: signatures lasted until"));
}
END_TEST

/* Thousands of zones have one line, with the first of them. */
START_TEST(one_line)
{
	ck_assert_uint_eq(round_of(BEGIN, BEGIN + 2 * DAY, 5000, "token away"), 1);
	ck_assert_ptr_nonnull(strstr(last, "zone z0.test, expiring, as the first of 5000 zones: "
	                             "signatures last until 2027-01-17T08:00:00Z, 2 d are left"));
	ck_assert_ptr_nonnull(strstr(last, "key tag 4999: token away"));
	ck_assert_uint_eq(round_of(BEGIN + 60, BEGIN + 2 * DAY, 5000, "token away"), 0);
	/* more zones: not before an hour has gone by */
	ck_assert_uint_eq(round_of(BEGIN + 120, BEGIN + 2 * DAY, 6000, "token away"), 0);
	ck_assert_uint_eq(round_of(BEGIN + HOUR, BEGIN + 2 * DAY, 6000, "token away"), 1);
	ck_assert_ptr_nonnull(strstr(last, "as the first of 6000 zones"));
}
END_TEST

/* Each cause has its lines; when all is well again there is one, and then it begins anew. */
START_TEST(causes)
{
	ck_assert_uint_eq(round_of(BEGIN, BEGIN + HOUR, 3, "token away"), 1);
	ck_assert_uint_eq(round_of(BEGIN + 60, BEGIN + HOUR, 3, "disk full"), 1);
	/* a cause that comes again while there are others is not new */
	ck_assert_uint_eq(round_of(BEGIN + 120, BEGIN + HOUR, 3, "token away"), 0);
	ck_assert_uint_eq(round_of(BEGIN + 180, 0, 0, ""), 1);
	ck_assert_ptr_nonnull(strstr(last, "no zone is expiring any more"));
	ck_assert_uint_eq(round_of(BEGIN + 240, 0, 0, ""), 0);
	ck_assert_uint_eq(round_of(BEGIN + 300, BEGIN + HOUR, 3, "token away"), 1);
}
END_TEST

/* What comes to its end is another cause, though the text be the same. */
START_TEST(kinds)
{
	const alarm_zone_t signatures = { ALARM_SIGNATURES, BEGIN + 90, "no answer" };
	const alarm_zone_t primary = { ALARM_PRIMARY, BEGIN + 60, "no answer" };
	char text[ALARM_LINE_MAX];
	alarms_begin(alarms);
	alarms_add(alarms, (const knot_dname_t *)"\1z", &signatures);
	alarms_add(alarms, (const knot_dname_t *)"\1z", &primary);
	alarms_end(alarms, &log_, BEGIN);
	ck_assert_uint_eq(lines, 2);
	ck_assert_str_eq(last, "zone z, expiring: no primary confirms the zone, it is served until "
	                 "2027-01-15T08:01:00Z, 1 min are left: no answer");
	alarm_text(&primary, BEGIN + 60, text, sizeof(text));
	ck_assert_str_eq(text, "no primary confirmed the zone, it was served until "
	                 "2027-01-15T08:01:00Z, it is not served any more: no answer");
}
END_TEST

/* More causes than there is room for: they share the last place. */
START_TEST(many_causes)
{
	alarms_begin(alarms);
	for (unsigned i = 0; i < 3 * ALARMS_MAX; i++) {
		alarm_zone_t why = { .until = BEGIN + HOUR };
		snprintf(why.cause, sizeof(why.cause), "cause %c%c", 'a' + i / 26, 'a' + i % 26);
		alarms_add(alarms, (const knot_dname_t *)"\1z", &why);
	}
	alarms_end(alarms, &log_, BEGIN);
	ck_assert_uint_eq(lines, ALARMS_MAX);
	ck_assert_ptr_nonnull(strstr(last, "as the first of 33 zones"));
}
END_TEST

/* A clock that is set back does not make it silent. */
START_TEST(clock_back)
{
	ck_assert_uint_eq(round_of(BEGIN + 30 * DAY, BEGIN + 31 * DAY, 1, "token away"), 1);
	ck_assert_uint_eq(round_of(BEGIN, BEGIN + DAY, 1, "token away"), 1);
}
END_TEST

START_TEST(alarm_time)
{
	ck_assert_int_eq(lasting_alarm(10, 1), 5);
	ck_assert_int_eq(lasting_alarm(10, 5), 5);
	/* Resign comes near Refresh: what is due may wait for as long. */
	ck_assert_int_eq(lasting_alarm(10, 8), 1);
	ck_assert_int_eq(lasting_alarm(10, 20), 0);
	const lasting_t lasting = { .until = BEGIN, .alarm = 5 };
	ck_assert(!lasting_is_short(&lasting, BEGIN - 5));
	ck_assert(lasting_is_short(&lasting, BEGIN - 4));
	ck_assert(!lasting_is_short(&(lasting_t) { .alarm = 5 }, BEGIN));
}
END_TEST

/* Signatures have to outlive what a secondary that lost touch serves, and caches keep of it. */
START_TEST(expire)
{
	char text[512] = "";
	lasting_t lasting = {
		.until = BEGIN, .least = lasting_least(10 * 86400, 7200), .max_ttl = 3600,
		.expire = 9 * 86400,
	};
	ck_assert(!lasting_warning(&lasting, text, sizeof(text)));
	lasting.expire = lasting.least - lasting.max_ttl;
	ck_assert(!lasting_warning(&lasting, text, sizeof(text)));
	lasting.expire++;
	ck_assert(lasting_warning(&lasting, text, sizeof(text)));
	ck_assert_ptr_nonnull(strstr(text, "expire no more than 9 d 21 h"));
	lasting.max_ttl = lasting.least;
	ck_assert(lasting_warning(&lasting, text, sizeof(text)));
	ck_assert_ptr_nonnull(strstr(text, "make Refresh longer"));
	ck_assert_ptr_null(strstr(text, "no more than"));
	/* A zone that has no signatures, or whose policy is not known. */
	lasting.least = 0;
	ck_assert(!lasting_warning(&lasting, text, sizeof(text)));
	ck_assert_uint_eq(lasting_least(10, 20), 0);
}
END_TEST

START_TEST(words)
{
	char out[MOMENT_MAX];
	ck_assert_str_eq(moment_span(0, out), "0 s");
	ck_assert_str_eq(moment_span(-3, out), "0 s");
	ck_assert_str_eq(moment_span(61, out), "1 min 1 s");
	ck_assert_str_eq(moment_span(3600, out), "1 h");
	ck_assert_str_eq(moment_span(86400 + 59 * 60, out), "1 d");
	ck_assert_str_eq(moment_span(2 * 86400 + 3 * 3600 + 5, out), "2 d 3 h");
	ck_assert_str_eq(moment_text(0, out), "-");
	ck_assert_str_eq(moment_text(BEGIN, out), "2027-01-15T08:00:00Z");
	ck_assert_str_eq(moment_text(INT64_MAX, out), "-");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alarm");
	TCase *tc = tcase_create("alarm");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, schedule);
	tcase_add_test(tc, one_line);
	tcase_add_test(tc, causes);
	tcase_add_test(tc, kinds);
	tcase_add_test(tc, many_causes);
	tcase_add_test(tc, clock_back);
	tcase_add_test(tc, alarm_time);
	tcase_add_test(tc, expire);
	tcase_add_test(tc, words);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
