/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Key sets of several zones that are stored as one: what is wrong with one harms no other. */

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "keyset/bundle.h"
#include "keyset/keyset.h"
#include "module/control/push.h"
#include "tests/unit/check-main.h"

#define ZONES 40

static char dir[64];
static store_t *store;
static news_t news;
static log_t logger;
static zone_env_t env;
static zone_t *zones[ZONES];
static pushes_t pushes;

static void open_store(void)
{
	char err[256];
	ck_assert_msg(store_open(&store, dir, err, sizeof(err)) == KNOT_EOK, "%s", err);
}

static void sink(void *ctx, int priority, const char *line)
{
	(void)ctx;
	(void)priority;
	(void)line;
}

static void setup(void)
{
	strcpy(dir, "/tmp/test-push.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	open_store();
	news_init(&news);
	log_init(&logger, sink, NULL);
	env = (zone_env_t) { .news = &news, .store = store, .log = &logger };
	for (unsigned i = 0; i < ZONES; i++) {
		char text[32];
		knot_dname_storage_t name;
		snprintf(text, sizeof(text), "z%u.test.", i);
		zones[i] = zone_new(&env, knot_dname_from_str(name, text, sizeof(name)));
		ck_assert_ptr_nonnull(zones[i]);
	}
}

static void teardown(void)
{
	char command[80];
	pushes_deinit(&pushes);
	for (unsigned i = 0; i < ZONES; i++) {
		zone_free(zones[i]);
	}
	news_deinit(&news);
	log_deinit(&logger);
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static char *text_of(uint64_t revision, const char *policy)
{
	const keyset_t set = { .revision = revision, .policy = (char *)policy,
		               .passthrough = true };
	char *text = keyset_write(&set);
	ck_assert_ptr_nonnull(text);
	return text;
}

/*! \return The revision that is stored, 0 = none. */
static uint64_t stored(const zone_t *zone)
{
	store_txn_t txn;
	const void *text = NULL;
	size_t len = 0;
	keyset_t set = { 0 };
	char err[256];
	ck_assert_int_eq(store_read(store, &txn), KNOT_EOK);
	if (store_get(&txn, STORE_KEYSET, zone->name, &text, &len) == KNOT_EOK) {
		ck_assert_int_eq(keyset_read(text, &set, err, sizeof(err)), 0);
	}
	store_abort(&txn);
	const uint64_t revision = set.revision;
	keyset_deinit(&set);
	return revision;
}

static void store_all(const char *text)
{
	pushes_deinit(&pushes);
	for (unsigned i = 0; i < ZONES; i++) {
		ck_assert_int_eq(pushes_add(&pushes, zones[i], text), KNOT_EOK);
	}
	pushes_store(&pushes, store);
}

START_TEST(test_one_is_bad)
{
	char *two = text_of(2, "a"), *one = text_of(1, "a"), *other = text_of(2, "b");
	store_all(two);
	for (unsigned i = 0; i < ZONES; i++) {
		ck_assert_int_eq(pushes.list[i].ret, KNOT_EOK);
		ck_assert_uint_eq(zones[i]->keys.pending, 2);
		ck_assert(zones[i]->keys.pending_known);
	}
	store_close(store);
	open_store();
	for (unsigned i = 0; i < ZONES; i++) {
		ck_assert_uint_eq(stored(zones[i]), 2);
	}

	char *three = text_of(3, "a");
	const char *const texts[] = { three, "no key set", one, other, two, three };
	static const int results[] = {
		KNOT_EOK, KNOT_EMALF, KNOT_EEXIST, KNOT_EEXIST, KNOT_EOK, KNOT_EOK
	};
	pushes_deinit(&pushes);
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_int_eq(pushes_add(&pushes, zones[i], texts[i]), KNOT_EOK);
	}
	/* And twice for one zone: as if one after the other. */
	ck_assert_int_eq(pushes_add(&pushes, zones[0], two), KNOT_EOK);
	pushes_store(&pushes, store);
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_int_eq(pushes.list[i].ret, results[i]);
		ck_assert_uint_eq(stored(zones[i]), texts[i] == three ? 3 : 2);
		ck_assert_uint_eq(zones[i]->keys.pending, stored(zones[i]));
	}
	ck_assert_int_eq(pushes.list[6].ret, KNOT_EEXIST);
	ck_assert_str_eq(pushes.list[6].err, "key set revision 2 is not newer than 3, which is in use");
	ck_assert_int_eq(strncmp(pushes.list[1].err, "key set: ", 9), 0);
	free(one);
	free(two);
	free(three);
	free(other);
}
END_TEST

static void add_record(char **bundle, uint16_t type, const uint8_t *head, size_t head_len, size_t len)
{
	bundle_record_t record = { .type = type, .ttl = 3600, .len = len };
	memset(record.rdata, 'k', len);
	memcpy(record.rdata, head, head_len);
	ck_assert_int_eq(bundle_add(bundle, &record), 0);
}

