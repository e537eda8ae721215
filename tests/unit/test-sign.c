/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What a change costs, and what becomes of signatures, keys and chains; see sign-random.c, too. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/sign/changes.h"
#include "module/sign/refresh.h"
#include "tests/unit/check-main.h"
#include "tests/unit/sign-random.h"
#include "tests/unit/sign-subject.h"

static const char small[] = "$ORIGIN example.\n$TTL 100\n@ SOA ns hostmaster 7 1 2 3 4\n"
	"@ NS ns\nns A 192.0.2.1\na A 192.0.2.2\nb A 192.0.2.3\nc A 192.0.2.4\n";

/*! The cost of a change: signatures of the SOA and the RRset, of an NSEC only if a name came. */
START_TEST(test_cost)
{
	char text[512];
	subject_t subject;
	subject_open(&subject, "cost");
	subject_load(&subject, small, 5);
	/* SOA, NS, DNSKEY and NSEC of the apex, A and NSEC of four names. */
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 12);
	ck_assert_uint_eq(subject.state.serial, 8);

	subject_load(&subject, small, 0);
	snprintf(text, sizeof(text), "%sb A 192.0.2.33\n", small);
	subject_load(&subject, text, 1);
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 2);
	ck_assert_uint_eq(subject.state.serial, 9);

	/* A name more: its two RRsets, the NSEC before it, SOA. */
	snprintf(text, sizeof(text), "%sbb A 192.0.2.33\n", small);
	subject_load(&subject, text, 2);
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 5);
	subject_close(&subject);
}
END_TEST

/*! By how much the clock is set while the signatures are made, seconds. */
static int64_t clock_set, clock_was;

static int64_t read_clock(void)
{
	return clock_was + clock_set;
}

/*! Signatures that are not good when they are made are not published. */
START_TEST(test_clock)
{
	static const int64_t sets[] = { -86400 * 365, -3700, 86400 * 365, INT32_MAX };
	char err[256];
	subject_t subject;
	subject_open(&subject, "clock");
	subject_load(&subject, small, 5);
	subject.clock = read_clock;
	clock_was = subject.now;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		clock_set = sets[i];
		ck_assert_int_eq(subject_sign_fails(&subject, false, err, sizeof(err)),
		                 KNOT_ERANGE);
		ck_assert_ptr_nonnull(strstr(err, "the clock was set"));
		ck_assert_uint_eq(subject.state.version, 0);
	}
	clock_set = 5;
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 12);
	subject_close(&subject);
}
END_TEST

static int64_t subject_due(const subject_t *subject, store_txn_t *txn, const keyset_t *set)
{
	const clock_span_t now = subject_span(subject);
	return refresh_next(txn, &subject->state, set, &now);
}

/*! Signatures are replaced when they are due, and not before. */
START_TEST(test_refresh)
{
	subject_t subject;
	store_txn_t txn;
	subject_open(&subject, "refresh");
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	ck_assert_int_eq(store_read(subject.store, &txn), KNOT_EOK);
	int64_t due = subject_due(&subject, &txn, &subject.ring->set);
	store_abort(&txn);
	/* The earliest are those of NSEC, 9000 - 1000 ± 500 seconds from now. */
	ck_assert_int_ge(due, subject.now + 7500);
	ck_assert_int_le(due, subject.now + 8500);
	subject.now = due - 1;
	ck_assert(!subject_sign(&subject, false).published);
	subject.now = due;
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 2);
	subject.now += 20000;
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 12);
	ck_assert_uint_eq(subject_sign(&subject, true).signatures, 12);
	free(subject_dump(&subject));
	subject_close(&subject);
}
END_TEST

static void set_published(keyset_key_t *key, bool publish, bool sign)
{
	key->publish = publish;
	key->sign_zone = sign;
}

/*! A ZSK that stays published while another signs: signatures change as they come due. */
START_TEST(test_rollover)
{
	subject_t subject;
	subject_open(&subject, "rollover");
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[1]), 11);

	keyset_t set = subject_policy();
	set.key_count = 3;
	subject_keys[1].sign_zone = false;
	set.revision++;
	subject_set_keys(&subject, &set);
	/* DNSKEY by the KSK, SOA by the new ZSK. */
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 2);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[1]), 10);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[2]), 1);

	subject.now += 20000;
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[1]), 0);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[2]), 11);
	ck_assert_int_eq(subject.state.keys[0].keytag == subject_keys[1].keytag ?
	                 subject.state.keys[0].last_gone : -1, -1);

	/* Taken out at once, a key's signatures leave with it. */
	subject_keys[1].sign_zone = true;
	set.key_count = 2;
	set.revision++;
	subject_set_keys(&subject, &set);
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 12);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[2]), 0);
	free(subject_dump(&subject));
	subject_close(&subject);
}
END_TEST

/*! CDS and CDNSKEY have the signatures of KSK and ZSK: one is for the parent, the other for who holds
 * the DNSKEY RRset of before the KSK came, or of after it went. A ZSK that signs no more leaves
 * them at once, and the KSK's signature never serves in place of the next ZSK's. */
