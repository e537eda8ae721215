/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* The look at zones that want keys, with a database. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libdnssec/error.h>

#include "policy-engine/core/core.h"
#include "policy-engine/engine/look.h"
#include "tests/unit/ceremony-room.h"
#include "tests/unit/check-main.h"

#define DAY 86400
#define NOW INT64_C(1800000000)
#define ID "0123"

static policy_key_t entry = {
	.role = KEYSET_CSK, .algorithm = 13, .bits = 256, .repository = "one", .roll = POLICY_ROLL_DOUBLE_SIGNATURE,
};
static policy_t policy = {
	.name = "csk", .resign = 7200, .refresh = 3 * DAY, .validity_default = 14 * DAY, .validity_denial = 14 * DAY,
	.max_zone_ttl = DAY, .keys_ttl = ROOM_TTL, .soa_ttl = 3600, .soa_minimum = 3600, .parent_ds_ttl = DAY,
	.parent_soa_ttl = 3600, .parent_soa_minimum = 3600, .keys = &entry, .key_count = 1,
};

static char dir[40];
static parts_t parts;
static desk_t *const desk = &parts.desk;

static void wake(void *ctx)
{
	(void)ctx;
}

static void set_up(void)
{
	char path[60], err[256] = "";
	hsm_error_t why = { 0 };
	strcpy(dir, "/tmp/test-look.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/db", dir);
	desk_init(desk, wake, NULL);
	ck_assert_msg(db_open(&desk->db, path, err, sizeof(err)) == 0, "%s", err);
	desk->policies = (policies_t){ &policy, 1 };
	keys_init(&parts.keys, desk, false);
	ck_assert_int_eq(repos_new(&parts.keys.tokens, &(hsm_conf_t){ .count = 0 }, &why), HSM_EOK);
	ck_assert_int_eq(parent_start(&parts.parent, desk), 0);
}

static void tear_down(void)
{
	char command[80];
	parent_stop(&parts.parent);
	keys_deinit(&parts.keys);
	desk->policies = (policies_t){ NULL, 0 };
	desk_deinit(desk);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static live_zone_t *add_zone(const char *name)
{
	live_zone_t *live = live_add(&desk->live, name);
	ck_assert_ptr_nonnull(live);
	ck_assert_int_ge(db_zone_put(desk->db, name, policy.name), 0);
	live->facts.policy = strdup(policy.name);
	return live;
}

/* A key pair that was made and has shown that it works. */
static void add_pair(void)
{
	dnssec_binary_t public = { 0 };
	dnssec_key_t *key = room_key(true);
	ck_assert_int_eq(dnssec_key_get_pubkey(key, &public), DNSSEC_EOK);
	ck_assert_int_eq(db_key_intend(desk->db, "one", ID, 13, 256, NOW), 0);
	ck_assert_int_eq(db_key_made(desk->db, "one", ID, public.data, public.size), 0);
	ck_assert(proofs_note(&parts.keys.proofs, ID, PROOF_GOOD, NOW + DAY));
	dnssec_key_free(key);
}

/* A pair is made for a zone, and another zone, which has just come, takes it: the first one gets another. */
START_TEST(taken_by_another)
{
	const live_zone_t *first = add_zone("first.test."), *other = add_zone("other.test.");
	ck_assert_int_eq(db_begin(desk->db), 0);
	ck_assert_int_eq(look_at_zone(&parts, "first.test.", NOW), 0);
	ck_assert(first->wants && first->lacks[0] == 1);
	ck_assert_int_eq(desk->keys_wanted_at, 0);
	desk_keys_wanted(desk, CORE_NEVER); /* As when they are being made. */
	add_pair();
	ck_assert_int_eq(look_at_zone(&parts, "other.test.", NOW), 0);
	ck_assert(!other->wants);
	ck_assert_int_eq(desk->keys_wanted_at, 0);
	desk_keys_wanted(desk, CORE_NEVER);
	ck_assert_int_eq(look_at_zone(&parts, "first.test.", NOW), 0);
	ck_assert(first->wants);
	ck_assert_int_eq(desk->keys_wanted_at, CORE_NEVER);
	/* Whatever has become of the keys, it is seen later. */
	ck_assert_int_eq(look_at_zone(&parts, "first.test.", NOW + 600), 0);
	ck_assert_int_eq(desk->keys_wanted_at, 0);
	ck_assert_int_eq(db_commit(desk->db), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("look");
	TCase *tc = tcase_create("look");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, taken_by_another);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
