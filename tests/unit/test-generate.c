/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Zones that wait for keys are looked at when there are some, and not all the time. Keys are had when they
 * are sure to stay. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hsm-adapter/folder/folder.h"
#include "policy-engine/core/core.h"
#include "policy-engine/keys/generate.h"
#include "policy-engine/keys/turn.h"
#include "tests/unit/check-main.h"
#include "tests/unit/remove-folder.h"

#define NOW 1000000

START_TEST(waiting)
{
	desk_t desk;
	keys_t keys;
	desk_init(&desk, NULL, NULL);
	desk_keys_wanted(&desk, CORE_NEVER);
	keys_init(&keys, &desk, false);
	keys.intents = false;
	live_zone_t *zone = live_add(&desk.live, "a.test.");
	ck_assert_ptr_nonnull(zone);
	live_mark(&desk.live, zone, false);
	zone->wants = true;

	bool more = false;
	ck_assert_int_eq(generate_pass(&keys, NOW, &more), 0);
	ck_assert(!more && !zone->dirty);

	/* That other zones are due is no key for this one. */
	more = true;
	ck_assert_int_eq(generate_pass(&keys, NOW, &more), 0);
	ck_assert(more && !zone->dirty);

	keys_deinit(&keys);
	desk_deinit(&desk);
}
END_TEST

/* Few keys are had at once. Of many that take long, more and more come together, and the last at once. */
START_TEST(turns)
{
	turn_t turn = { 0 };
	ck_assert(!turn_take(&turn, NOW, false, false));
	ck_assert(turn_take(&turn, NOW, true, false));
	unsigned count = 0;
	int64_t now = NOW, longest = 0, last = NOW;
	for (; now < NOW + 600; now += 2) {
		if (turn_take(&turn, now, true, true)) {
			count++;
			longest = now - last > longest ? now - last : longest;
			last = now;
		}
	}
	ck_assert_int_ge(count, 20);
	ck_assert_int_le(count, 40);
	ck_assert_int_ge(longest, 60);
	ck_assert_int_le(longest, 102);
	ck_assert(turn_take(&turn, last + 1, true, false));
	ck_assert(!turn_take(&turn, last + 1, false, false));
	ck_assert(turn_take(&turn, last + 2, true, true)); /* Others, later. */
}
END_TEST

/* A clock that is set keeps nobody waiting. */
START_TEST(turns_clock)
{
	turn_t turn = { 0 };
	for (int64_t now = NOW; now < NOW + 600; now += 2) {
		turn_take(&turn, now, true, true);
	}
	ck_assert(turn_take(&turn, NOW - 86400, true, true));
	ck_assert(turn_take(&turn, NOW + 86400, true, true));
}
END_TEST

/*** Keys in files. ***/

static bool disk_fails;
static unsigned syncs;

/* In the place of the C library's. */
int syncfs(int fd)
{
	syncs++;
	errno = EIO;
	return disk_fails ? -1 : (int)syscall(SYS_syncfs, fd);
}

static char dir[40], folder[60], file[60];
static desk_t desk;
static keys_t keys;
static hsm_repository_t repository = {
	.name = "files", .module = folder, .folder = true, .token_label = HSM_FOLDER_LABEL
};

static void setup(void)
{
	char err[500];
	hsm_error_t why = { 0 };
	const hsm_conf_t conf = { .repositories = &repository, .count = 1 };
	strcpy(dir, "/tmp/test-generate.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(folder, sizeof(folder), "%s/keys", dir);
	snprintf(file, sizeof(file), "%s/engine.db", dir);
	ck_assert_int_eq(folder_make(&repository, &why), HSM_EOK);
	desk_init(&desk, NULL, NULL);
	desk_keys_wanted(&desk, CORE_NEVER);
	keys_init(&keys, &desk, false);
	ck_assert_msg(db_open(&desk.db, file, err, sizeof(err)) == 0, "%s", err);
	ck_assert_msg(repos_new(&keys.tokens, &conf, &why) == HSM_EOK, "%s", why.text);
	repos_check(keys.tokens, NOW);
	syncs = 0;
}

static void teardown(void)
{
	keys_deinit(&keys);
	desk_deinit(&desk);
	remove_folder(dir);
}

static int64_t pass(void)
{
	bool more = false;
	ck_assert_int_eq(generate_pass(&keys, NOW, &more), 0);
	return db_keys_unused_count(desk.db, "files", 13, 256);
}

/* Keys that may not be on the disk are none, and removed. */
START_TEST(unsettled)
{
	const kind_t kind = { "files", 13, 256 };
	ck_assert(wants_order(&keys.orders, &kind, 30));
	disk_fails = true;
	ck_assert_int_eq(pass(), 0);
	ck_assert(keys.intents);
	ck_assert_uint_eq(syncs, 1);
	disk_fails = false;
	repos_check(keys.tokens, NOW + 60);
	ck_assert_int_eq(pass(), 0);
	ck_assert(!keys.intents);

	/* The disk is waited for once. */
	syncs = 0;
	ck_assert(wants_order(&keys.orders, &kind, 30));
	ck_assert_int_eq(pass(), 30);
	ck_assert_uint_eq(syncs, 1);

	/* An engine that was killed before it could wait for the disk. */
	hsm_key_t *key = NULL;
	hsm_error_t err = { 0 };
	const hsm_key_spec_t spec = { .repository = "files", .algorithm = 13, .cka_id = "aa01" };
	ck_assert_int_eq(db_begin(desk.db), 0);
	ck_assert_int_eq(db_key_intend(desk.db, "files", "aa01", 13, 256, NOW), 0);
	ck_assert_int_eq(db_commit(desk.db), 0);
	ck_assert_int_eq(repos_generate(keys.tokens, &spec, NOW, &key, &err), HSM_EOK);
	hsm_key_free(key);
	keys.intents = true;
	ck_assert_int_eq(pass(), 31);
	ck_assert_uint_eq(syncs, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("generate");
	TCase *tc = tcase_create("generate");
	tcase_add_test(tc, waiting);
	tcase_add_test(tc, turns);
	tcase_add_test(tc, turns_clock);
	suite_add_tcase(suite, tc);
	tc = tcase_create("files");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, unsettled);
	suite_add_tcase(suite, tc);

	return check_main(suite);
}
