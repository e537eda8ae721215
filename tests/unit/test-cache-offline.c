/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Zones whose KSK is offline, as in test-cache-model. CACHE_MODEL_RUNS says how many, CACHE_MODEL_SEED the first
 * seed. */

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fnv1a.h"
#include "keyset/bundle.h"
#include "policy-engine/core/mutant.h"
#include "tests/unit/cache-ceremony.h"
#include "tests/unit/check-main.h"

#define RUNS 40
#define MUTANT_RUNS 300

core_mutant_t core_mutant = MUTANT_NONE;

/* -- signatures are verified once ---------------------------------------- */

#define VERDICTS 65536

/* Bundles that are good, by a hash of their text. */
static struct {
	char *text;
	bundle_facts_t facts;
} verdicts[VERDICTS];

/* The linker has all that ask for bundle_verify() ask the one, which asks the other. */
int __wrap_bundle_verify(const char *text, const knot_dname_t *zone, bundle_facts_t *facts, char *err,
                         size_t err_size);
int __real_bundle_verify(const char *text, const knot_dname_t *zone, bundle_facts_t *facts, char *err,
                         size_t err_size);

int __wrap_bundle_verify(const char *text, const knot_dname_t *zone, bundle_facts_t *facts, char *err,
                         size_t err_size)
{
	const size_t at = fnv1a(text, strlen(text)) % VERDICTS;
	if (verdicts[at].text == NULL || strcmp(verdicts[at].text, text) != 0) {
		const int ret = __real_bundle_verify(text, zone, facts, err, err_size);
		if (ret != 0) {
			return ret;
		}
		free(verdicts[at].text);
		verdicts[at].text = strdup(text);
		verdicts[at].facts = *facts;
	}
	*facts = verdicts[at].facts;
	return 0;
}

static void forget_verdicts(void)
{
	for (size_t i = 0; i < VERDICTS; i++) {
		free(verdicts[i].text);
		verdicts[i].text = NULL;
	}
}

/* -- tests --------------------------------------------------------------- */

START_TEST(test_years)
{
	const uint64_t runs = run_environment("CACHE_MODEL_RUNS", RUNS);
	const uint64_t seed = run_environment("CACHE_MODEL_SEED", 1);
	ceremony_t *c = ceremony_open();
	for (uint64_t i = 0; i < runs; i++) {
		const char *failure = ceremony_years(c, seed + i);
		ck_assert_msg(failure[0] == '\0', "CACHE_MODEL_SEED=%llu: %s",
		              (unsigned long long)(seed + i), failure);
	}
	unsigned taken, refused;
	ceremony_count(c, &taken, &refused);
	printf("seeds %llu to %llu: %u responses taken, %u refused\n", (unsigned long long)seed,
	       (unsigned long long)(seed + runs - 1), taken, refused);
	ck_assert_uint_ge(taken, runs);
	ck_assert(refused > 0 || runs < RUNS);
	ceremony_close(c);
	forget_verdicts();
}
END_TEST

/* Without any of the rules for bundles some zone breaks. */
START_TEST(test_mutant)
{
	ceremony_t *c = ceremony_open();
	core_mutant = (core_mutant_t)_i;
	uint64_t seed = 0;
	const char *failure = "";
	while (seed < MUTANT_RUNS && failure[0] == '\0') {
		failure = ceremony_years(c, ++seed);
	}
	core_mutant = MUTANT_NONE;
	printf("without rule %d, seed %llu: %s\n", _i - MUTANT_BUNDLES, (unsigned long long)seed, failure);
	ck_assert_msg(failure[0] != '\0', "nothing goes wrong without rule %d", _i - MUTANT_BUNDLES);
	ceremony_close(c);
	forget_verdicts();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache-offline");
	TCase *tc = tcase_create("years");
	tcase_set_timeout(tc, 36000);
	tcase_add_test(tc, test_years);
	suite_add_tcase(suite, tc);

	tc = tcase_create("rules");
	tcase_set_tags(tc, "missing-rules");
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, test_mutant, MUTANT_BUNDLES, MUTANT_COUNT);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