START_TEST(test_cds)
{
	static const char *const types[] = { "CDS", "CDNSKEY" };
	static const char *const by[] = { "1 1 0 0 0 of 2", "1 0 1 0 0 of 2" };
	subject_t subject;
	subject_open(&subject, "cds");
	subject_load(&subject, small, 5);
	keyset_t set = subject_policy();
	keyset_key_t keys[3] = { subject_keys[0], subject_keys[1], subject_keys[2] };
	set.keys = keys;
	set.key_count = 3;
	keys[0].cds = true;
	for (unsigned round = 0; round < 2; round++) {
		set_published(&keys[1], true, round == 0);
		set_published(&keys[2], true, round == 1);
		set.revision++;
		subject_set_keys(&subject, &set);
		subject_sign(&subject, false);
		char *dump = subject_dump(&subject);
		for (unsigned i = 0; i < 2; i++) {
			char want[80];
			snprintf(want, sizeof(want), "example. %s signed by %s\n", types[i], by[round]);
			ck_assert_msg(strstr(dump, want) != NULL, "no '%s' in %s", want, dump);
		}
		free(dump);
	}
	subject_close(&subject);
}
END_TEST

/*! In an emergency nothing waits until it is due; only once is all of the zone gone through. */
START_TEST(test_replace)
{
	subject_t subject;
	subject_open(&subject, "replace");
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	keyset_t set = subject_policy();
	keyset_key_t keys[3] = { subject_keys[0], subject_keys[1], subject_keys[2] };
	set.keys = keys;
	set.key_count = 3;
	keys[1].sign_zone = false;
	set.revision++;
	subject_set_keys(&subject, &set);
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject_signatures(&subject, &keys[1]), 10);

	keys[1].replace = true;
	set.revision++;
	subject_set_keys(&subject, &set);
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject_signatures(&subject, &keys[1]), 0);
	ck_assert_uint_eq(subject_signatures(&subject, &keys[2]), 11);
	free(subject_dump(&subject)); /* It is valid. */
	keys[1].replace = false;
	set.revision++;
	subject_set_keys(&subject, &set);
	ck_assert(!subject.state.sign_all);
	subject_close(&subject);
}
END_TEST

/*! A ZSK no longer signs, and its signatures serve in place of those of the next: then they stay
 * beside signatures of a third ZSK that is not published, and leave when one that is published has
 * signed. */
START_TEST(test_rollover_twice)
{
	subject_t subject;
	subject_open(&subject, "twice");
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);

	keyset_t set = subject_policy();
	set.key_count = 3;
	subject_keys[0].sign_zone = true;
	subject_keys[1].sign_zone = false;
	subject_keys[2].publish = false;
	set.revision++;
	subject_set_keys(&subject, &set);
	for (int i = 0; i < 2; i++) {
		subject_sign(&subject, false);
		ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[1]), 10);
		ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[2]), 11);
		subject.state.sign_all = true;
	}
	subject_keys[2].publish = true;
	set.revision++;
	subject_set_keys(&subject, &set);
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[0]), 11);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[1]), 0);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[2]), 11);
	subject_close(&subject);
}
END_TEST

/*! Since when a key set is public: not before knotd took a version that was made with it, even if the
 * last batch of a walk, under way when it came, has nothing to publish. */
START_TEST(test_taken_revision)
{
	subject_t subject;
	subject_open(&subject, "taken");
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	state_t *state = &subject.state;
	state->taken_revision = state->revision;
	state->taken_serial = state->serial;
	state->taken_at = state->revision_since = 100;

	keyset_t set = subject_policy();
	set.key_count = 3;
	subject_keys[2].sign_zone = false;
	subject_keys[2].publish = false;
	for (subject.batch = 1; subject.batch < 8; subject.batch++) {
		state->sign_all = true;
		set.revision++;
		subject_keys[2].publish = !subject_keys[2].publish;
		subject_set_keys(&subject, &set);
		subject_sign(&subject, false);
		ck_assert_uint_eq(state->revision, set.revision);
		ck_assert_uint_ne(state->taken_revision, set.revision);
	}

	/* A key set that changes nothing is public with the version that there is. */
	state->taken_revision = state->revision;
	state->taken_serial = state->serial;
	state->taken_at = 300;
	state->revision_since = 200;
	set.revision++;
	subject_set_keys(&subject, &set);
	subject_sign(&subject, false);
	ck_assert_uint_eq(state->taken_revision, set.revision);
	ck_assert_int_ge(state->revision_since, 200);
	subject_keys[2].sign_zone = subject_keys[2].publish = true;
	subject_close(&subject);
}
END_TEST

/*! More nodes than a first signing's batch holds; and one that is stopped and begun again. */
START_TEST(test_batches)
{
	char *text = malloc(1000 * 24 + sizeof(small));
	size_t len = sprintf(text, "%s", small);
	for (unsigned i = 0; i < 1000; i++) {
		/* Mostly delegations, whose only signature is that of the NSEC. */
		len += sprintf(text + len, "n%u NS x.else.\n", i);
	}
	char err[640];
	subject_t subject;
	subject_open(&subject, "batches");
	subject.batch = 400;
	subject_load(&subject, text, 1005);
	ck_assert_int_eq(subject_sign_fails(&subject, true, err, sizeof(err)), KNOT_EAGAIN);
	ck_assert_uint_eq(subject.state.version, 0);
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, 1012);
	char *batches = subject_dump(&subject);
	subject.state.sign_all = true;
	ck_assert(!subject_sign(&subject, false).published);
	char *whole = subject_dump(&subject);
	ck_assert_str_eq(batches, whole);
	free(batches);
	free(whole);
	free(text);
	subject_close(&subject);
}
END_TEST

/*!
 * A key that signs before it is published makes signatures everywhere (RFC 6781, section 4.1.4),
 * even where those of a key that no longer signs are still good.
 */
