/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* What an answer lacks: which RRsets get a signature, and which types a denial has. There are no keys here: what
 * would be signed is an error, behind what is to be looked at. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/online/answer.h"
#include "module/online/compact.h"
#include "module/store/state.h"
#include "tests/unit/check-main.h"

#define NODES 7 /* Id of the zone's nodes in the store. */

static const knot_dname_t zone[] = "\x02""zz";

/*! An answer in the making, of a zone whose keys are not there. */
typedef struct {
	answer_t answer;
	online_zone_t zone;
	answer_types_t types;
} making_t;

static knot_rrset_t *make(const char *owner, uint16_t type, const uint8_t *rdata, size_t len)
{
	knot_rrset_t *rrset = knot_rrset_new((const knot_dname_t *)owner, type, KNOT_CLASS_IN, 60, NULL);
	ck_assert_ptr_nonnull(rrset);
	ck_assert_int_eq(knot_rrset_add_rdata(rrset, rdata, len, NULL), KNOT_EOK);
	return rrset;
}

static void put(making_t *making, const char *owner, uint16_t type)
{
	static const uint8_t rdata[] = { 1, 'a', 2, 'z', 'z', 0 };
	knot_rrset_t *rrset = make(owner, type, rdata, type == KNOT_RRTYPE_A ? 4 : sizeof(rdata));
	ck_assert_int_eq(knot_pkt_put(making->answer.pkt, KNOT_COMPR_HINT_NONE, rrset, KNOT_PF_FREE),
	                 KNOT_EOK);
	free(rrset);
}

/*! RDATA of a signature that covers a type. */
#define SIGNATURE(type, labels) { (type) >> 8, (type) & 0xff, 13, (labels), 0, 0, 0, 60, 0, 0, 0, 2, \
                                  0, 0, 0, 1, 0, 7, 2, 'z', 'z', 0, 0xaa }

static void put_signature(making_t *making, const char *owner, uint16_t type, uint8_t labels)
{
	const uint8_t rdata[] = SIGNATURE(type, labels);
	knot_rrset_t *rrset = make(owner, KNOT_RRTYPE_RRSIG, rdata, sizeof(rdata));
	ck_assert_int_eq(knot_pkt_put(making->answer.pkt, KNOT_COMPR_HINT_NONE, rrset, KNOT_PF_FREE),
	                 KNOT_EOK);
	free(rrset);
}

/*! Begins the answer to a question. */
static void begin(making_t *making, store_t *store, const char *name, uint16_t qtype)
{
	static const uint8_t soa[] = { 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5 };
	static const uint8_t sig[] = SIGNATURE(KNOT_RRTYPE_SOA, 1);
	memset(making, 0, sizeof(*making));
	making->zone.name = zone;
	making->types = (answer_types_t) {
		.all = { KNOT_RRTYPE_A, KNOT_RRTYPE_PTR, KNOT_RRTYPE_AAAA }, .count = 3,
	};
	answer_t *answer = &making->answer;
	*answer = (answer_t) {
		.zone = &making->zone, .store = store, .types = &making->types, .qtype = qtype,
		.name = (const knot_dname_t *)name, .pkt = knot_pkt_new(NULL, 4096, NULL),
	};
	knot_rrset_init(&answer->soa, (knot_dname_t *)zone, KNOT_RRTYPE_SOA, KNOT_CLASS_IN, 60);
	ck_assert_int_eq(knot_rrset_add_rdata(&answer->soa, soa, sizeof(soa), NULL), KNOT_EOK);
	knot_rrset_init(&answer->sigs, (knot_dname_t *)zone, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN, 60);
	ck_assert_int_eq(knot_rrset_add_rdata(&answer->sigs, sig, sizeof(sig), NULL), KNOT_EOK);
	ck_assert_int_eq(knot_pkt_put_question(answer->pkt, answer->name, KNOT_CLASS_IN, qtype), KNOT_EOK);
	ck_assert_int_eq(knot_pkt_begin(answer->pkt, KNOT_ANSWER), KNOT_EOK);
}

static void end(making_t *making)
{
	knot_rdataset_clear(&making->answer.soa.rrs, NULL);
	knot_rdataset_clear(&making->answer.sigs.rrs, NULL);
	knot_pkt_free(making->answer.pkt);
}

/*** Signatures. ***/

