/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* An input with so many changes that it is replaced as a whole, batch by batch, and signed beside
 * what is published; good signatures are kept. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/sign/batch.h"
#include "tests/unit/check-main.h"
#include "tests/unit/sign-random.h"
#include "tests/unit/sign-subject.h"

#define NAMES 30

/*! Writes a zone in which the first names have another TTL. */
static void write_zone(char *text, size_t size, unsigned serial, unsigned others, unsigned ttl)
{
	size_t len = snprintf(text, size, "$ORIGIN example.\n$TTL 100\n"
	                      "@ SOA ns hostmaster %u 1 2 3 4\n@ NS ns.else.\n", serial);
	for (unsigned i = 0; i < NAMES; i++) {
		len += snprintf(text + len, size - len, "n%u %u A 192.0.2.1\n", i,
		                i < others ? ttl : 100);
	}
}

static keyset_t open_signed(subject_t *subject, bool nsec3)
{
	char text[4096];
	keyset_t set = subject_policy();
	set.nsec3 = nsec3;
	subject_open(subject, "whole");
	subject_set_keys(subject, &set);
	write_zone(text, sizeof(text), 1, 0, 100);
	subject_load(subject, text, NAMES + 1);
	subject_sign(subject, false);
	return set;
}

START_TEST(test_keeps_signatures)
{
	char text[4096];
	subject_t subject;
	const keyset_t set = open_signed(&subject, _i);
	const uint32_t nodes = subject.state.nodes, input = subject.state.in.nodes;
	subject.batch = 7;
	write_zone(text, sizeof(text), 2, 10, 50);
	subject_load(&subject, text, NAMES + 1);
	/* Those of the ten, and of the SOA; of the NSEC3 before the apex's, too, which comes
	 * last. */
	const uint64_t made = subject_sign(&subject, false).signatures;
	ck_assert_uint_eq(made, 11 + _i);
	ck_assert_uint_ne(subject.state.nodes, nodes);
	ck_assert_uint_ne(subject.state.in.nodes, input);
	subject_compare(&subject, &set, text, 0, 1);

	/* A few changes are made one by one. */
	write_zone(text, sizeof(text), 3, 9, 50);
	subject_load(&subject, text, 2);
	const uint64_t more = subject_sign(&subject, false).signatures;
	ck_assert_uint_eq(more, 2);
	subject_compare(&subject, &set, text, 0, 2);
	subject_close(&subject);
}
END_TEST

/* Signatures that are due are made anew when the rest is. */
START_TEST(test_refreshes)
{
	char text[4096];
	subject_t subject;
	const keyset_t set = open_signed(&subject, false);
	subject.now += 20000;
	write_zone(text, sizeof(text), 2, 10, 50);
	subject_load(&subject, text, NAMES + 1);
	/* A and NSEC of each; SOA, NS, NSEC and DNSKEY of the apex. */
	const uint64_t made = subject_sign(&subject, false).signatures;
	ck_assert_uint_eq(made, 2 * NAMES + 4);
	subject_compare(&subject, &set, text, 0, 1);
	subject_close(&subject);
}
END_TEST

/* The input is replaced once more when half of it is signed; the policy may be another by then. */
START_TEST(test_once_more)
{
	char text[4096], err[640];
	subject_t subject;
	keyset_t set = open_signed(&subject, false);
	subject.batch = 7;
	subject.stop_after = 2;
	write_zone(text, sizeof(text), 2, NAMES, 50);
	subject_load(&subject, text, NAMES + 1);
	ck_assert_int_eq(subject_sign_fails(&subject, false, err, sizeof(err)), KNOT_EAGAIN);
	ck_assert_uint_gt(subject.state.walk.place_len, 0);
	subject.stop_after = 0;
	if (_i > 0) {
		set.revision++;
		set.nsec3 = true;
		subject_set_keys(&subject, &set);
	}
	write_zone(text, sizeof(text), 3, 10, 77);
	subject_load(&subject, text, NAMES + 1);
	subject_sign(&subject, false);
	subject_compare(&subject, &set, text, 0, 1);
	subject_close(&subject);
}
END_TEST

