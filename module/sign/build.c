/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/build.h"

#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/keytag.h>
#include <libdnssec/random.h>
#include <libknot/libknot.h>

#include "module/rr/cds.h"
#include "module/rr/soa.h"

void build_init(build_t *build, const knot_dname_t *apex, const keyring_t *ring,
                const state_t *state, const clock_span_t *now)
{
	memset(build, 0, sizeof(*build));
	build->apex = apex;
	build->ring = ring;
	build->state = state;
	build->from = now->from;
	build->now = now->to;
	build->random = dnssec_random_uint32_t();
}

void build_redo(build_t *build, bool renew, uint32_t due_by)
{
	build->renew = renew;
	build->due_by = due_by;
}

void build_deinit(build_t *build)
{
	arena_free(&build->scratch);
	free(build->jobs);
	memset(build, 0, sizeof(*build));
}

void build_node_deinit(build_node_t *bn)
{
	node_deinit(&bn->input);
	node_deinit(&bn->old);
	node_deinit(&bn->published);
	node_deinit(&bn->node);
}

/*** Records of the signer's own. ***/

#define RDATA_MAX 512 /* Octets of RDATA made here, at most, but for DNSKEY: NSEC3PARAM has 260. */

static void *arena_mm_alloc(void *ctx, size_t size)
{
	return arena_alloc(ctx, size);
}

static knot_mm_t arena_mm(arena_t *arena)
{
	return (knot_mm_t) { .ctx = arena, .alloc = arena_mm_alloc };
}

static int set_soa(build_t *build, build_node_t *bn)
{
	node_rrset_t *soa = node_rrset(&bn->node, KNOT_RRTYPE_SOA);
	if (soa == NULL || soa->rrs.count != 1 || !soa_is_whole(soa->rrs.rdata)) {
		return KNOT_ESOAINVAL;
	}
	knot_rdata_t *rdata = arena_copy(&build->scratch, soa->rrs.rdata, soa->rrs.size);
	if (rdata == NULL) {
		return KNOT_ENOMEM;
	}
	knot_soa_serial_set(rdata, build->serial);
	soa->rrs.rdata = rdata;
	if (!build->ring->set.passthrough) {
		soa_minimum_set(rdata, build->ring->set.soa_minimum);
		soa->ttl = build->ring->set.soa_ttl;
	}
	return KNOT_EOK;
}

/*! Tells whether a published DNSKEY is still needed, for signatures that are not replaced yet. */
static bool is_held(const build_t *build, const knot_rdata_t *rdata)
{
	const uint8_t algorithm = rdata->data[3];
	const dnssec_binary_t wire = { .data = (uint8_t *)rdata->data, .size = rdata->len };
	const keyset_t *set = &build->ring->set;
	uint16_t keytag = 0;
	if (!build->partly || keyset_has_bundle(set) || dnssec_keytag(&wire, &keytag) != DNSSEC_EOK) {
		return false;
	}
	uint64_t signatures = 0;
	for (uint32_t i = 0; i < build->state->key_count; i++) {
		const state_key_t *key = &build->state->keys[i];
		if (key->algorithm == algorithm && key->keytag == keytag) {
			signatures = key->signatures;
		}
	}
	if (signatures == 0) {
		return false;
	}
	/* When an algorithm leaves, its DNSKEYs go first. */
	for (size_t i = 0; i < set->key_count; i++) {
		const keyset_key_t *other = &set->keys[i];
		if (other->sign_zone && other->publish && other->algorithm == algorithm) {
			return true;
		}
	}
	return false;
}

