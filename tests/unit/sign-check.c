/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/sign-check.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/nsec.h>
#include <libdnssec/keytag.h>
#include <libknot/libknot.h>

#include "module/denial/chain.h"

typedef struct {
	knot_dname_storage_t owner;
	node_t node;
	enum { EMPTY, DATA, DELEGATION, GLUE } kind;
} name_t;

/*! An entry that there should be. */
typedef struct {
	uint8_t key[NODE_KEY_MAX];
	size_t key_len;
	const name_t *name;
} wanted_t;

typedef struct {
	subject_t *subject;
	store_txn_t txn;
	name_t *names;
	size_t count;
	wanted_t *wanted;
	size_t wanted_count;
	const node_rrset_t *dnskey;
} check_t;

static bool is_apex(const name_t *name)
{
	return knot_dname_is_equal(name->owner, subject_zone);
}

static bool cuts(const name_t *name)
{
	return (!is_apex(name) && node_rrset(&name->node, KNOT_RRTYPE_NS) != NULL) ||
	       node_rrset(&name->node, KNOT_RRTYPE_DNAME) != NULL;
}

/*! Room for one more, and for as many again each time that this is full. */
static void *grow(void *list, size_t count, size_t size)
{
	const bool full = (count & (count - 1)) == 0;
	return full ? realloc(list, (count > 0 ? 2 * count : 1) * size) : list;
}

static void read_names(check_t *check)
{
	store_cursor_t cursor;
	const uint32_t id = check->subject->state.nodes;
	ck_assert_int_eq(store_cursor(&check->txn, STORE_SIGNED, id, &cursor), KNOT_EOK);
	while (store_next(&cursor) == KNOT_EOK) {
		check->names = grow(check->names, check->count, sizeof(name_t));
		name_t *name = &check->names[check->count++];
		memset(name, 0, sizeof(*name));
		ck_assert_uint_gt(node_key_owner(cursor.key, cursor.key_len, name->owner), 0);
		ck_assert_int_eq(node_read(cursor.data, cursor.data_len, &name->node), KNOT_EOK);
		ck_assert_uint_gt(name->node.count, 0);
	}
	store_cursor_close(&cursor);
	const name_t *cut = NULL;
	for (size_t i = 0; i < check->count; i++) {
		name_t *name = &check->names[i];
		if (cut != NULL && knot_dname_in_bailiwick(name->owner, cut->owner) > 0) {
			name->kind = GLUE;
			continue;
		}
		bool delegated = !is_apex(name) &&
		                 node_rrset(&name->node, KNOT_RRTYPE_NS) != NULL;
		name->kind = delegated ? DELEGATION : DATA;
		cut = cuts(name) ? name : cut;
		if (is_apex(name)) {
			check->dnskey = node_rrset(&name->node, KNOT_RRTYPE_DNSKEY);
		}
	}
	ck_assert_ptr_nonnull(check->dnskey);
}

/*** The chain. ***/

static size_t make_key(const state_chain_t *chain, const knot_dname_t *owner, uint8_t *key)
{
	if (!chain->nsec3) {
		return node_key(owner, key);
	}
	const dnssec_binary_t data = { knot_dname_size(owner), (uint8_t *)owner };
	const dnssec_nsec3_params_t params = {
		.algorithm = 1, .iterations = chain->iterations,
		.salt = { chain->salt_len, (uint8_t *)chain->salt },
	};
	dnssec_binary_t hash = { 0 };
	ck_assert_int_eq(dnssec_nsec3_hash(&data, &params, &hash), 0);
	memcpy(key, hash.data, hash.size);
	const size_t len = hash.size;
	dnssec_binary_free(&hash);
	return len;
}

static void want(check_t *check, const knot_dname_t *owner, const name_t *name)
{
	uint8_t key[NODE_KEY_MAX];
	const size_t len = make_key(&check->subject->state.chain, owner, key);
	check->wanted = grow(check->wanted, check->wanted_count, sizeof(wanted_t));
	wanted_t *fresh = &check->wanted[check->wanted_count++];
	memcpy(fresh->key, key, len);
	fresh->key_len = len;
	fresh->name = name;
}

