/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "module/rr/serial.h"
#include "tests/unit/check-main.h"

#define NOW 1795500000 /* 2026-11-24T06:00:00Z */
#define NONE INT64_MIN

static const struct {
	keyset_serial_t policy;
	uint32_t input;
	int64_t last;   /* NONE: nothing is signed yet. */
	int64_t expect; /* NONE: an error. */
} cases[] = {
	{ KEYSET_SERIAL_COUNTER, 5, NONE, 6 },
	{ KEYSET_SERIAL_COUNTER, 5, 6, 7 },
	{ KEYSET_SERIAL_COUNTER, 5, 5, 6 },
	{ KEYSET_SERIAL_COUNTER, 100, 6, 101 },
	{ KEYSET_SERIAL_COUNTER, UINT32_MAX, NONE, 0 },
	{ KEYSET_SERIAL_COUNTER, 5, UINT32_MAX, 6 },
	{ KEYSET_SERIAL_COUNTER, 5, 0x80000004, 0x80000005 },
	{ KEYSET_SERIAL_DATECOUNTER, 5, NONE, 2026112400 },
	{ KEYSET_SERIAL_DATECOUNTER, 5, 2026112400, 2026112401 },
	{ KEYSET_SERIAL_DATECOUNTER, 2026112407, 2026112400, 2026112408 },
	{ KEYSET_SERIAL_DATECOUNTER, 5, 2026112399, 2026112400 },
	{ KEYSET_SERIAL_DATECOUNTER, 5, 2027010100, 2027010101 },
	{ KEYSET_SERIAL_UNIXTIME, 5, NONE, NOW },
	{ KEYSET_SERIAL_UNIXTIME, 5, NOW, NOW + 1 },
	{ KEYSET_SERIAL_UNIXTIME, NOW + 50, NOW, NOW + 51 },
	/* Beyond half of all serials, neither the input nor the time is comparable with the last.
	 */
	{ KEYSET_SERIAL_UNIXTIME, 1, 2147483652, 2 },
	{ KEYSET_SERIAL_DATECOUNTER, 1, 2147483652, 2 },
	{ KEYSET_SERIAL_UNIXTIME, 2147483652, 5, NOW },
	{ KEYSET_SERIAL_UNIXTIME, 5, NOW + 2147483648, 6 },
	{ KEYSET_SERIAL_COUNTER, 0x80000003, 4, 5 },
	{ KEYSET_SERIAL_COUNTER, 0x80000004, 4, 5 },
	{ KEYSET_SERIAL_KEEP, 5, NONE, 5 },
	{ KEYSET_SERIAL_KEEP, 6, 5, 6 },
	{ KEYSET_SERIAL_KEEP, 5, 5, NONE },
	{ KEYSET_SERIAL_KEEP, 4, 5, NONE },
	{ KEYSET_SERIAL_KEEP, 0, UINT32_MAX, 0 },
};

START_TEST(test_next)
{
	uint32_t last = cases[_i].last, serial = 0;
	char err[256] = "";
	const serial_basis_t basis = {
		.policy = cases[_i].policy, .input = cases[_i].input,
		.last = cases[_i].last == NONE ? NULL : &last, .now = NOW,
	};
	int ret = serial_next(&basis, &serial, err, sizeof(err));
	if (cases[_i].expect == NONE) {
		ck_assert_int_eq(ret, -1);
		ck_assert_ptr_nonnull(strstr(err, "increase"));
	} else {
		ck_assert_int_eq(ret, 0);
		ck_assert_uint_eq(serial, cases[_i].expect);
	}
}
END_TEST

/* A secondary that shows more than the last version has. */
static const struct {
	keyset_serial_t policy;
	uint32_t input, last, shown;
	int64_t expect; /* NONE: an error. */
} shown_cases[] = {
	{ KEYSET_SERIAL_COUNTER, 5, 7, 100, 101 },
	{ KEYSET_SERIAL_COUNTER, 500, 7, 100, 501 },
	{ KEYSET_SERIAL_UNIXTIME, 5, NOW - 9, 2026112307, 2026112308 },
	{ KEYSET_SERIAL_UNIXTIME, 5, NOW - 9, NOW - 3, NOW },
	{ KEYSET_SERIAL_DATECOUNTER, 5, NOW, 2026112307, 2026112400 },
	{ KEYSET_SERIAL_DATECOUNTER, 5, NOW, 2026112407, 2026112408 },
	/* The time is above what is shown, but so far that it is below the last one. */
	{ KEYSET_SERIAL_UNIXTIME, 1, NOW + UINT32_C(0x7ffffff0), 5, 6 },
	{ KEYSET_SERIAL_KEEP, 101, 7, 100, 101 },
	{ KEYSET_SERIAL_KEEP, 100, 7, 100, NONE },
	{ KEYSET_SERIAL_KEEP, 50, 7, 100, NONE },
};

START_TEST(test_shown)
{
	uint32_t serial = 0;
	char err[512] = "";
	const serial_shown_t shown = { shown_cases[_i].shown, "s1 (192.0.2.1@53)" };
	const serial_basis_t basis = {
		.policy = shown_cases[_i].policy, .input = shown_cases[_i].input,
		.last = &shown_cases[_i].last, .shown = &shown, .now = NOW,
	};
	int ret = serial_next(&basis, &serial, err, sizeof(err));
	if (shown_cases[_i].expect == NONE) {
		ck_assert_int_eq(ret, -1);
		ck_assert_ptr_nonnull(strstr(err, "100, which s1 (192.0.2.1@53) shows"));
	} else {
		ck_assert_int_eq(ret, 0);
		ck_assert_uint_eq(serial, shown_cases[_i].expect);
	}
}
END_TEST

START_TEST(test_likely)
{
	const uint32_t last = UINT32_MAX - 5;
	ck_assert(serial_is_likely(NOW, NULL, NOW) && serial_is_likely(2026112407, NULL, NOW));
	ck_assert(serial_is_likely(2026112599, NULL, NOW));
	ck_assert(!serial_is_likely(2026112600, NULL, NOW));
	ck_assert(!serial_is_likely(4000000000, NULL, NOW));
	/* A count goes on, also over the end. */
	ck_assert(serial_is_likely(UINT32_MAX, &last, NOW) && serial_is_likely(3, &last, NOW));
	ck_assert(!serial_is_likely(UINT32_MAX - 6, &last, NOW));
	ck_assert(!serial_is_likely(4000000000, &(uint32_t){ 2026112407 }, NOW));
	/* From 2034 on, the time is above the date: 2040-06-15. */
	ck_assert(serial_is_likely(2223000000, NULL, 2223000000));
}
END_TEST

START_TEST(test_greater)
{
	ck_assert(serial_greater(2, 1) && !serial_greater(1, 2) && !serial_greater(1, 1));
	ck_assert(serial_greater(0, UINT32_MAX) && !serial_greater(UINT32_MAX, 0));
	ck_assert(serial_greater(0x7fffffff, 0) && !serial_greater(0x80000000, 0));
	ck_assert(!serial_greater(0, 0x80000000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("serial");
	TCase *tcase = tcase_create("serial");
	tcase_add_loop_test(tcase, test_next, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tcase, test_shown, 0, sizeof(shown_cases) / sizeof(shown_cases[0]));
	tcase_add_test(tcase, test_likely);
	tcase_add_test(tcase, test_greater);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