/*! Ends the answer. \return Whether something of it lacked a signature. */
static bool lacks(making_t *making)
{
	answer_kind_t kind = ANSWER_FOUND;
	const int ret = answer_section(&making->answer, &kind);
	const bool lack = making->answer.results[ONLINE_FAILED] > 0;
	ck_assert_int_eq(ret, lack ? KNOT_ERROR : KNOT_EOK);
	ck_assert_int_eq(kind, ANSWER_FOUND);
	end(making);
	return lack;
}

START_TEST(test_lacks)
{
	static const struct {
		const char *owner;
		uint16_t type;
		bool lacks;
	} cases[] = {
		{ "\x01""a\x02""zz", KNOT_RRTYPE_A, true },
		{ "\x01""A\x02""ZZ", KNOT_RRTYPE_A, true },
		{ "\x02""zz", KNOT_RRTYPE_A, true },
		{ "\x01""a\x02""yy", KNOT_RRTYPE_A, false },
		{ "\x01""a\x02""zz\x01""a", KNOT_RRTYPE_A, false },
		/* A KSK's matter at the apex, data elsewhere. */
		{ "\x02""zz", KNOT_RRTYPE_CDS, false },
		{ "\x02""ZZ", KNOT_RRTYPE_CDNSKEY, false },
		{ "\x02""zz", KNOT_RRTYPE_DNSKEY, false },
		{ "\x07""_dsboot\x02""zz", KNOT_RRTYPE_CDS, true },
		{ "\x07""_dsboot\x02""zz", KNOT_RRTYPE_CDNSKEY, true },
	};
	making_t making;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&making, NULL, "\x01""q\x02""zz", cases[i].type);
		put(&making, cases[i].owner, cases[i].type);
		ck_assert_msg(lacks(&making) == cases[i].lacks, "case %zu", i);
	}
}
END_TEST

/*! What has a signature gets no other one, unless it is that of a wildcard; a CNAME of a DNAME has none. */
START_TEST(test_signed)
{
	making_t making;
	begin(&making, NULL, "\x01""q\x02""zz", KNOT_RRTYPE_A);
	put(&making, "\x01""q\x02""zz", KNOT_RRTYPE_A);
	put_signature(&making, "\x01""q\x02""zz", KNOT_RRTYPE_A, 2);
	ck_assert(!lacks(&making));
	begin(&making, NULL, "\x01""q\x02""zz", KNOT_RRTYPE_A);
	put(&making, "\x01""q\x02""zz", KNOT_RRTYPE_A);
	put_signature(&making, "\x01""q\x02""zz", KNOT_RRTYPE_TXT, 2);
	ck_assert(lacks(&making));
	begin(&making, NULL, "\x01""q\x02""zz", KNOT_RRTYPE_A);
	put(&making, "\x01""q\x02""zz", KNOT_RRTYPE_A);
	put_signature(&making, "\x01""q\x02""zz", KNOT_RRTYPE_A, 1);
	ck_assert(lacks(&making));
	begin(&making, NULL, "\x01""q\x01""d\x02""zz", KNOT_RRTYPE_A);
	put(&making, "\x01""d\x02""zz", KNOT_RRTYPE_DNAME);
	put(&making, "\x01""q\x01""d\x02""zz", KNOT_RRTYPE_CNAME);
	put_signature(&making, "\x01""d\x02""zz", KNOT_RRTYPE_DNAME, 2);
	ck_assert(!lacks(&making));
	begin(&making, NULL, "\x01""q\x01""e\x02""zz", KNOT_RRTYPE_A);
	put(&making, "\x01""d\x02""zz", KNOT_RRTYPE_DNAME);
	put(&making, "\x01""q\x01""e\x02""zz", KNOT_RRTYPE_CNAME);
	put_signature(&making, "\x01""d\x02""zz", KNOT_RRTYPE_DNAME, 2);
	ck_assert(lacks(&making));
	/* Of what a wildcard has, nothing is left if only signatures are asked for. */
	answer_kind_t kind = ANSWER_FOUND;
	begin(&making, NULL, "\x01""q\x02""zz", KNOT_RRTYPE_RRSIG);
	put_signature(&making, "\x01""q\x02""zz", KNOT_RRTYPE_A, 1);
	ck_assert_int_eq(answer_section(&making.answer, &kind), KNOT_EOK);
	ck_assert_int_eq(kind, ANSWER_NODATA);
	ck_assert_uint_eq(making.answer.pkt->rrset_count, 0);
	end(&making);
}
END_TEST

