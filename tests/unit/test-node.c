/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/rr/node.h"
#include "module/rr/soa.h"
#include "tests/unit/check-main.h"

/*! The order of RFC 4034, section 6.1, with octets 0 and 1 in labels added. */
static const char *const ordered[] = {
	".", "example.", "a.example.", "yljkjljk.a.example.", "z.a.example.", "a\\000.example.",
	"b.a\\000.example.", "a\\000b.example.", "a\\001.example.", "a\\002.example.",
	"zabc.a\\002.example.", "z.example.", "\\001.z.example.", "*.z.example.",
	"\\200.z.example.", "example0.",
};

START_TEST(test_key_order)
{
	for (size_t i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++) {
		knot_dname_storage_t name, back;
		uint8_t key[NODE_KEY_MAX], before[NODE_KEY_MAX];
		ck_assert_ptr_nonnull(knot_dname_from_str(name, ordered[i], sizeof(name)));
		size_t len = node_key(name, key);
		ck_assert_uint_eq(len % 2, 0);
		ck_assert_uint_eq(node_key_owner(key, len, back), knot_dname_size(name));
		ck_assert_mem_eq(name, back, knot_dname_size(name));
		if (i > 0) {
			ck_assert_ptr_nonnull(
				knot_dname_from_str(name, ordered[i - 1], sizeof(name)));
			size_t before_len = node_key(name, before);
			ck_assert_msg(node_key_compare(before, before_len, key, len) < 0, "%s", ordered[i]);
		}
	}
}
END_TEST

START_TEST(test_key_longest)
{
	/* Labels of 63, 63, 63 and 61 octets, all to be escaped: the longest key there is. */
	uint8_t name[KNOT_DNAME_MAXLEN] = { 63 };
	name[64] = 63;
	name[128] = 63;
	name[192] = 61;
	ck_assert_uint_eq(knot_dname_size(name), 255);
	uint8_t key[NODE_KEY_MAX + 1];
	key[NODE_KEY_MAX] = 0xaa;
	size_t len = node_key(name, key);
	ck_assert_uint_le(len, NODE_KEY_MAX);
	ck_assert_uint_eq(key[NODE_KEY_MAX], 0xaa);
	knot_dname_storage_t back;
	ck_assert_uint_eq(node_key_owner(key, len, back), 255);
	ck_assert_mem_eq(name, back, 255);
}
END_TEST

