/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What the worker learns of what knotd serves: asked, waited for, and believed without. */

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/publish/serving.h"
#include "tests/unit/check-main.h"

#define ZONE ((const knot_dname_t *)"\x01z\x04test")

static log_t logger;
static trigger_t *nobody; /* Asks a knotd that is not there. */
static serving_t serving;
static unsigned wakes, warnings;

static void sink(void *ctx, int priority, const char *line)
{
	(void)ctx;
	(void)line;
	warnings += priority <= LOG_WARNING;
}

static void wake(void *ctx)
{
	(void)ctx;
	wakes++;
}

static bool no_answer(void *ctx, const knot_dname_t *zone, apex_t *apex)
{
	(void)ctx;
	(void)zone;
	(void)apex;
	return false;
}

static void setup(void)
{
	wakes = warnings = 0;
	log_init(&logger, sink, NULL);
	ck_assert_int_eq(trigger_start(&nobody, "/nowhere", &logger, TRIGGER_APEX, no_answer, NULL),
	                 KNOT_EOK);
	serving_init(&serving, &(serving_args_t) {
		.log = &logger, .zone = ZONE, .trigger = nobody, .asker = nobody, .reader = nobody,
		.wake = wake,
	});
}

static void teardown(void)
{
	serving_deinit(&serving);
	trigger_stop(nobody);
	log_deinit(&logger);
}

static apex_t make_apex(const char *serial)
{
	apex_t apex = { 0 };
	char soa[64];
	snprintf(soa, sizeof(soa), "ns. host. %s 1 2 3 4", serial);
	ck_assert_int_eq(apex_add(&apex, "SOA", "300", soa), KNOT_EOK);
	ck_assert_int_eq(apex_add(&apex, "DNSKEY", "300", "257 3 13 CQkJ"), KNOT_EOK);
	return apex;
}

START_TEST(test_read)
{
	apex_t got = { 0 }, apex = make_apex("7"), newer = make_apex("8");
	uint32_t serial = 0;
	bool serves = false;
	/* Nobody has asked. */
	serving_apex(&serving, &apex);
	ck_assert_uint_eq(wakes, 0);
	ck_assert_uint_eq(apex.key_count, 1);

	ck_assert_int_eq(serving_read(&serving, &got), KNOT_EAGAIN);
	ck_assert_int_eq(serving_read(&serving, &got), KNOT_EAGAIN);
	serving_apex(&serving, &apex);
	ck_assert_uint_eq(wakes, 1);
	ck_assert_uint_eq(apex.key_count, 0);
	serving_apex(&serving, &newer);
	ck_assert_int_eq(serving_read(&serving, &got), KNOT_EOK);
	ck_assert_uint_eq(got.serial, 8);
	ck_assert_uint_eq(got.key_count, 1);
	/* It is one answer with the serial. */
	ck_assert(serving_served(&serving, &serial, &serves));
	ck_assert(serves);
	ck_assert_uint_eq(serial, 8);
	apex_deinit(&got);

	/* As of now: asked anew. */
	ck_assert_int_eq(serving_read(&serving, &got), KNOT_EAGAIN);
	serving_apex(&serving, &apex);
	ck_assert_int_eq(serving_read(&serving, &got), KNOT_EOK);
	ck_assert(!got.has_soa);
	ck_assert(serving_served(&serving, &serial, &serves));
	ck_assert(!serves);
	ck_assert_uint_eq(warnings, 0);
}
END_TEST

/*! knotd does not answer: the store is believed, and an answer that is late is none. */
START_TEST(test_late)
{
	apex_t got = { 0 }, apex = make_apex("7");
	uint32_t serial;
	bool serves = true;
	ck_assert(!serving_served(&serving, &serial, &serves));
	ck_assert_int_eq(serving_read(&serving, &got), KNOT_EAGAIN);
	(void)poll(NULL, 0, 300);
	ck_assert_int_eq(serving_read(&serving, &got), KNOT_ETIMEOUT);
	ck_assert(!serving_is_silent(&serving));
	ck_assert(serving_served(&serving, &serial, &serves));
	ck_assert(!serves);
	ck_assert(serving_is_silent(&serving));
	ck_assert_uint_eq(warnings, 2);
	serving_apex(&serving, &apex);
	ck_assert(!serving_is_silent(&serving));
	ck_assert_uint_eq(wakes, 0);
	ck_assert_int_eq(serving_read(&serving, &got), KNOT_EAGAIN);
	apex_deinit(&apex);
}
END_TEST

/*! knotd loads the zone for longer than it may be silent. */
START_TEST(test_loading)
{
	uint32_t serial;
	bool serves = true;
	ck_assert(!serving_served(&serving, &serial, &serves));
	for (int i = 0; i < 5; i++) {
		(void)poll(NULL, 0, 100);
		serving_loading(&serving);
		ck_assert(!serving_served(&serving, &serial, &serves));
	}
	ck_assert_uint_eq(warnings, 0);
	(void)poll(NULL, 0, 300);
	ck_assert(serving_served(&serving, &serial, &serves));
	ck_assert_uint_eq(warnings, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("serving");
	TCase *tcase = tcase_create("apex");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_read);
	tcase_add_test(tcase, test_late);
	tcase_add_test(tcase, test_loading);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