/*! \return A key set with a bundle that looks well, and that none of its keys has signed. */
static char *text_of_bundle(uint64_t revision)
{
	static const uint8_t ksk[] = { 1, 1, 3, 13 }, zsk[] = { 1, 0, 3, 13 };
	static const uint8_t sig[18] = { 0, KNOT_RRTYPE_DNSKEY, 13, 2, [16] = 0, 77 };
	uint8_t public[64];
	memset(public, 'k', sizeof(public));
	keyset_key_t key = {
		.repository = "", .cka_id = "01", .algorithm = 13, .public_key = public,
		.public_key_len = sizeof(public), .keytag = 77, .publish = true, .step = "", .memory = "",
	};
	keyset_key_t keys[2] = { key, key };
	keys[0].sign_dnskey = true;
	keys[1].repository = "one";
	keys[1].role = KEYSET_ZSK;
	keys[1].sign_zone = true;
	keyset_t set = {
		.revision = revision, .policy = "a", .keys = keys, .key_count = 2, .refresh = 1,
		.validity_default = 9, .validity_denial = 9, .dnskey_ttl = 3600,
	};
	add_record(&set.bundle, KNOT_RRTYPE_DNSKEY, ksk, sizeof(ksk), sizeof(ksk) + sizeof(public));
	add_record(&set.bundle, KNOT_RRTYPE_DNSKEY, zsk, sizeof(zsk), sizeof(zsk) + sizeof(public));
	add_record(&set.bundle, KNOT_RRTYPE_RRSIG, sig, sizeof(sig), 99);
	char *text = keyset_write(&set);
	ck_assert_ptr_nonnull(text);
	free(set.bundle);
	return text;
}

/*! What was signed ahead is verified before the stored key set is replaced. */
START_TEST(test_bad_bundle)
{
	char *before = text_of(2, "a"), *bad = text_of_bundle(3), trouble[TROUBLE_MAX];
	store_all(before);
	store_all(bad);
	for (unsigned i = 0; i < ZONES; i++) {
		ck_assert_int_eq(pushes.list[i].ret, KNOT_EINVAL);
		ck_assert_msg(strstr(pushes.list[i].err, "signed ahead is not good: ") != NULL, "%s",
		              pushes.list[i].err);
		ck_assert_uint_eq(stored(zones[i]), 2);
		keys_trouble(&zones[i]->keys, trouble, sizeof(trouble));
		ck_assert_str_eq(trouble, pushes.list[i].err);
	}
	free(bad);
	free(before);
}
END_TEST

/*! NSEC3 needs 33 octets before the zone's name. */
START_TEST(test_no_room_for_a_hash)
{
	knot_dname_storage_t fits = { 0 }, over = { 0 };
	keyset_t set = { .policy = "hashed", .nsec3 = true };
	char err[320] = "";
	for (unsigned at = 0; at < 3 * 64; at += 64) {
		memset(fits + at, 'a', 64);
		memset(over + at, 'a', 64);
		fits[at] = over[at] = 63;
	}
	memset(fits + 193, 'b', 28);
	memset(over + 193, 'b', 29);
	fits[192] = 28;
	over[192] = 29;
	ck_assert_uint_eq(knot_dname_size(fits), 222);
	ck_assert(keyring_fits(&set, fits, err, sizeof(err)));
	ck_assert(!keyring_fits(&set, over, err, sizeof(err)));
	ck_assert_ptr_nonnull(strstr(err, "policy hashed has NSEC3, but the zone's name is too long"));
	set.passthrough = true;
	ck_assert(keyring_fits(&set, over, err, sizeof(err)));
	set.passthrough = set.nsec3 = false;
	ck_assert(keyring_fits(&set, over, err, sizeof(err)));
}
END_TEST

/*! The policy engine hears that a key set is held, and that it is not any more. */
START_TEST(test_held_is_news)
{
	uint64_t before = news_now(&news);
	held_set(&zones[0]->held, HELD_CHAIN, "keys 1", "why");
	ck_assert_uint_gt(news_now(&news), before);
	ck_assert(held_stops(&zones[0]->held, HELD_CHAIN));
	before = news_now(&news);
	ck_assert(held_pass(&zones[0]->held, HELD_CHAIN));
	ck_assert_uint_gt(news_now(&news), before);
	ck_assert(held_is(&zones[0]->held, HELD_CHAIN));
	ck_assert(!held_stops(&zones[0]->held, HELD_CHAIN));
}
END_TEST

/*! No room on the disk: all are told, none is taken for stored. */
START_TEST(test_disk_full)
{
	char *one = text_of(1, "a");
	struct rlimit old, none;
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	store_all(one);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	for (unsigned i = 0; i < ZONES; i++) {
		ck_assert_int_ne(pushes.list[i].ret, KNOT_EOK);
		ck_assert_int_eq(strncmp(pushes.list[i].err, "store: ", 7), 0);
		ck_assert_uint_eq(stored(zones[i]), 0);
		ck_assert(!zones[i]->keys.pending_known);
	}
	store_all(one);
	for (unsigned i = 0; i < ZONES; i++) {
		ck_assert_int_eq(pushes.list[i].ret, KNOT_EOK);
		ck_assert_uint_eq(stored(zones[i]), 1);
	}
	free(one);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("push");
	TCase *tcase = tcase_create("push");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_one_is_bad);
	tcase_add_test(tcase, test_bad_bundle);
	tcase_add_test(tcase, test_no_room_for_a_hash);
	tcase_add_test(tcase, test_held_is_news);
	tcase_add_test(tcase, test_disk_full);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