static int add_own_dnskeys(build_t *build, build_node_t *bn, knot_rdataset_t *rrs, knot_mm_t *mm)
{
	const keyring_t *ring = build->ring;
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < ring->set.key_count; i++) {
		const keyring_key_t *key = &ring->keys[i];
		if (key->info->publish && signatures_withheld(build, key)) {
			build->held = true;
		} else if (key->info->publish) {
			ret = knot_rdataset_add(rrs, key->rdata, mm);
		}
	}
	const node_rrset_t *old = node_rrset(&bn->old, KNOT_RRTYPE_DNSKEY);
	const knot_rdata_t *rdata = old != NULL ? old->rrs.rdata : NULL;
	for (uint16_t i = 0; ret == KNOT_EOK && old != NULL && i < old->rrs.count; i++) {
		if (!knot_rdataset_member(rrs, rdata) && is_held(build, rdata)) {
			build->held = true;
			ret = knot_rdataset_add(rrs, rdata, mm);
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return ret;
}

/*!
 * Takes the CDS or CDNSKEYs of other operators, if the input has some, from the node into an RRset;
 * only those of keys that the zone has: keys come and go after such a record has come in.
 */
static int take_foreign_cds(build_t *build, build_node_t *bn, node_rrset_t *rrset, knot_mm_t *mm)
{
	const uint16_t type = rrset->type;
	const node_rrset_t *foreign = node_rrset(&bn->node, type);
	const node_rrset_t *dnskey = node_rrset(&bn->node, KNOT_RRTYPE_DNSKEY);
	const knot_rdata_t *rdata = foreign != NULL ? foreign->rrs.rdata : NULL;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && foreign != NULL && i < foreign->rrs.count; i++) {
		if (dnskey != NULL && cds_fits(build->apex, type, rdata, &dnskey->rrs)) {
			ret = knot_rdataset_add(&rrset->rrs, rdata, mm);
		} else {
			build->unfit = type;
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	node_drop(&bn->node, type);
	return ret;
}

/*! Tells whether all of the zone is signed with an algorithm, as a DNSKEY of it promises. */
static bool is_published(const build_t *build, uint8_t algorithm)
{
	for (size_t i = 0; i < build->ring->set.key_count; i++) {
		const keyring_key_t *key = &build->ring->keys[i];
		if (key->info->publish && key->info->sign_zone &&
		    key->info->algorithm == algorithm && !signatures_withheld(build, key)) {
			return true;
		}
	}
	return false;
}

/*! Takes the keys of other operators that the input has (RFC 8901). */
static int add_foreign_dnskeys(build_t *build, build_node_t *bn, knot_rdataset_t *rrs,
                               knot_mm_t *mm)
{
	const node_rrset_t *foreign = node_rrset(&bn->node, KNOT_RRTYPE_DNSKEY);
	const knot_rdata_t *rdata = foreign != NULL ? foreign->rrs.rdata : NULL;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && foreign != NULL && i < foreign->rrs.count; i++) {
		const uint8_t algorithm = rdata->len > 3 ? rdata->data[3] : 0;
		if (is_published(build, algorithm)) {
			ret = knot_rdataset_add(rrs, rdata, mm);
		} else {
			build->left_out = algorithm;
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	node_drop(&bn->node, KNOT_RRTYPE_DNSKEY);
	return ret;
}

/*! Publishes the key set's keys beside those of other operators. */
static int set_dnskey(build_t *build, build_node_t *bn)
{
	knot_mm_t mm = arena_mm(&build->scratch);
	node_rrset_t dnskey = {
		.type = KNOT_RRTYPE_DNSKEY, .ttl = build->ring->set.dnskey_ttl
	};
	int ret = add_foreign_dnskeys(build, bn, &dnskey.rrs, &mm);
	if (ret == KNOT_EOK) {
		ret = add_own_dnskeys(build, bn, &dnskey.rrs, &mm);
	}
	return ret == KNOT_EOK && dnskey.rrs.count > 0 ? node_add(&bn->node, &dnskey) : ret;
}

static int add_rdata(knot_rdataset_t *rrs, const uint8_t *data, uint16_t len, knot_mm_t *mm)
{
	uint16_t buffer[RDATA_MAX / 2 + 1];
	knot_rdata_t *rdata = (knot_rdata_t *)buffer;
	knot_rdata_init(rdata, len, data);
	return knot_rdataset_add(rrs, rdata, mm);
}

static int add_cds(const keyring_key_t *key, dnssec_key_digest_t digest, knot_rdataset_t *cds,
                   knot_mm_t *mm)
{
	dnssec_binary_t ds = { 0 };
	if (dnssec_key_create_ds(key->dnskey, digest, &ds) != DNSSEC_EOK) {
		return KNOT_ENOMEM;
	}
	int ret = add_rdata(cds, ds.data, ds.size, mm);
	dnssec_binary_free(&ds);
	return ret;
}

/*! Adds what the parent is to know of a key, as the policy has it. */
static int add_key_cds(const keyring_key_t *key, const keyset_cds_t *wanted, knot_rdataset_t *cds,
                       knot_rdataset_t *cdnskey, knot_mm_t *mm)
{
	int ret = KNOT_EOK;
	if (wanted->sha256) {
		ret = add_cds(key, DNSSEC_KEY_DIGEST_SHA256, cds, mm);
	}
	if (ret == KNOT_EOK && wanted->sha384) {
		ret = add_cds(key, DNSSEC_KEY_DIGEST_SHA384, cds, mm);
	}
	return ret == KNOT_EOK && wanted->cdnskey ? knot_rdataset_add(cdnskey, key->rdata, mm) : ret;
}

/*! Sets CDS or CDNSKEY as they were signed ahead. */
static int give(build_t *build, build_node_t *bn, uint16_t type)
{
	const given_rrset_t *given = given_find(&build->ring->given, type);
	node_drop(&bn->node, type);
	return given == NULL ? KNOT_EOK : node_add(&bn->node, &(node_rrset_t) {
		.type = type, .ttl = given->ttl, .rrs = given->rrs
	});
}

/*! Sets CDS and CDNSKEY (RFC 7344), beside those of other operators; or those that say "no DS". */
static int set_cds(build_t *build, build_node_t *bn)
{
	static const uint8_t no_ds[] = { 0, 0, 0, 0, 0 }, no_key[] = { 0, 0, 3, 0, 0 };
	const keyring_t *ring = build->ring;
	const keyset_cds_t *wanted = &ring->set.cds;
	knot_mm_t mm = arena_mm(&build->scratch);
	node_rrset_t cds = { .type = KNOT_RRTYPE_CDS, .ttl = ring->set.dnskey_ttl };
	node_rrset_t cdnskey = { .type = KNOT_RRTYPE_CDNSKEY, .ttl = ring->set.dnskey_ttl };
	if (keyset_has_bundle(&ring->set)) {
		const int given = give(build, bn, KNOT_RRTYPE_CDS);
		return given == KNOT_EOK ? give(build, bn, KNOT_RRTYPE_CDNSKEY) : given;
	}
	int ret = take_foreign_cds(build, bn, &cds, &mm);
	if (ret == KNOT_EOK) {
		ret = take_foreign_cds(build, bn, &cdnskey, &mm);
	}
	if (ret == KNOT_EOK && ring->set.cds_delete) {
		memset(&cds.rrs, 0, sizeof(cds.rrs));
		memset(&cdnskey.rrs, 0, sizeof(cdnskey.rrs));
		ret = add_rdata(&cds.rrs, no_ds, sizeof(no_ds), &mm);
		ret = ret == KNOT_EOK ? add_rdata(&cdnskey.rrs, no_key, sizeof(no_key), &mm) : ret;
	}
	for (size_t i = 0; ret == KNOT_EOK && i < ring->set.key_count; i++) {
		const keyring_key_t *key = &ring->keys[i];
		if (key->info->cds && !ring->set.cds_delete && !signatures_withheld(build, key)) {
			ret = add_key_cds(key, wanted, &cds.rrs, &cdnskey.rrs, &mm);
		}
	}
	if (ret == KNOT_EOK && cds.rrs.count > 0 && (wanted->sha256 || wanted->sha384)) {
		ret = node_add(&bn->node, &cds);
	}
	const bool has_cdnskey = cdnskey.rrs.count > 0 && wanted->cdnskey;
	return ret == KNOT_EOK && has_cdnskey ? node_add(&bn->node, &cdnskey) : ret;
}

/*! Sets NSEC3PARAM (RFC 5155, section 4): from it a server knows the chain. */
static int set_nsec3param(build_t *build, build_node_t *bn, const state_chain_t *chain)
{
	uint8_t data[5 + 255] = { 1, 0, chain->iterations >> 8, chain->iterations & 0xff,
		                  chain->salt_len };
	knot_mm_t mm = arena_mm(&build->scratch);
	node_rrset_t param = {
		.type = KNOT_RRTYPE_NSEC3PARAM, .ttl = build->ring->set.nsec3_ttl
	};
	memcpy(data + 5, chain->salt, chain->salt_len);
	int ret = add_rdata(&param.rrs, data, 5 + chain->salt_len, &mm);
	return ret == KNOT_EOK ? node_add(&bn->node, &param) : ret;
}

/*! Sets a ZONEMD (RFC 8976) of this serial; the digest of a new one is made when all else is. */
static int set_zonemd(build_t *build, build_node_t *bn)
{
	/* Scheme SIMPLE, hash SHA-384. */
	uint8_t data[ZONEMD_HEAD_LEN + ZONEMD_DIGEST_LEN] = { 0, 0, 0, 0, 1, 1 };
	knot_mm_t mm = arena_mm(&build->scratch);
	node_rrset_t zonemd = { .type = KNOT_RRTYPE_ZONEMD, .ttl = build->ring->set.soa_ttl };
	const node_rrset_t *old = node_rrset(&bn->old, KNOT_RRTYPE_ZONEMD);
	knot_wire_write_u32(data, build->serial);
	if (old != NULL && old->rrs.rdata->len == sizeof(data) &&
	    memcmp(old->rrs.rdata->data, data, ZONEMD_HEAD_LEN) == 0) {
		memcpy(data, old->rrs.rdata->data, sizeof(data));
	}
	int ret = add_rdata(&zonemd.rrs, data, sizeof(data), &mm);
	return ret == KNOT_EOK ? node_add(&bn->node, &zonemd) : ret;
}

static int set_apex(build_t *build, build_node_t *bn, const state_chain_t *chain)
{
	int ret = set_soa(build, bn);
	if (ret != KNOT_EOK || build->ring->set.passthrough) {
		return ret;
	}
	ret = set_dnskey(build, bn);
	if (ret == KNOT_EOK) {
		ret = set_cds(build, bn);
	}
	if (ret == KNOT_EOK && build->ring->set.zonemd) {
		ret = set_zonemd(build, bn);
	}
	return ret == KNOT_EOK && chain->nsec3 ? set_nsec3param(build, bn, chain) : ret;
}

/*** A node. ***/

static bool to_be_signed(const build_t *build, const build_node_t *bn, uint16_t type)
{
	return !build->ring->set.passthrough &&
	       (bn->kind == KIND_AUTH ||
	        (bn->kind == KIND_DELEGATION && type == KNOT_RRTYPE_DS));
}

bool build_same(const node_rrset_t *a, const node_rrset_t *b)
{
	return b != NULL && a->ttl == b->ttl && knot_rdataset_eq(&a->rrs, &b->rrs);
}

/*! Signs an RRset of the node, and sees whether it changes. */
static int make_rrset(build_t *build, build_node_t *bn, node_rrset_t *rrset)
{
	const node_rrset_t *old = node_rrset(&bn->old, rrset->type);
	const node_rrset_t *published = node_rrset(&bn->published, rrset->type);
	const bool same = build_same(rrset, old);
	int ret = KNOT_EOK;
	if (to_be_signed(build, bn, rrset->type)) {
		const node_rrset_t *from = same ? old :
		                           build_same(rrset, published) ? published : NULL;
		ret = signatures_make(build, bn->owner, rrset, from, &bn->expiry);
	}
	bn->changed |= !same || rrset->sigs.count != old->sigs.count ||
	               !signatures_has_given(build, bn->owner, old);
	return ret;
}

/*! Notes an RRset with a lower TTL than the input has, if it is not published so already. */
static void note_capped(build_t *build, const build_node_t *bn, const node_rrset_t *input,
                        uint32_t ttl)
{
	const node_rrset_t *old = node_rrset(&bn->old, input->type);
	const node_rrset_t *published = node_rrset(&bn->published, input->type);
	if ((old != NULL && old->ttl == ttl) || (published != NULL && published->ttl == ttl)) {
		return;
	}
	if (build->capped.count++ == 0) {
		memcpy(build->capped.owner, bn->owner, knot_dname_size(bn->owner));
		build->capped.ttl = input->ttl;
		build->capped.type = input->type;
	}
}

/*! Takes an RRset of the input, with a TTL of at most MaxZoneTTL; some types get their own TTL. */
static int take_input(build_t *build, build_node_t *bn, const node_rrset_t *input, bool apex)
{
	const keyset_t *set = &build->ring->set;
	node_rrset_t rrset = *input;
	if (!set->passthrough && set->max_zone_ttl > 0 && rrset.ttl > set->max_zone_ttl &&
	    !(apex && (rrset.type == KNOT_RRTYPE_SOA || signatures_by_ksk(rrset.type, apex)))) {
		rrset.ttl = set->max_zone_ttl;
		note_capped(build, bn, input, rrset.ttl);
	}
	return node_add(&bn->node, &rrset);
}

int build_node(build_t *build, build_node_t *bn, const state_chain_t *chain)
{
	const size_t jobs = build->job_count;
	const bool apex = knot_dname_is_equal(bn->owner, build->apex);
	int ret = KNOT_EOK;
	bn->expiry = 0;
	for (uint16_t i = 0; ret == KNOT_EOK && i < bn->input.count; i++) {
		const node_rrset_t *rrset = &bn->input.rrsets[i];
		const uint8_t stray =
			build->ring->set.passthrough ? 0 : node_by_signer(rrset->type);
		build->strays |= stray;
		ret = stray == 0 ? take_input(build, bn, rrset, apex) : KNOT_EOK;
	}
	if (ret == KNOT_EOK && apex) {
		ret = set_apex(build, bn, chain);
	}
	bn->changed = bn->node.count != bn->old.count;
	for (uint16_t i = 0; ret == KNOT_EOK && i < bn->node.count; i++) {
		if (bn->node.rrsets[i].type != KNOT_RRTYPE_ZONEMD) {
			ret = make_rrset(build, bn, &bn->node.rrsets[i]);
		}
	}
	node_rrset_t *zonemd = node_rrset(&bn->node, KNOT_RRTYPE_ZONEMD);
	if (ret == KNOT_EOK && zonemd != NULL) {
		ret = make_rrset(build, bn, zonemd);
	}
	bn->changed |= build->job_count > jobs;
	return ret;
}