START_TEST(test_key_below)
{
	static const struct {
		const char *name, *above;
		bool below;
	} cases[] = {
		{ "a.example.", "example.", true }, { "b.a.example.", "example.", true },
		{ "example.", "example.", false }, { "example.", "a.example.", false },
		{ "example0.", "example.", false }, { "example.", ".", true }, { ".", ".", false },
		{ "aa.example.", "a.example.", false }, { "\\000.a.", "a.", true },
		{ "a.aa.", "aa.", true }, { "\\000.aa.", "aa.", true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		knot_dname_storage_t name;
		uint8_t key[NODE_KEY_MAX], above[NODE_KEY_MAX];
		knot_dname_from_str(name, cases[i].name, sizeof(name));
		size_t len = node_key(name, key);
		knot_dname_from_str(name, cases[i].above, sizeof(name));
		size_t above_len = node_key(name, above);
		ck_assert_msg(node_key_below(key, len, above, above_len) == cases[i].below,
		              "%s %s", cases[i].name, cases[i].above);
	}
}
END_TEST

START_TEST(test_key_malformed)
{
	static const struct {
		size_t len;
		uint8_t key[70];
	} bad[] = {
		{ 1, "a" }, { 1, "" }, { 2, "\001" }, { 3, "\001\003" }, { 3, "a\001" },
		{ 65, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	};
	knot_dname_storage_t owner;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_uint_eq(node_key_owner(bad[i].key, bad[i].len, owner), 0);
	}
	uint8_t many[520];
	for (size_t i = 0; i < sizeof(many); i += 2) {
		many[i] = 'a';
		many[i + 1] = 0;
	}
	ck_assert_uint_eq(node_key_owner(many, sizeof(many), owner), 0);
}
END_TEST

static void add(node_t *node, uint16_t type, knot_rdataset_t rrs, knot_rdataset_t sigs)
{
	node_rrset_t rrset = { .type = type, .ttl = type * 10, .rrs = rrs, .sigs = sigs };
	ck_assert_int_eq(node_add(node, &rrset), KNOT_EOK);
}

static void add_rdata(knot_rdataset_t *rrs, const void *data, uint16_t len)
{
	uint8_t buffer[64] __attribute__((aligned(2)));
	knot_rdata_t *rdata = (knot_rdata_t *)buffer;
	knot_rdata_init(rdata, len, data);
	ck_assert_int_eq(knot_rdataset_add(rrs, rdata, NULL), KNOT_EOK);
}

/* What a damaged disk can make of an RRset, in its stored form. */
static const struct damage {
	uint32_t ttl, size, sigs_size;
	uint16_t type, count, sigs_count;
	uint8_t data[32];
	size_t len;
} __attribute__((packed, aligned(2))) damages[] = {
	{ 1, 6, 0, 1, 2, 0, { 4, 0, 1, 2, 3, 4 }, 6 },          /* More RDATA than there are. */
	{ 1, 6, 0, 1, 0, 0, { 4, 0, 1, 2, 3, 4 }, 6 },          /* None. */
	{ 1, 6, 0, 1, 1, 0, { 5, 0, 1, 2, 3, 4 }, 6 },          /* One that is longer. */
	{ 1, 6, 0, 1, 1, 0, { 2, 0, 1, 2, 3, 4 }, 6 },          /* One that is shorter. */
	{ 1, 6, 0, 2, 1, 0, { 4, 0, 9, 2, 3, 4 }, 6 },          /* A name that does not end. */
	{ 1, 4, 0, 6, 1, 0, { 2, 0, 0, 0 }, 4 },                /* An SOA without a serial. */
	{ 1, 6, 4, 1, 1, 1, { 4, 0, 1, 2, 3, 4, 2, 0, 1, 2 }, 10 }, /* An RRSIG cut short. */
};

START_TEST(test_damage)
{
	const uint8_t *bytes = (const uint8_t *)&damages[_i];
	const size_t head = offsetof(struct damage, data);
	node_t node;
	ck_assert_int_eq(node_read(bytes, head + damages[_i].len, &node), KNOT_EMALF);
}
END_TEST

START_TEST(test_store)
{
	knot_rdataset_t two = { 0 }, one = { 0 }, none = { 0 }, two_sigs = { 0 }, one_sig = { 0 };
	/* The numbers of an RRSIG, the root as its signer, and an octet of signature. */
	const uint8_t sig[20] = { [19] = 's' }, other_sig[20] = { [19] = 't' };
	add_rdata(&two, "abcd", 4);
	add_rdata(&two, "z", 1);
	add_rdata(&one, "z", 1);
	add_rdata(&two_sigs, sig, sizeof(sig));
	add_rdata(&two_sigs, other_sig, sizeof(other_sig));
	add_rdata(&one_sig, sig, sizeof(sig));

	/* Of types whose RDATA can be anything. */
	node_t node = { 0 }, back;
	add(&node, 65280, one, two_sigs);
	add(&node, 10, two, one_sig);
	add(&node, 61, one, none);
	add(&node, 49, one, none);
	add(&node, 16, one, none);
	node_drop(&node, 61);
	node_drop(&node, 61);
	ck_assert_uint_eq(node.count, 4);

	size_t size = node_size(&node);
	uint8_t *stored = malloc(size);
	node_write(&node, stored);
	ck_assert_int_eq(node_read(stored, size, &back), KNOT_EOK);
	static const uint16_t types[] = { 10, 16, 49, 65280 };
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(back.rrsets[i].type, types[i]);
		ck_assert_uint_eq(back.rrsets[i].ttl, types[i] * 10);
		ck_assert(knot_rdataset_eq(&back.rrsets[i].rrs, &node.rrsets[i].rrs));
		ck_assert(knot_rdataset_eq(&back.rrsets[i].sigs, &node.rrsets[i].sigs));
	}
	ck_assert_ptr_eq(node_rrset(&back, 65280), &back.rrsets[3]);
	ck_assert_ptr_null(node_rrset(&back, 61));
	node_deinit(&back);
	for (size_t cut = 1; cut < size; cut++) {
		/* What is cut within an RRset is found; an RRset more or less cannot be. */
		if (node_read(stored, cut, &back) == KNOT_EOK) {
			ck_assert_uint_lt(back.count, 4);
			node_deinit(&back);
		}
	}
	free(stored);
	node_deinit(&node);
	knot_rdataset_clear(&one, NULL);
	knot_rdataset_clear(&two, NULL);
	knot_rdataset_clear(&one_sig, NULL);
	knot_rdataset_clear(&two_sigs, NULL);
}
END_TEST

START_TEST(test_soa)
{
	uint16_t buffer[40];
	knot_rdata_t *rdata = (knot_rdata_t *)buffer;
	uint8_t shortest[SOA_RDATA_MIN];
	soa_write(shortest, 2026112801);
	knot_rdata_init(rdata, sizeof(shortest), shortest);
	ck_assert(soa_is_whole(rdata));
	ck_assert_uint_eq(knot_soa_serial(rdata), 2026112801);
	ck_assert_uint_eq(knot_soa_expire(rdata), 0);
	rdata->len--;
	ck_assert(!soa_is_whole(rdata));

	static const uint8_t named[] = "\2ns\0\1h\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
	knot_rdata_init(rdata, sizeof(named) - 1, named);
	soa_minimum_set(rdata, 86400);
	ck_assert_uint_eq(knot_soa_serial(rdata), 1);
	ck_assert_uint_eq(knot_soa_expire(rdata), 4);
	ck_assert_uint_eq(knot_soa_minimum(rdata), 86400);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("node");
	TCase *tcase = tcase_create("key and stored form");
	tcase_add_test(tcase, test_key_order);
	tcase_add_test(tcase, test_key_longest);
	tcase_add_test(tcase, test_key_below);
	tcase_add_test(tcase, test_key_malformed);
	tcase_add_test(tcase, test_store);
	tcase_add_test(tcase, test_soa);
	tcase_add_loop_test(tcase, test_damage, 0,
	                    sizeof(damages) / sizeof(damages[0]));
	suite_add_tcase(suite, tcase);
	return check_main(suite);
}
