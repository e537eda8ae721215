/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Key pairs that no zone has any more leave their token, and no others do. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/core/core.h"
#include "policy-engine/keys/retire.h"
#include "tests/unit/check-main.h"
#include "tests/unit/test-hsm-token.h"

#define NOW 1000000

static char dir[40], file[60];
static desk_t desk;
static keys_t keys;

static void setup(void)
{
	char err[500];
	hsm_error_t why = { 0 };
	test_tokens_make();
	strcpy(dir, "/tmp/test-retire.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/engine.db", dir);
	desk_init(&desk, NULL, NULL);
	keys_init(&keys, &desk, false);
	ck_assert_msg(db_open(&desk.db, file, err, sizeof(err)) == 0, "%s", err);
	ck_assert_msg(repos_new(&keys.tokens, test_conf(), &why) == HSM_EOK, "%s", why.text);
	ck_assert_int_eq(db_begin(desk.db), 0);
	ck_assert_int_eq(db_zone_put(desk.db, "a.test.", "default"), 1);
	ck_assert_int_eq(db_commit(desk.db), 0);
}

static void teardown(void)
{
	keys_deinit(&keys);
	desk_deinit(&desk);
	unlink(file);
	rmdir(dir);
	test_tokens_remove();
}

static int give(void *ctx, const db_token_key_t *key)
{
	kasp_zone_t *zone = ctx;
	core_key_t core;
	core_key_init(&core, KEYSET_ZSK, 13, (uint16_t)key->id, POLICY_ROLL_PRE_PUBLICATION, NOW);
	ck_assert_int_eq(db_zone_give_key(desk.db, zone, key, &core), 0);
	return 1;
}

/* A zone gets a new key pair of a repository. */
static void get_key(const char *repository, const char *id)
{
	hsm_key_t *key = NULL;
	hsm_error_t err = { 0 };
	kasp_zone_t zone = { 0 };
	const hsm_key_spec_t spec = { .repository = repository, .algorithm = 13, .bits = 256,
	                              .cka_id = id };
	ck_assert_msg(repos_generate(keys.tokens, &spec, NOW, &key, &err) == HSM_EOK, "%s",
	              err.text);
	hsm_key_free(key);
	ck_assert_int_eq(db_begin(desk.db), 0);
	ck_assert_int_eq(db_key_intend(desk.db, repository, id, 13, 256, NOW), 0);
	ck_assert_int_eq(db_key_made(desk.db, repository, id, (const uint8_t *)id, 4), 0);
	ck_assert_int_eq(db_zone_get(desk.db, "a.test.", &zone), 1);
	ck_assert_int_eq(db_keys_unused(desk.db, repository, 13, 256, give, &zone), 0);
	ck_assert_int_eq(db_commit(desk.db), 0);
	kasp_zone_deinit(&zone);
}

/* The zone has its first key no more. */
static void leave_first(void)
{
	kasp_zone_t zone = { 0 };
	ck_assert_int_eq(db_begin(desk.db), 0);
	ck_assert_int_eq(db_zone_get(desk.db, "a.test.", &zone), 1);
	ck_assert_int_eq(db_zone_take_key(desk.db, &zone, 0), 0);
	ck_assert_int_eq(db_commit(desk.db), 0);
	kasp_zone_deinit(&zone);
}

static bool has_key(const char *repository, const char *id)
{
	hsm_key_t *key = NULL;
	hsm_error_t err = { 0 };
	const hsm_wanted_t wanted = { .repository = repository, .cka_id = id, .algorithm = 13 };
	int ret = repos_find(keys.tokens, &wanted, NOW, &key, &err);
	ck_assert_msg(ret == HSM_EOK || ret == HSM_ENOKEY, "%s", err.text);
	hsm_key_free(key);
	return ret == HSM_EOK;
}

static int add(void *ctx, const db_token_key_t *key)
{
	(void)key;
	(*(unsigned *)ctx)++;
	return 0;
}