START_TEST(test_signs_unpublished)
{
	subject_t subject;
	keyset_key_t keys[3] = { subject_keys[0], subject_keys[1], subject_keys[2] };
	subject_open(&subject, "unpublished");
	subject.batch = 3;
	keyset_t set = subject_policy();
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);

	/* The second ZSK takes over: nothing is signed anew but the SOA, DNSKEY. */
	set.keys = keys;
	set.key_count = 3;
	set_published(&keys[1], true, false);
	set.revision++;
	subject_set_keys(&subject, &set);
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject_signatures(&subject, &keys[2]), 1);

	keyset_key_t more[4] = { keys[0], keys[1], keys[2], subject_keys[4] };
	set.keys = more;
	set.key_count = 4;
	set_published(&more[3], false, true);
	set.revision++;
	subject_set_keys(&subject, &set);
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject_signatures(&subject, &more[3]), 11);
	ck_assert_uint_eq(subject_signatures(&subject, &more[1]) +
	                  subject_signatures(&subject, &more[2]), 11);

	/* Its DNSKEY comes, the others go: no signature has to be made for the rest of the zone. */
	set_published(&more[1], false, false);
	set_published(&more[2], false, true);
	set_published(&more[3], true, true);
	set.revision++;
	subject_set_keys(&subject, &set);
	ck_assert_uint_le(subject_sign(&subject, false).signatures, 20);
	ck_assert_uint_eq(subject_signatures(&subject, &more[1]), 0);
	ck_assert_uint_eq(subject_signatures(&subject, &more[3]), 11);
	ck_assert_uint_eq(subject_signatures(&subject, &more[2]), 11);
	subject_close(&subject);
}
END_TEST

/*! From one algorithm to another without a time of both: all is changed in one version, or the zone
 * would be bogus. */
START_TEST(test_other_algorithm)
{
	subject_t subject;
	subject_open(&subject, "algorithm");
	subject.batch = 3;
	keyset_t set = subject_policy();
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	set.keys = &subject_keys[3];
	set.key_count = 1;
	set.revision++;
	subject_set_keys(&subject, &set);
	const uint64_t version = subject.state.version;
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject.state.version, version + 1);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[3]), 11);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[1]), 0);
	free(subject_dump(&subject));
	subject_close(&subject);
}
END_TEST

/*! From signed to unsigned, as it is in the input, and back: one version each, no IXFR between. */
START_TEST(test_passthrough)
{
	subject_t subject;
	store_txn_t txn;
	subject_open(&subject, "passthrough");
	subject.batch = 3;
	subject_load(&subject, small, 5);
	keyset_t set = subject_policy();
	for (unsigned round = 0; round < 2; round++) {
		subject_set_keys(&subject, &set);
		subject_sign(&subject, false);
		free(subject_dump(&subject));
		const uint32_t serial = subject.state.serial;
		const keyset_t unsigned_set = {
			.revision = set.revision + 1, .policy = "none", .passthrough = true,
		};
		subject_set_keys(&subject, &unsigned_set);
		ck_assert_int_eq(store_read(subject.store, &txn), KNOT_EOK);
		(void)subject_due(&subject, &txn, &unsigned_set);
		store_abort(&txn);
		const uint64_t version = subject.state.version;
		ck_assert_uint_eq(subject_sign(&subject, false).signatures, 0);
		ck_assert_uint_eq(subject.state.version, version + 1);
		ck_assert_uint_gt(subject.state.serial, serial);
		ck_assert_uint_eq(subject.state.chain.id, 0);
		zone_records_t records = subject_records(&subject);
		ck_assert_uint_eq(records.count, 6); /* Those of the input. */
		records_free(&records);
		set.revision += 2;
	}
	subject_close(&subject);
}
END_TEST

#define SIG(type, tag) "RRSIG " type " 13 1 60 20300101000000 20200101000000 " tag " example. AAAA\n"
#define SIGNED(serial, tag) "$ORIGIN example.\n$TTL 100\n" \
	"@ SOA ns hostmaster " serial " 1 2 3 4\n@ " SIG("SOA", tag) "@ NS ns.else.\n" \
	"@ 77 NSEC3PARAM 1 0 0 -\n@ 77 " SIG("NSEC3PARAM", tag) "@ DNSKEY 257 3 13 AAAA\n" \
	"@ DNAME else.\n0p9mhaveqvm6t7vbl5lop2u3t2rp3tom 33 NSEC3 1 0 0 - " \
	"2t7b4g4vsa5smi47k61mv5bv1a22bojr A\n" \
	"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom 33 " SIG("NSEC3", tag)

/*! \return Records of a type, by its number between blanks. */
static size_t count_type(subject_t *subject, const char *type)
{
	size_t count = 0;
	zone_records_t records = subject_records(subject);
	for (size_t i = 0; i < records.count; i++) {
		count += strstr(records.records[i], type) != NULL;
	}
	records_free(&records);
	return count;
}

/*! A zone that was signed elsewhere is published as it is, with signatures, their TTLs, and the
 * serial, whatever was published before; until the policy signs it. */