static int compare_wanted(const void *a, const void *b)
{
	const wanted_t *left = a, *right = b;
	int ret = node_key_compare(left->key, left->key_len, right->key, right->key_len);
	return ret != 0 ? ret : (left->name == NULL) - (right->name == NULL);
}

static void find_wanted(check_t *check)
{
	const state_chain_t *chain = &check->subject->state.chain;
	for (size_t i = 0; i < check->count; i++) {
		const name_t *name = &check->names[i];
		bool out = chain->nsec3 && chain->optout && name->kind == DELEGATION &&
		           node_rrset(&name->node, KNOT_RRTYPE_DS) == NULL;
		if (name->kind == GLUE || out) {
			continue;
		}
		want(check, name->owner, name);
		for (const knot_dname_t *up = name->owner;
		     chain->nsec3 && !knot_dname_is_equal(up, subject_zone);
		     up = knot_wire_next_label(up, up)) {
			want(check, up, NULL);
		}
	}
	qsort(check->wanted, check->wanted_count, sizeof(wanted_t), compare_wanted);
	size_t count = 0;
	for (size_t i = 0; i < check->wanted_count; i++) {
		const wanted_t *wanted = &check->wanted[i];
		const wanted_t *last = count > 0 ? &check->wanted[count - 1] : NULL;
		if (last == NULL || last->key_len != wanted->key_len ||
		    memcmp(last->key, wanted->key, wanted->key_len) != 0) {
			check->wanted[count++] = *wanted;
		}
	}
	check->wanted_count = count;
}

/*! Whether an entry should have a type. */
static bool has_type(const check_t *check, const name_t *name, uint16_t type)
{
	const bool nsec3 = check->subject->state.chain.nsec3;
	if (type == KNOT_RRTYPE_NSEC) {
		return !nsec3;
	}
	if (name == NULL) {
		return false;
	}
	if (type == KNOT_RRTYPE_RRSIG) {
		return !nsec3 || name->kind == DATA ||
		       node_rrset(&name->node, KNOT_RRTYPE_DS) != NULL;
	}
	return node_rrset(&name->node, type) != NULL &&
	       (name->kind == DATA || type == KNOT_RRTYPE_NS || type == KNOT_RRTYPE_DS);
}

static void check_entry(const check_t *check, const wanted_t *wanted, const wanted_t *next,
                        const chain_entry_t *entry)
{
	const state_chain_t *chain = &check->subject->state.chain;
	const node_rrset_t *rrset = &entry->node.rrsets[0];
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	size_t head;
	ck_assert_uint_eq(entry->node.count, 1);
	ck_assert_uint_eq(rrset->rrs.count, 1);
	ck_assert_uint_eq(rrset->ttl, 200);
	ck_assert_uint_eq(rrset->type, chain->nsec3 ? KNOT_RRTYPE_NSEC3 : KNOT_RRTYPE_NSEC);
	if (chain->nsec3) {
		head = 5 + chain->salt_len + 1 + 20;
		const uint8_t begin[5] = { 1, chain->optout, chain->iterations >> 8,
			                   chain->iterations & 255, chain->salt_len };
		ck_assert_mem_eq(rdata->data, begin, 5);
		ck_assert_mem_eq(rdata->data + 5, chain->salt, chain->salt_len);
		ck_assert_uint_eq(rdata->data[5 + chain->salt_len], 20);
		ck_assert_mem_eq(rdata->data + head - 20, next->key, 20);
	} else {
		knot_dname_storage_t owner;
		head = node_key_owner(next->key, next->key_len, owner);
		ck_assert_mem_eq(rdata->data, owner, head);
	}
	for (unsigned type = 1; type < 300; type++) {
		if (dnssec_nsec_bitmap_contains(rdata->data + head, rdata->len - head, type) !=
		    has_type(check, wanted->name, type)) {
			ck_abort_msg("type %u", type); /* An assertion that holds takes its time. */
		}
	}
}