static unsigned count_known(void)
{
	unsigned count = 0;
	ck_assert_int_eq(db_keys(desk.db, add, &count), 0);
	return count;
}

START_TEST(removed)
{
	repos_check(keys.tokens, NOW);
	get_key("one", "aa01");
	get_key("one", "aa02");
	get_key("two", "aa03");
	ck_assert_int_eq(retire_pass(&keys, NOW), 0);
	ck_assert_uint_eq(count_known(), 3);
	ck_assert_int_eq(keys.retire_at, CORE_NEVER);

	/* Only the one that was left, and only when there is a reason to look. */
	leave_first();
	ck_assert_int_eq(retire_pass(&keys, NOW), 0);
	ck_assert(has_key("one", "aa01"));
	keys.retire_at = 0;
	ck_assert_int_eq(retire_pass(&keys, NOW), 0);
	ck_assert(!has_key("one", "aa01") && has_key("one", "aa02") && has_key("two", "aa03"));
	ck_assert_uint_eq(count_known(), 2);

	/* One that the token does not have is forgotten, too. */
	hsm_error_t err = { 0 };
	ck_assert_int_eq(repos_remove(keys.tokens, "one", "aa02", NOW, &err), HSM_EOK);
	leave_first();
	keys.retire_at = 0;
	ck_assert_int_eq(retire_pass(&keys, NOW), 0);
	ck_assert(has_key("two", "aa03"));
	ck_assert_uint_eq(count_known(), 1);
}
END_TEST

/* Those of a token that is away wait for it. */
START_TEST(token_away)
{
	hsm_error_t err = { 0 };
	repos_check(keys.tokens, NOW);
	get_key("one", "aa01");
	get_key("two", "aa02");
	leave_first();
	leave_first();
	repos_free(keys.tokens);
	test_token_hide("one");
	ck_assert_msg(repos_new(&keys.tokens, test_conf(), &err) == HSM_EOK, "%s", err.text);
	repos_check(keys.tokens, NOW);
	ck_assert_int_eq(retire_pass(&keys, NOW), 0);
	ck_assert_uint_eq(count_known(), 1);
	ck_assert(!has_key("two", "aa02"));

	test_token_show("one");
	repos_free(keys.tokens); /* SoftHSM looks for tokens only when it starts. */
	ck_assert_msg(repos_new(&keys.tokens, test_conf(), &err) == HSM_EOK, "%s", err.text);
	ck_assert(repos_check(keys.tokens, NOW));
	ck_assert(has_key("one", "aa01"));
	keys.retire_at = 0; /* As the engine does then. */
	ck_assert_int_eq(retire_pass(&keys, NOW + 1000), 0);
	ck_assert_uint_eq(count_known(), 0);
	ck_assert(!has_key("one", "aa01"));
}
END_TEST

/* More than are removed at once. */
START_TEST(many)
{
	char id[8];
	repos_check(keys.tokens, NOW);
	for (unsigned i = 0; i < 35; i++) {
		snprintf(id, sizeof(id), "bb%02u", i);
		get_key("one", id);
		leave_first();
	}
	ck_assert_int_eq(retire_pass(&keys, NOW), 0);
	ck_assert_uint_eq(count_known(), 3);
	ck_assert_int_eq(keys.retire_at, NOW + 1);
	ck_assert_int_eq(retire_pass(&keys, NOW), 0);
	ck_assert_uint_eq(count_known(), 3);
	ck_assert_int_eq(retire_pass(&keys, NOW + 1), 0);
	ck_assert_uint_eq(count_known(), 0);
	ck_assert_uint_eq(test_count_public("one"), 0);
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		fprintf(stderr, "SoftHSM is not installed\n");
		return 77;
	}
	Suite *suite = suite_create("retire");
	TCase *tc = tcase_create("retire");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, removed);
	tcase_add_test(tc, token_away);
	tcase_add_test(tc, many);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