START_TEST(test_passes_signed)
{
	subject_t subject;
	char err[640];
	subject_open(&subject, "signed");
	keyset_t set = subject_policy(), passing = { .revision = 2, .policy = "none",
		                                     .passthrough = true };
	subject_load(&subject, SIGNED("7", "1"), 2);
	ck_assert_uint_eq(subject_sign(&subject, false).strays, 1 | 4 | 8);
	const uint32_t serial = subject.state.serial;
	ck_assert_uint_eq(count_type(&subject, " 50 "), 0);
	ck_assert_uint_eq(count_type(&subject, " 51 "), 0);

	subject_set_keys(&subject, &passing);
	ck_assert_int_eq(subject_sign_fails(&subject, false, err, sizeof(err)), KNOT_ESOAINVAL);
	ck_assert_ptr_nonnull(strstr(err, "increase it"));
	ck_assert_uint_eq(subject.state.serial, serial);
	subject_load(&subject, SIGNED("1800000000", "1"), 1);
	const sign_result_t result = subject_sign(&subject, false);
	ck_assert_uint_eq(result.signatures + result.strays, 0);
	ck_assert_uint_eq(subject.state.serial, 1800000000);
	zone_records_t records = subject_records(&subject);
	ck_assert_uint_eq(records.count, 9);
	ck_assert_uint_eq(count_type(&subject, "example. 100 46 0006"), 1);
	ck_assert_uint_eq(count_type(&subject, "example. 77 46 0033"), 1);
	ck_assert_uint_eq(count_type(&subject, ".example. 33 46 0032"), 1);
	free(subject_dump(&subject));

	/* It is signed anew there: only what changes is sent. */
	subject_load(&subject, SIGNED("1800000001", "2"), 2);
	subject_sign(&subject, false);
	subject_check_journal(&subject, &records, 1800000000);
	records_free(&records);

	set.revision = 3;
	subject_set_keys(&subject, &set);
	ck_assert_uint_eq(subject_sign(&subject, false).strays, 1 | 4 | 8);
	ck_assert_uint_gt(subject.state.serial, 1800000001);
	free(subject_dump(&subject));
	subject_close(&subject);
}
END_TEST

static size_t count_dnskeys(subject_t *subject)
{
	size_t count = 0;
	zone_records_t records = subject_records(subject);
	for (size_t i = 0; i < records.count; i++) {
		count += strncmp(records.records[i], "example. 300 48 ", 16) == 0;
	}
	records_free(&records);
	return count;
}

/*! Keys of other operators are published only if the zone is signed with their algorithm. The check
 * of each version would find if not. */
START_TEST(test_foreign_keys)
{
	char text[1024], key[129] = "";
	subject_t subject;
	subject_open(&subject, "foreign");
	subject.batch = 3;
	memset(key, 'A', 128);
	snprintf(text, sizeof(text), "%s@ DNSKEY 256 3 13 %.88s\n@ DNSKEY 256 3 14 %s\n", small, key,
	         key);
	subject_load(&subject, text, SIZE_MAX);
	ck_assert_uint_eq(subject_sign(&subject, false).left_out, 14);
	ck_assert_uint_eq(count_dnskeys(&subject), 3);

	/* The algorithm comes, and goes. */
	keyset_key_t keys[3] = { subject_keys[0], subject_keys[1], subject_keys[3] };
	keyset_t set = subject_policy();
	set.keys = keys;
	for (unsigned step = 0; step < 2; step++) {
		set.key_count = 3 - step;
		set.revision++;
		subject_set_keys(&subject, &set);
		ck_assert_uint_eq(subject_sign(&subject, false).left_out, 14 * step);
		ck_assert_uint_eq(count_dnskeys(&subject), 5 - 2 * step);
	}
	subject_close(&subject);
}
END_TEST

#define CDS_RECORD "example. 300 59 "
#define CDNSKEY_RECORD "example. 300 60 "

/*! CDS and CDNSKEY of keys that the zone does not have are not published, nor what asks for no DS;
 * those of keys that it has are. */
START_TEST(test_unfit_cds)
{
	char text[1024], key[65] = "", hex[260] = "";
	subject_t subject;
	subject_open(&subject, "unfit");
	memset(key, 'A', 64);
	snprintf(text, sizeof(text), "%s@ CDS 1 13 2 %.64s\n@ CDS 0 0 0 00\n", small, key);
	subject_load(&subject, text, SIZE_MAX);
	ck_assert_uint_eq(subject_sign(&subject, false).unfit, KNOT_RRTYPE_CDS);
	ck_assert_uint_eq(count_type(&subject, CDS_RECORD), 0);
	snprintf(text, sizeof(text), "%s@ CDNSKEY 0 3 0 AA==\n", small);
	subject_load(&subject, text, SIZE_MAX);
	ck_assert_uint_eq(subject_sign(&subject, false).unfit, KNOT_RRTYPE_CDNSKEY);
	ck_assert_uint_eq(count_type(&subject, CDNSKEY_RECORD), 0);
	for (size_t i = 0; i < subject_keys[0].public_key_len; i++) {
		snprintf(hex + 2 * i, 3, "%02x", subject_keys[0].public_key[i]);
	}
	snprintf(text, sizeof(text), "%s@ CDNSKEY \\# %zu 0101030d%s\n", small,
	         subject_keys[0].public_key_len + 4, hex);
	subject_load(&subject, text, SIZE_MAX);
	ck_assert_uint_eq(subject_sign(&subject, false).unfit, 0);
	ck_assert_uint_eq(count_type(&subject, CDNSKEY_RECORD), 1);
	subject_close(&subject);
}
END_TEST

/*! What the policy does not publish is not there at all: not that of other operators, either, by which
 * the parent would drop our DS. */
