/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "module/rr/wellformed.h"
#include "tests/unit/check-main.h"
#include "tests/unit/rdata-cases.h"

#define AT_A_TIME 50

/* A copy of just that size, such that a sanitizer sees what is read beyond. */
static const char *fault_of(uint16_t type, const uint8_t *rdata, uint16_t len)
{
	uint8_t *copy = malloc(len);
	ck_assert(copy != NULL || len == 0);
	if (len > 0) {
		memcpy(copy, rdata, len);
	}
	const char *fault = rdata_fault(type, copy, len);
	free(copy);
	return fault;
}

static void check_case(const rdata_case_t *it)
{
	static uint8_t rdata[UINT16_MAX];
	const uint16_t len = rdata_case_read(it, rdata);
	const char *fault = fault_of(it->type, rdata, len);
	if (it->fault == NULL) {
		ck_assert_msg(fault == NULL, "type %u %s: %s", it->type, it->hex, fault);
	} else {
		ck_assert_msg(fault != NULL, "type %u %s is taken", it->type, it->hex);
		ck_assert_msg(strstr(fault, it->fault) != NULL, "type %u %s: %s, not '%s'",
		              it->type, it->hex, fault, it->fault);
	}
	/* Whatever is cut off or changed, it reads nothing else. */
	for (uint16_t i = 0; i < len; i++) {
		(void)fault_of(it->type, rdata, i);
		rdata[i] ^= 0xff;
		(void)fault_of(it->type, rdata, len);
		rdata[i] ^= 0xff;
	}
}

/* Many at a time: a process for each would take longer than all of them. */
START_TEST(test_cases)
{
	const size_t from = (size_t)_i * AT_A_TIME, left = RDATA_CASE_COUNT - from;
	for (size_t i = 0; i < left && i < AT_A_TIME; i++) {
		check_case(&RDATA_CASES[from + i]);
	}
}
END_TEST

/* Each type that is not unknown has RDATA that is malformed. */
START_TEST(test_types)
{
	static const uint16_t ANY[] = { 0, 41, 98, 100, 128, 249, 255, 264, 32767, 32770, 65535 };
	static uint8_t rdata[UINT16_MAX];
	for (size_t i = 0; i < sizeof(ANY) / sizeof(ANY[0]); i++) {
		ck_assert_ptr_null(rdata_fault(ANY[i], rdata, 0));
		ck_assert_ptr_null(rdata_fault(ANY[i], rdata, sizeof(rdata)));
	}
	for (size_t i = 0; i < RDATA_CASE_COUNT; i++) {
		const uint16_t type = RDATA_CASES[i].type;
		bool refused = type == 270 || type == 41000 || type == 65300;
		for (size_t j = 0; j < RDATA_CASE_COUNT; j++) {
			refused |= RDATA_CASES[j].type == type && RDATA_CASES[j].fault != NULL;
		}
		ck_assert_msg(refused, "no malformed RDATA of type %u", type);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wellformed");
	TCase *tcase = tcase_create("wellformed");
	tcase_add_loop_test(tcase, test_cases, 0, (RDATA_CASE_COUNT + AT_A_TIME - 1) / AT_A_TIME);
	tcase_add_test(tcase, test_types);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