static void check_signatures(const check_t *check, const node_rrset_t *rrset);

static void check_chain(check_t *check)
{
	const state_chain_t *chain = &check->subject->state.chain;
	store_cursor_t cursor;
	size_t i = 0;
	ck_assert_int_eq(store_cursor(&check->txn, STORE_CHAIN, chain->id, &cursor), KNOT_EOK);
	for (; store_next(&cursor) == KNOT_EOK; i++) {
		chain_entry_t entry;
		ck_assert_uint_lt(i, check->wanted_count);
		const wanted_t *wanted = &check->wanted[i];
		ck_assert_uint_eq(cursor.key_len, wanted->key_len);
		ck_assert_mem_eq(cursor.key, wanted->key, wanted->key_len);
		ck_assert_int_eq(entry_read(chain, cursor.data, cursor.data_len, &entry), KNOT_EOK);
		check_entry(check, wanted, &check->wanted[(i + 1) % check->wanted_count], &entry);
		check_signatures(check, &entry.node.rrsets[0]);
		node_deinit(&entry.node);
	}
	ck_assert_uint_eq(i, check->wanted_count);
	store_cursor_close(&cursor);
}

/*** Signatures. ***/

static bool is_published(const check_t *check, const knot_rdata_t *sig)
{
	knot_rdata_t *key = check->dnskey->rrs.rdata;
	for (uint16_t i = 0; i < check->dnskey->rrs.count; i++, key = knot_rdataset_next(key)) {
		const dnssec_binary_t wire = { key->len, key->data };
		uint16_t tag = 0;
		ck_assert_int_eq(dnssec_keytag(&wire, &tag), 0);
		if (tag == knot_rrsig_key_tag(sig) && knot_dnskey_alg(key) == knot_rrsig_alg(sig)) {
			return true;
		}
	}
	return false;
}

static void check_signatures(const check_t *check, const node_rrset_t *rrset)
{
	knot_rdata_t *key = check->dnskey->rrs.rdata;
	for (uint16_t i = 0; i < check->dnskey->rrs.count; i++, key = knot_rdataset_next(key)) {
		knot_rdata_t *sig = rrset->sigs.rdata;
		bool found = false;
		for (uint16_t n = 0; n < rrset->sigs.count; n++, sig = knot_rdataset_next(sig)) {
			ck_assert_uint_eq(knot_rrsig_type_covered(sig), rrset->type);
			found |= knot_rrsig_alg(sig) == knot_dnskey_alg(key) &&
			         is_published(check, sig);
		}
		ck_assert_msg(found, "version %llu: type %u, with %u signatures, is not signed by a "
		              "published key of algorithm %u",
		              (unsigned long long)check->subject->state.version, rrset->type,
		              rrset->sigs.count, knot_dnskey_alg(key));
	}
}

static void check_name(const check_t *check, const name_t *name)
{
	const state_chain_t *chain = &check->subject->state.chain;
	ck_assert(!is_apex(name) ||
	          (node_rrset(&name->node, KNOT_RRTYPE_NSEC3PARAM) != NULL) == chain->nsec3);
	for (uint16_t i = 0; i < name->node.count; i++) {
		const node_rrset_t *rrset = &name->node.rrsets[i];
		if (name->kind == DATA ||
		    (name->kind == DELEGATION && rrset->type == KNOT_RRTYPE_DS)) {
			check_signatures(check, rrset);
		} else {
			ck_assert_uint_eq(rrset->sigs.count, 0);
		}
	}
}

void check_version(subject_t *subject)
{
	check_t check = { .subject = subject };
	ck_assert_int_eq(store_read(subject->store, &check.txn), KNOT_EOK);
	read_names(&check);
	find_wanted(&check);
	check_chain(&check);
	for (size_t i = 0; i < check.count; i++) {
		check_name(&check, &check.names[i]);
	}
	for (size_t i = 0; i < check.count; i++) {
		node_deinit(&check.names[i].node);
	}
	free(check.names);
	free(check.wanted);
	store_abort(&check.txn);
}