START_TEST(test_wanted_cds)
{
	static const struct {
		keyset_cds_t wanted;
		unsigned cds, cdnskey; /* Records; the other operator has brought a CDNSKEY. */
	} cases[] = {
		{ { .sha256 = true, .cdnskey = true }, 1, 2 },
		{ { .sha384 = true, .cdnskey = true }, 1, 2 },
		{ { .sha256 = true, .sha384 = true }, 2, 0 },
		{ { .cdnskey = true }, 0, 2 },
		{ { .sha256 = false }, 0, 0 },
		{ { .sha256 = true, .cdnskey = true }, 1, 2 },
	};
	const keyset_key_t *other = &subject_keys[4];
	char text[2048], hex[260] = "";
	keyset_t set = subject_policy();
	subject_t subject;
	subject_open(&subject, "wanted");
	for (size_t i = 0; i < other->public_key_len; i++) {
		snprintf(hex + 2 * i, 3, "%02x", other->public_key[i]);
	}
	snprintf(text, sizeof(text), "%s@ DNSKEY \\# %zu 0100030d%s\n@ CDNSKEY \\# %zu 0100030d%s\n",
	         small, other->public_key_len + 4, hex, other->public_key_len + 4, hex);
	keyset_key_t keys[2] = { subject_keys[0], subject_keys[1] };
	keys[0].cds = true;
	set.keys = keys;
	subject_load(&subject, text, SIZE_MAX);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set.cds = cases[i].wanted;
		set.revision++;
		subject_set_keys(&subject, &set);
		subject_sign(&subject, false);
		ck_assert_uint_eq(count_type(&subject, CDS_RECORD), cases[i].cds);
		ck_assert_uint_eq(count_type(&subject, CDNSKEY_RECORD), cases[i].cdnskey);
	}
	/* "No DS" is said in the forms that there are. */
	keys[0].cds = false;
	set.cds_delete = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set.cds = cases[i].wanted;
		set.revision++;
		subject_set_keys(&subject, &set);
		subject_sign(&subject, false);
		ck_assert_uint_eq(count_type(&subject, CDS_RECORD), cases[i].cds > 0);
		ck_assert_uint_eq(count_type(&subject, CDNSKEY_RECORD), cases[i].cdnskey > 0);
	}
	subject_close(&subject);
}
END_TEST

/*! Signatures that are made at one time are not all renewed at one time. */
START_TEST(test_spread)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	fputs(small, out);
	for (unsigned i = 0; i < 1200; i++) {
		fprintf(out, "n%u A 192.0.2.1\n", i);
	}
	fclose(out);
	subject_t subject;
	subject_open(&subject, "spread");
	keyset_t set = subject_policy();
	set.jitter = 0;
	set.resign = 900;
	set.validity_denial = set.validity_default;
	subject_set_keys(&subject, &set);
	subject_load(&subject, text, SIZE_MAX);
	subject_sign(&subject, false);
	/* After a tenth of the time between two signatures of an RRset, a tenth of them is
	 * renewed. */
	for (unsigned run = 0; run < 12; run++) {
		store_txn_t txn;
		ck_assert_int_eq(store_read(subject.store, &txn), KNOT_EOK);
		ck_assert_int_eq(subject_due(&subject, &txn, &subject.ring->set), subject.now + 900);
		store_abort(&txn);
		subject.now += 900;
		const uint64_t made = subject_sign_batch(&subject, false).signatures;
		ck_assert_msg(made > 210 && made < 270, "%llu", (unsigned long long)made);
	}
	free(subject_dump(&subject));
	free(text);
	subject_close(&subject);
}
END_TEST

/*! If what is due does not fit into a version, there is more to do at once. */
START_TEST(test_refresh_batches)
{
	subject_t subject;
	store_txn_t txn;
	subject_open(&subject, "due");
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	subject.now += 20000;
	subject.batch = 2;
	for (unsigned runs = 0;; runs++) {
		ck_assert_uint_lt(runs, 4);
		const bool more = subject_sign_batch(&subject, false).more;
		ck_assert_int_eq(store_read(subject.store, &txn), KNOT_EOK);
		const int64_t next = subject_due(&subject, &txn, &subject.ring->set);
		store_abort(&txn);
		ck_assert_int_eq(next <= subject.now, more);
		if (!more) {
			ck_assert_uint_ge(runs, 2);
			break;
		}
	}
	free(subject_dump(&subject));
	subject_close(&subject);
}
END_TEST

/*!
 * A part of the zone is signed while the clock is ahead; when it is right again, that part is signed
 * anew, and the rest is not.
 */
START_TEST(test_clock_ahead)
{
	static const int64_t ahead[] = {
		3600, 20000, 400 * 86400, INT64_C(40) * 365 * 86400, INT64_C(67) * 365 * 86400,
		INT64_C(70) * 365 * 86400, INT64_C(81) * 365 * 86400,
	};
	for (unsigned chain = 0; chain < 3; chain++) {
		subject_t subject;
		char text[500];
		subject_open(&subject, "ahead");
		keyset_t set = subject_policy();
		subject_set_chain(&set, chain);
		subject_set_keys(&subject, &set);
		subject_load(&subject, small, 5);
		const uint64_t all = subject_sign(&subject, false).signatures;
		subject.now += ahead[_i];
		snprintf(text, sizeof(text), "%sbb A 192.0.2.33\n", small);
		subject_load(&subject, text, SIZE_MAX);
		const uint64_t some = subject_sign(&subject, false).signatures;
		ck_assert_uint_gt(some, 2);
		free(subject_dump(&subject));

		subject.now += 60 - ahead[_i];
		subject.batch = 3;
		const uint64_t anew = subject_sign(&subject, false).signatures;
		ck_assert_uint_ge(anew, some);
		ck_assert(ahead[_i] > 5000 || anew < all);
		free(subject_dump(&subject));
		subject.now += 1;
		ck_assert(!subject_sign(&subject, false).published);
		subject_close(&subject);
	}
}
END_TEST