/*! Changes the state as an update does. \param junk  A failed attempt has left a node. */
static void touch_input(subject_t *subject, bool junk)
{
	store_txn_t txn;
	state_t state;
	uint32_t id = 0;
	ck_assert_int_eq(store_spare_id(subject->store, &id), KNOT_EOK);
	ck_assert_int_eq(store_write(subject->store, &txn), KNOT_EOK);
	ck_assert_int_eq(state_load(&txn, subject_zone, &state), KNOT_EOK);
	state.in.count++;
	state.in.updates += !junk;
	if (junk) {
		state.in.next_nodes = id;
		const store_key_t key = { STORE_INPUT, id, (const uint8_t *)"junk", 4 };
		ck_assert_int_eq(store_put(&txn, &key, "junk", 4), KNOT_EOK);
	}
	ck_assert_int_eq(state_save_input(&txn, subject_zone, &state), KNOT_EOK);
	ck_assert_int_eq(store_commit(&txn), KNOT_EOK);
}

static int replace(subject_t *subject, unsigned others, bool over)
{
	char text[4096];
	input_result_t result;
	write_zone(text, sizeof(text), 2, others, 50);
	return subject_replace(subject, text, over, &result);
}

/* Contents that were read before an update, and are stored after it, must not undo it. */
START_TEST(test_updates_meanwhile)
{
	subject_t subject;
	const unsigned others = _i == 0 ? 1 : NAMES; /* Few changes, or many. */
	(void)open_signed(&subject, false);
	touch_input(&subject, false);
	const uint64_t count = subject.state.in.count;
	ck_assert_int_eq(replace(&subject, others, false), KNOT_EAGAIN);
	ck_assert_uint_eq(subject.state.in.count, count);
	ck_assert_int_eq(replace(&subject, others, true), KNOT_EOK);
	ck_assert_uint_eq(subject.state.in.count, count + 2);
	ck_assert_uint_eq(subject.state.in.updates, 0);
	subject_close(&subject);
}
END_TEST

START_TEST(test_left_over)
{
	char text[4096];
	subject_t subject;
	const keyset_t set = open_signed(&subject, false);
	const uint32_t input = subject.state.in.nodes;
	touch_input(&subject, true);
	ck_assert_int_eq(replace(&subject, NAMES, false), KNOT_EOK);
	subject_sign(&subject, false);
	write_zone(text, sizeof(text), 2, NAMES, 50);
	subject_compare(&subject, &set, text, 0, 1);

	store_txn_t txn;
	uint32_t id = 0;
	ck_assert_int_eq(store_read(subject.store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_abandoned(&txn, &id), KNOT_EOK);
	ck_assert_uint_eq(id, input);
	store_abort(&txn);
	subject_close(&subject);
}
END_TEST

/* Another thread replaces the input after a run has planned what to do. */
START_TEST(test_stale)
{
	subject_t subject, other;
	batch_t batch;
	char err[640] = "";
	(void)open_signed(&subject, false);
	other = subject;
	ck_assert_int_eq(replace(&other, NAMES, false), KNOT_EOK);
	const sign_args_t planned = {
		.store = subject.store, .zone = subject_zone, .ring = subject.ring,
		.now = subject_span(&subject), .batch = SIGN_BATCH,
	};
	ck_assert_int_eq(batch_init(&batch, &planned, &subject.state), KNOT_EOK);
	ck_assert_int_eq(batch_collect(&batch, err, sizeof(err)), KNOT_EOK);
	ck_assert(batch.stale);
	ck_assert_uint_eq(batch.changes.count, 0);
	batch_deinit(&batch);
	subject_close(&subject);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("whole");
	TCase *tcase = tcase_create("input as a whole");
	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, subject_set_up, subject_tear_down);
	tcase_add_loop_test(tcase, test_keeps_signatures, 0, 2);
	tcase_add_test(tcase, test_refreshes);
	tcase_add_loop_test(tcase, test_once_more, 0, 2);
	tcase_add_loop_test(tcase, test_updates_meanwhile, 0, 2);
	tcase_add_test(tcase, test_left_over);
	tcase_add_test(tcase, test_stale);
	sign_random_add(tcase);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