/*! What no policy limits is cached no longer than what the zone has, its SOA; a shorter TTL stays. */
START_TEST(test_ttl)
{
	static const struct {
		uint32_t soa, signed_as;
	} cases[] = { { 30, 30 }, { 60, 60 }, { 3600, 60 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		making_t making;
		answer_kind_t kind = ANSWER_FOUND;
		begin(&making, NULL, "\x01""q\x02""zz", KNOT_RRTYPE_A);
		making.answer.soa.ttl = cases[i].soa;
		put(&making, "\x01""q\x02""zz", KNOT_RRTYPE_A);
		const knot_pkt_t *pkt = making.answer.pkt;
		const size_t a_record = 2 + 10 + 4; /* Owner by a pointer, head, address. */
		(void)answer_section(&making.answer, &kind);
		ck_assert_uint_eq(pkt->rr[0].ttl, cases[i].signed_as);
		ck_assert_uint_eq(knot_wire_read_u32(pkt->wire + pkt->size - a_record + 6), cases[i].signed_as);
		end(&making);
	}
}
END_TEST

/*** Denial. ***/

static void put_node(store_txn_t *txn, const char *owner, const uint16_t *types, size_t count)
{
	/* RDATA that is an address, or a text; a preference and the root, or the root alone. */
	static const uint8_t rdata[] = { 3, 1, 2, 3 }, root[] = { 0, 1, 0 };
	knot_rdataset_t sets[3] = { 0 };
	uint8_t key[NODE_KEY_MAX], stored[256] __attribute__((aligned(8)));
	node_t node = { 0 };
	for (size_t i = 0; i < count; i++) {
		const bool text = types[i] == KNOT_RRTYPE_A || types[i] == KNOT_RRTYPE_TXT;
		const size_t name = types[i] == KNOT_RRTYPE_MX ? 0 : 2;
		uint8_t room[16] __attribute__((aligned(2)));
		knot_rdata_init((knot_rdata_t *)room, text ? sizeof(rdata) : sizeof(root) - name,
		                text ? rdata : root + name);
		ck_assert_int_eq(knot_rdataset_add(&sets[i], (knot_rdata_t *)room, NULL), KNOT_EOK);
		ck_assert_int_eq(node_add(&node, &(node_rrset_t) {
			.type = types[i], .ttl = 60, .rrs = sets[i] }), KNOT_EOK);
	}
	const size_t size = node_size(&node);
	ck_assert_uint_le(size, sizeof(stored));
	node_write(&node, stored);
	const store_key_t at = { STORE_SIGNED, NODES, key, node_key((const knot_dname_t *)owner, key) };
	ck_assert_int_eq(store_put(txn, &at, stored, size), KNOT_EOK);
	node_deinit(&node);
	for (size_t i = 0; i < count; i++) {
		knot_rdataset_clear(&sets[i], NULL);
	}
}

/*! \return A store that has the zone; in the folder. */
static store_t *fill(const char *folder)
{
	char err[640];
	store_t *store = NULL;
	store_txn_t txn;
	state_t state = { 0 };
	ck_assert_msg(store_open(&store, folder, err, sizeof(err)) == KNOT_EOK, "%s", err);
	ck_assert_int_eq(store_write(store, &txn), KNOT_EOK);
	state.nodes = NODES;
	ck_assert_int_eq(state_save(&txn, zone, &state), KNOT_EOK);
	put_node(&txn, "\x01""a\x02""zz", (uint16_t[]) { KNOT_RRTYPE_A, KNOT_RRTYPE_TXT, 65280 }, 3);
	put_node(&txn, "\x01""c\x02""zz", (uint16_t[]) { KNOT_RRTYPE_NS, KNOT_RRTYPE_TXT }, 2);
	put_node(&txn, "\x01""l\x02""zz", (uint16_t[]) { KNOT_RRTYPE_CNAME }, 1);
	put_node(&txn, "\x01""*\x01""w\x02""zz", (uint16_t[]) { KNOT_RRTYPE_MX }, 1);
	ck_assert_int_eq(store_end(&txn, KNOT_EOK), KNOT_EOK);
	return store;
}

/*! A question, and the types that the NSEC record of its denial has beside RRSIG and NSEC. */
typedef struct {
	const char *name;
	uint16_t qtype;
	answer_kind_t kind;
	uint16_t types[8];
} denial_t;

static void check_types(const knot_rrset_t *nsec, const denial_t *denial)
{
	const uint8_t *bitmap = knot_nsec_bitmap(nsec->rrs.rdata);
	const uint16_t len = knot_nsec_bitmap_len(nsec->rrs.rdata);
	for (unsigned type = 0; type <= 0xffff; type++) {
		bool want = type == KNOT_RRTYPE_RRSIG || type == KNOT_RRTYPE_NSEC;
		for (size_t i = 0; i < sizeof(denial->types) / sizeof(denial->types[0]); i++) {
			want |= type != 0 && denial->types[i] == type;
		}
		if (dnssec_nsec_bitmap_contains(bitmap, len, type) != want) {
			ck_abort_msg("type %u, %s type %u", type, denial->name, denial->qtype);
		}
	}
}

START_TEST(test_types)
{
	static const denial_t denials[] = {
		{ "\x01""a\x02""zz", KNOT_RRTYPE_MX, ANSWER_NODATA,
		  { KNOT_RRTYPE_A, KNOT_RRTYPE_PTR, KNOT_RRTYPE_TXT, KNOT_RRTYPE_AAAA, 65280 } },
		{ "\x01""A\x02""ZZ", KNOT_RRTYPE_AAAA, ANSWER_NODATA,
		  { KNOT_RRTYPE_A, KNOT_RRTYPE_PTR, KNOT_RRTYPE_TXT, 65280 } },
		/* A version of the store that has what knotd's does not have yet. */
		{ "\x01""a\x02""zz", KNOT_RRTYPE_TXT, ANSWER_NODATA,
		  { KNOT_RRTYPE_A, KNOT_RRTYPE_PTR, KNOT_RRTYPE_AAAA, 65280 } },
		{ "\x01""l\x02""zz", KNOT_RRTYPE_TXT, ANSWER_NODATA, { 0 } },
		{ "\x01""c\x02""zz", KNOT_RRTYPE_TXT, ANSWER_NODATA, { 0 } },
		/* Of a delegation what is the parent's. */
		{ "\x01""c\x02""zz", KNOT_RRTYPE_DS, ANSWER_NODATA, { KNOT_RRTYPE_NS } },
		/* A wildcard, names below, and a module's name. */
		{ "\x01""x\x01""w\x02""zz", KNOT_RRTYPE_A, ANSWER_NODATA,
		  { KNOT_RRTYPE_MX, KNOT_RRTYPE_PTR, KNOT_RRTYPE_AAAA } },
		{ "\x01""w\x02""zz", KNOT_RRTYPE_A, ANSWER_NODATA, { KNOT_RRTYPE_PTR, KNOT_RRTYPE_AAAA } },
		{ "\x01""m\x02""zz", KNOT_RRTYPE_PTR, ANSWER_NODATA, { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA } },
		{ "\x01""m\x02""zz", KNOT_RRTYPE_A, ANSWER_MISSING, { COMPACT_NXNAME } },
	};
	char folder[] = "/tmp/test-answer.XXXXXX", command[64];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	store_t *store = fill(folder);
	making_t making;
	for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++) {
		begin(&making, store, denials[i].name, denials[i].qtype);
		ck_assert_int_eq(knot_pkt_begin(making.answer.pkt, KNOT_AUTHORITY), KNOT_EOK);
		ck_assert_int_eq(answer_authority(&making.answer, denials[i].kind), KNOT_ERROR);
		/* SOA, its signature, NSEC; that one's signature cannot be had. */
		const knot_pkt_t *pkt = making.answer.pkt;
		ck_assert_uint_eq(pkt->rrset_count, 3);
		ck_assert_uint_eq(pkt->rr[2].type, KNOT_RRTYPE_NSEC);
		ck_assert_uint_eq(pkt->rr[2].ttl, 5);
		check_types(&pkt->rr[2], &denials[i]);
		end(&making);
	}
	store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tests = tcase_create("answer");
	tcase_add_test(tests, test_lacks);
	tcase_add_test(tests, test_signed);
	tcase_add_test(tests, test_ttl);
	tcase_add_test(tests, test_types);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