/*! An NTP server's adjustment, or a clock ahead by less than the inception offset, is nothing. */
START_TEST(test_clock_adjusted)
{
	subject_t subject;
	subject_open(&subject, "adjusted");
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	subject.now -= 100;
	ck_assert(!subject_sign(&subject, false).published);
	free(subject_dump(&subject));
	subject_close(&subject);
}
END_TEST

/*! A clock that is not believed: signatures are good by what it says and by what it should say,
 * whichever is earlier; when it is believed again they live no longer than the policy says. */
START_TEST(test_clock_doubted)
{
	const int64_t apart = 400 * 86400, validity = 9000 + 500;
	store_txn_t txn;
	subject_t subject;
	subject_open(&subject, "doubted");
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	subject.doubt = apart;
	subject.now += _i == 0 ? apart : 0;
	for (int run = 0; run < 2; run++) {
		ck_assert_int_eq(store_read(subject.store, &txn), KNOT_EOK);
		const int64_t due = subject_due(&subject, &txn, &subject.ring->set);
		store_abort(&txn);
		ck_assert_int_eq(due <= subject.now, run == 0);
		ck_assert_uint_eq(subject_sign(&subject, false).signatures, run == 0 ? 12 : 0);
		/* Good at the end, and so that nothing is due then; and at the beginning. */
		free(subject_dump(&subject));
		subject.now -= apart;
		free(subject_dump(&subject));
		subject.now += apart;
	}
	subject.now -= _i == 0 ? apart : 0;
	subject.doubt = 0;
	ck_assert_uint_eq(subject_sign(&subject, false).signatures, _i == 0 ? 12 : 0);
	free(subject_dump(&subject));
	ck_assert_int_eq(store_read(subject.store, &txn), KNOT_EOK);
	ck_assert_int_le(refresh_expires(&txn, &subject.state, subject.now),
	                 subject.now + validity);
	store_abort(&txn);
	subject_close(&subject);
}
END_TEST

/*! Signatures are refreshed in time at 2^31 and 2^32, where the numbers in RRSIGs begin anew. */
START_TEST(test_clock_wraps)
{
	const int64_t wrap = _i == 0 ? INT64_C(1) << 31 : INT64_C(1) << 32;
	subject_t subject;
	store_txn_t txn;
	subject_open(&subject, "wraps");
	subject.now = wrap - 25000;
	subject_load(&subject, small, 5);
	subject_sign(&subject, false);
	for (unsigned i = 0; subject.now < wrap + 25000; i++) {
		ck_assert_uint_lt(i, 100);
		ck_assert_int_eq(store_read(subject.store, &txn), KNOT_EOK);
		const int64_t next = subject_due(&subject, &txn, &subject.ring->set);
		store_abort(&txn);
		ck_assert_int_gt(next, subject.now);
		ck_assert_int_lt(next, subject.now + 10000);
		subject.now = next;
		subject_sign(&subject, false);
		free(subject_dump(&subject));
	}
	subject_close(&subject);
}
END_TEST

static int check_types(subject_t *subject, store_txn_t *txn, name_kind_t kind, uint8_t *stored,
                       size_t len)
{
	denial_t denial;
	ck_assert_int_eq(denial_init(&denial), KNOT_EOK);
	const change_t change = {
		.owner = (const knot_dname_t *)"\1a\7example", .kind = kind,
		.stored = stored, .stored_len = len,
	};
	int ret = changes_check_types(&change, txn, &subject->state.chain, subject_zone, &denial);
	denial_deinit(&denial);
	return ret;
}

/*! Signs a zone with NSEC or NSEC3. */
static keyset_t sign_small(subject_t *subject, int chain)
{
	subject_open(subject, "proof");
	keyset_t set = subject_policy();
	subject_set_chain(&set, chain);
	subject_set_keys(subject, &set);
	subject_load(subject, small, 5);
	subject_sign(subject, false);
	return set;
}

/*! A chain whose types are not those of the names is found out. */
START_TEST(test_proof_types)
{
	subject_t subject;
	store_txn_t txn;
	_Alignas(2) uint8_t stored[1024];
	uint8_t key[NODE_KEY_MAX];
	const uint8_t *data = NULL;
	size_t len = 0;
	sign_small(&subject, _i);
	ck_assert_int_eq(store_write(subject.store, &txn), KNOT_EOK);
	const size_t key_len = node_key((const knot_dname_t *)"\1a\7example", key);
	const store_key_t at = { STORE_SIGNED, subject.state.nodes, key, key_len };
	ck_assert_int_eq(store_find(&txn, &at, &data, &len), KNOT_EOK);
	memcpy(stored, data, len);
	ck_assert_int_eq(check_types(&subject, &txn, KIND_AUTH, stored, len), KNOT_EOK);
	ck_assert_int_eq(check_types(&subject, &txn, KIND_AUTH, stored, 0), KNOT_ESEMCHECK);
	ck_assert_int_eq(check_types(&subject, &txn, KIND_OCCLUDED, stored, len), KNOT_ESEMCHECK);
	node_t node;
	ck_assert_int_eq(node_read(stored, len, &node), KNOT_EOK);
	node.rrsets[0].type = KNOT_RRTYPE_HINFO;
	node_write(&node, stored);
	node_deinit(&node);
	ck_assert_int_eq(check_types(&subject, &txn, KIND_AUTH, stored, len), KNOT_ESEMCHECK);

	store_abort(&txn);
	subject_close(&subject);
}
END_TEST

