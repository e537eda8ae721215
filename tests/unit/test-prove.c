/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* A zone gets only a key pair that works: in its token, or in each replica. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/keys/prove.h"
#include "tests/unit/check-main.h"
#include "tests/unit/test-hsm-token.h"

#define NOW 1000000

static char dir[40], file[60];
static desk_t desk;
static keys_t keys;

/* The tokens "one" and "two", and "both", whose replicas they are. */
static const hsm_conf_t *conf(void)
{
	static hsm_repository_t repositories[3];
	static char *names[] = { "one", "two" };
	static hsm_conf_t conf = { .repositories = repositories, .count = 3 };
	memcpy(repositories, test_conf()->repositories, 2 * sizeof(*repositories));
	repositories[2] = (hsm_repository_t){
		.name = "both", .replicas = names, .replica_count = 2,
	};
	return &conf;
}

static void setup(void)
{
	char err[500];
	hsm_error_t why = { 0 };
	test_tokens_make();
	strcpy(dir, "/tmp/test-prove.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/engine.db", dir);
	desk_init(&desk, NULL, NULL);
	desk.conf.tokens = *conf();
	keys_init(&keys, &desk, false);
	ck_assert_msg(db_open(&desk.db, file, err, sizeof(err)) == 0, "%s", err);
	ck_assert_msg(repos_new(&keys.tokens, conf(), &why) == HSM_EOK, "%s", why.text);
	repos_check(keys.tokens, NOW);
}

static void teardown(void)
{
	keys_deinit(&keys);
	desk.conf.tokens = (hsm_conf_t){ 0 };
	desk_deinit(&desk);
	unlink(file);
	rmdir(dir);
	test_tokens_remove();
}

/* A key pair that no zone has; prove_made() knows that it was generated now. */
static void add_pair(const char *repository, const char *id)
{
	hsm_key_t *key = NULL;
	hsm_error_t err = { 0 };
	const kind_t kind = { repository, 13, 256 };
	const hsm_key_spec_t spec = { .repository = repository, .algorithm = 13, .bits = 256,
	                              .cka_id = id };
	ck_assert_msg(repos_generate(keys.tokens, &spec, NOW, &key, &err) == HSM_EOK, "%s",
	              err.text);
	prove_made(&keys, &kind, key, NOW);
	const dnssec_binary_t public = hsm_key_public(key);
	ck_assert_int_eq(db_begin(desk.db), 0);
	ck_assert_int_eq(db_key_intend(desk.db, repository, id, 13, 256, NOW), 0);
	ck_assert_int_eq(db_key_made(desk.db, repository, id, public.data, public.size), 0);
	ck_assert_int_eq(db_commit(desk.db), 0);
	hsm_key_free(key);
}

/* Zones ask for a pair. \return Whether there is one that works. */
static bool pass(const char *repository, int64_t now)
{
	bool found = false;
	const kind_t kind = { repository, 13, 256 };
	ck_assert(wants_order(&keys.proofs.asked, &kind, 1));
	ck_assert_int_eq(prove_pass(&keys, now, &found), 0);
	return found;
}

static proof_state_t state(const char *id, int64_t now)
{
	return proofs_look(&keys.proofs, id, now);
}

START_TEST(lost)
{
	hsm_error_t err = { 0 };
	add_pair("one", "aa01");
	add_pair("one", "aa02");
	ck_assert_int_eq(state("aa01", NOW), PROOF_GOOD);
	ck_assert_int_eq(state("aa01", NOW + 3600), PROOF_LACKS);
	ck_assert_int_eq(repos_remove(keys.tokens, "one", "aa01", NOW, &err), HSM_EOK);

	ck_assert(pass("one", NOW + 3600));
	ck_assert_int_eq(state("aa01", NOW + 3600), PROOF_BAD);
	ck_assert_int_eq(state("aa02", NOW + 3600), PROOF_GOOD);
	ck_assert(keys.proofs.any_bad);
	ck_assert_ptr_nonnull(strstr(keys.proofs.why, "aa01"));
	/* What is known is not asked again. */
	ck_assert(!pass("one", NOW + 3601));
	proofs_drop(&keys.proofs, "aa02");
	ck_assert_int_eq(state("aa02", NOW + 3601), PROOF_LACKS);
	ck_assert_int_eq(state("aa01", NOW + 3601), PROOF_BAD);
}
END_TEST

START_TEST(replica_lacks)
{
	add_pair("both", "aa01");
	ck_assert_int_eq(state("aa01", NOW), PROOF_BAD);
	ck_assert_ptr_nonnull(strstr(keys.proofs.why, "\"two\""));
	ck_assert(!pass("both", NOW + 10));
	/* After a while zones ask again. */
	ck_assert(pass("both", NOW + 30));
	ck_assert_int_eq(state("aa01", NOW + 30), PROOF_BAD);
}
END_TEST

/* A token that is away says nothing of its pairs. */
START_TEST(token_away)
{
	hsm_error_t err = { 0 };
	add_pair("one", "aa01");
	repos_free(keys.tokens);
	test_token_hide("one");
	ck_assert_msg(repos_new(&keys.tokens, conf(), &err) == HSM_EOK, "%s", err.text);
	repos_check(keys.tokens, NOW + 3600);
	ck_assert(!pass("one", NOW + 3600));
	ck_assert_int_eq(state("aa01", NOW + 3600), PROOF_LACKS);
	test_token_show("one");
}
END_TEST

int main(void)
{
	if (test_softhsm() == NULL) {
		puts("SKIP: no SoftHSM");
		return 77;
	}
	Suite *suite = suite_create("prove");
	TCase *tc = tcase_create("prove");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, lost);
	tcase_add_test(tc, replica_lacks);
	tcase_add_test(tc, token_away);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