/*! If an entry beside a change does not point to the next entry, nothing is published. */
START_TEST(test_proof_links)
{
	char err[640] = "", name[256], text[512];
	subject_t subject;
	store_txn_t txn;
	_Alignas(2) uint8_t stored[1024];
	uint8_t key[NODE_KEY_MAX];
	size_t len = 0;
	store_cursor_t cursor;
	const keyset_t set = sign_small(&subject, _i);
	ck_assert_int_eq(store_write(subject.store, &txn), KNOT_EOK);
	ck_assert_int_eq(store_cursor(&txn, STORE_CHAIN, subject.state.chain.id, &cursor), KNOT_EOK);
	ck_assert_int_eq(store_next(&cursor), KNOT_EOK);
	memcpy(key, cursor.key, cursor.key_len);
	memcpy(stored, cursor.data, cursor.data_len);
	len = cursor.data_len;
	ck_assert_int_eq(store_next(&cursor), KNOT_EOK);
	chain_entry_t entry;
	knot_dname_storage_t owner;
	ck_assert_int_eq(entry_read(&subject.state.chain, cursor.data, cursor.data_len, &entry),
	                 KNOT_EOK);
	ck_assert_int_eq(entry_owner(&subject.state.chain, subject_zone, cursor.key,
	                             cursor.key_len, owner), KNOT_EOK);
	ck_assert_ptr_nonnull(knot_dname_to_str(name, set.nsec3 ? entry.name : owner,
	                                        sizeof(name)));
	uint8_t *next = set.nsec3 ? memmem(stored, len, cursor.key, cursor.key_len)
	                          : memmem(stored, len, owner, knot_dname_size(owner));
	ck_assert_ptr_nonnull(next);
	next[1]++;
	const store_key_t at = {
		STORE_CHAIN, subject.state.chain.id, key,
		set.nsec3 ? ENTRY_HASH_LEN : node_key(subject_zone, key)
	};
	ck_assert_int_eq(store_put(&txn, &at, stored, len), KNOT_EOK);
	node_deinit(&entry.node);
	store_cursor_close(&cursor);
	ck_assert_int_eq(store_commit(&txn), KNOT_EOK);
	const uint64_t version = subject.state.version;
	snprintf(text, sizeof(text), "%s%s TXT \"x\"\n", small, name);
	subject_load(&subject, text, SIZE_MAX);
	ck_assert_int_eq(subject_sign_fails(&subject, false, err, sizeof(err)), KNOT_ESEMCHECK);
	ck_assert_ptr_nonnull(strstr(err, "the denial chain that was made is broken"));
	ck_assert_uint_eq(subject.state.version, version);
	subject_close(&subject);
}
END_TEST

/*! The largest TTL is lower after a walk, but not before caches have forgotten the larger. */
START_TEST(test_max_ttl)
{
	char text[512];
	subject_t subject;
	subject_open(&subject, "ttl");
	snprintf(text, sizeof(text), "%sd 5000 A 192.0.2.33\n", small);
	subject_load(&subject, text, SIZE_MAX);
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject.state.max_ttl, 5000);
	subject_load(&subject, small, SIZE_MAX);
	subject_sign(&subject, false);
	ck_assert_uint_eq(subject.state.max_ttl, 5000);
	subject.state.sign_all = true;
	subject_sign(&subject, false);
	for (unsigned step = 0; step < 2; step++) {
		ck_assert_uint_eq(subject.state.max_ttl, 5000);
		subject.now += 4400;
		subject_sign(&subject, true);
	}
	ck_assert_uint_eq(subject.state.max_ttl, 600);
	subject_close(&subject);
}
END_TEST

/*! \return Records whose text has some words in it. */
static unsigned count_records(subject_t *subject, const char *words)
{
	unsigned count = 0;
	char *text = subject_dump(subject);
	for (const char *at = text; (at = strstr(at, words)) != NULL; at++) {
		count++;
	}
	free(text);
	return count;
}

/*! No TTL above MaxZoneTTL is published, from the file or by a change of it; SOA and DNSKEY have
 * the policy's. What a change of the policy does not touch is not signed anew. */
START_TEST(test_max_zone_ttl)
{
	char text[512];
	subject_t subject;
	subject_open(&subject, "cap");
	keyset_t set = subject_policy();
	set.max_zone_ttl = 1000;
	subject_set_keys(&subject, &set);
	snprintf(text, sizeof(text), "%sd 2147483647 A 192.0.2.33\ncut 5000 NS a\n"
	         "cut 5000 DS 1 8 2 %064d\n", small, 1);
	subject_load(&subject, text, SIZE_MAX);
	sign_result_t result = subject_sign(&subject, false);
	ck_assert_uint_eq(result.capped.count, 3);
	ck_assert_uint_eq(result.capped.type, KNOT_RRTYPE_NS);
	ck_assert_uint_eq(result.capped.ttl, 5000);
	ck_assert_str_eq((char *)result.capped.owner, "\3cut\7example");
	ck_assert_uint_eq(subject.state.max_ttl, 1000);
	ck_assert_uint_eq(count_records(&subject, " 1000 "), 3);

	/* It is said once. */
	subject.now += 20000;
	ck_assert_uint_eq(subject_sign(&subject, false).capped.count, 0);

	set.max_zone_ttl = 2000;
	set.revision++;
	subject_set_keys(&subject, &set);
	const uint32_t serial = subject.state.serial;
	zone_records_t before = subject_records(&subject);
	result = subject_sign(&subject, false);
	/* SOA, the A and the DS. */
	ck_assert_uint_eq(result.signatures, 3);
	ck_assert_uint_eq(result.capped.count, 3);
	ck_assert_uint_eq(subject.state.max_ttl, 2000);
	subject_check_journal(&subject, &before, serial);
	records_free(&before);

	set.max_zone_ttl = 0;
	set.revision++;
	subject_set_keys(&subject, &set);
	ck_assert_uint_eq(subject_sign(&subject, false).capped.count, 0);
	ck_assert_uint_eq(subject.state.max_ttl, 2147483647);
	subject_close(&subject);
}
END_TEST

/*! CDS and CDNSKEY below the apex (RFC 9615) are signed as other data is. */
START_TEST(test_keys_below)
{
	char text[1024];
	subject_t subject;
	subject_open(&subject, "below");
	snprintf(text, sizeof(text), "%s_dsboot.x._signal CDS 1 13 2 %064d\n"
	         "_dsboot.x._signal CDNSKEY 257 3 15 %043d=\n", small, 1, 0);
	subject_load(&subject, small, SIZE_MAX);
	subject_sign(&subject, false);
	const uint64_t zsk = subject_signatures(&subject, &subject_keys[1]);
	subject_load(&subject, text, SIZE_MAX);
	subject_sign(&subject, false);
	/* Beside the two, NSEC. */
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[1]), zsk + 3);
	ck_assert_uint_eq(subject_signatures(&subject, &subject_keys[0]), 0);
	free(subject_dump(&subject));
	subject_close(&subject);
}
END_TEST

/*! Writes a zone with a name of about so many kilobytes, which differ by a number. */
static char *write_large(unsigned kilobytes, unsigned number)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	fputs(small, out);
	for (unsigned i = 0; i < 4 * kilobytes; i++) {
		fprintf(out, "n%u TXT \"%0230u\"\n", i / 200, 10000 * number + i);
	}
	fclose(out);
	return text;
}

/*! The journal is limited in bytes; a version that is larger than the zone is not kept at all. */
START_TEST(test_journal_size)
{
	subject_t subject;
	uint32_t before = 0, first = 0;
	subject_open(&subject, "journal");
	for (unsigned step = 0; step < 20; step++) {
		char *text = write_large(50, step);
		before = subject.state.serial;
		subject_load(&subject, text, SIZE_MAX);
		subject_sign(&subject, false);
		first = step == 0 ? subject.state.serial : first;
		ck_assert(step == 0 || subject_journal_reaches(&subject, before));
		ck_assert_uint_le(subject.state.journal_bytes, 1 << 20);
		free(text);
	}
	ck_assert(!subject_journal_reaches(&subject, first));
	ck_assert(subject_journal_reaches(&subject, before - 5));
	for (unsigned step = 0; step < 2; step++) {
		char *text = write_large(1500, step);
		before = subject.state.serial;
		subject_load(&subject, text, SIZE_MAX);
		subject_sign(&subject, false);
		free(text);
	}
	ck_assert(!subject_journal_reaches(&subject, before));
	free(subject_dump(&subject));
	subject_close(&subject);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sign");
	TCase *tcase = tcase_create("sign run");
	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, subject_set_up, subject_tear_down);
	sign_random_add(tcase);
	tcase_add_test(tcase, test_cost);
	tcase_add_test(tcase, test_refresh);
	tcase_add_test(tcase, test_clock);
	tcase_add_test(tcase, test_rollover);
	tcase_add_test(tcase, test_cds);
	tcase_add_test(tcase, test_replace);
	tcase_add_test(tcase, test_rollover_twice);
	tcase_add_test(tcase, test_taken_revision);
	tcase_add_test(tcase, test_batches);
	tcase_add_test(tcase, test_journal_size);
	tcase_add_test(tcase, test_signs_unpublished);
	tcase_add_test(tcase, test_other_algorithm);
	tcase_add_test(tcase, test_passthrough);
	tcase_add_test(tcase, test_passes_signed);
	tcase_add_test(tcase, test_foreign_keys);
	tcase_add_test(tcase, test_unfit_cds);
	tcase_add_test(tcase, test_wanted_cds);
	tcase_add_test(tcase, test_spread);
	tcase_add_test(tcase, test_refresh_batches);
	tcase_add_loop_test(tcase, test_clock_ahead, 0, 7);
	tcase_add_test(tcase, test_clock_adjusted);
	tcase_add_loop_test(tcase, test_clock_doubted, 0, 2);
	tcase_add_loop_test(tcase, test_clock_wraps, 0, 2);
	tcase_add_loop_test(tcase, test_proof_types, 0, 2);
	tcase_add_loop_test(tcase, test_proof_links, 0, 2);
	tcase_add_test(tcase, test_max_ttl);
	tcase_add_test(tcase, test_max_zone_ttl);
	tcase_add_test(tcase, test_keys_below);
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
