/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/build.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/random.h>
#include <libknot/libknot.h>

int build_init(build_t *build, const knot_dname_t *apex, const keyring_t *ring, uint32_t now)
{
	memset(build, 0, sizeof(*build));
	build->apex = apex;
	build->ring = ring;
	build->now = now;
	build->random = dnssec_random_uint32_t();
	build->bitmap = dnssec_nsec_bitmap_new();
	return build->bitmap != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

void build_deinit(build_t *build)
{
	dnssec_nsec_bitmap_free(build->bitmap);
	arena_free(&build->scratch);
	free(build->jobs);
	memset(build, 0, sizeof(*build));
}

void build_node_deinit(build_node_t *bn)
{
	node_deinit(&bn->input);
	node_deinit(&bn->old);
	node_deinit(&bn->node);
}

int build_keep(build_t *build, build_node_t *bn, size_t first_job, arena_t *arena, uint8_t **stored)
{
	*stored = arena_alloc(arena, node_size(&bn->node));
	if (*stored == NULL) {
		return KNOT_ENOMEM;
	}
	for (size_t i = first_job; i < build->job_count; i++) {
		/* Places become offsets, since what they are in moves. */
		rrsig_job_t *job = &build->jobs[i];
		const node_rrset_t *rrset = node_rrset(&bn->node, job->type);
		job->offset = (uint8_t *)job->rdata - (uint8_t *)rrset->sigs.rdata;
	}
	node_write(&bn->node, *stored);
	for (size_t i = first_job; i < build->job_count; i++) {
		rrsig_job_t *job = &build->jobs[i];
		const node_rrset_t *rrset = node_rrset(&bn->node, job->type);
		job->owner = bn->owner;
		job->rrs = rrset->rrs;
		job->rdata = (knot_rdata_t *)((uint8_t *)rrset->sigs.rdata + job->offset);
	}
	return KNOT_EOK;
}

build_kind_t build_kind(const node_t *input, bool apex)
{
	if (input->count == 0) {
		return BUILD_NONE;
	}
	return (!apex && node_rrset(input, KNOT_RRTYPE_NS) != NULL) ? BUILD_DELEGATION : BUILD_AUTH;
}

bool build_cuts(const node_t *input, bool apex)
{
	return build_kind(input, apex) == BUILD_DELEGATION ||
	       node_rrset(input, KNOT_RRTYPE_DNAME) != NULL;
}

/*** Records of the signer's own. ***/

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
	if (soa == NULL || soa->rrs.count != 1 || soa->rrs.rdata->len < 22) {
		return KNOT_ESOAINVAL;
	}
	if (build->ring->set.passthrough) {
		return KNOT_EOK;
	}
	knot_rdata_t *rdata = arena_copy(&build->scratch, soa->rrs.rdata, soa->rrs.size);
	if (rdata == NULL) {
		return KNOT_ENOMEM;
	}
	uint32_t serial = htonl(build->serial), minimum = htonl(build->ring->set.soa_minimum);
	memcpy(rdata->data + rdata->len - 20, &serial, sizeof(serial));
	memcpy(rdata->data + rdata->len - 4, &minimum, sizeof(minimum));
	soa->rrs.rdata = rdata;
	soa->ttl = build->ring->set.soa_ttl;
	return KNOT_EOK;
}

/*! Publishes the key set's keys beside those that the input has of its own (RFC 8901). */
static int set_dnskey(build_t *build, build_node_t *bn)
{
	const keyring_t *ring = build->ring;
	knot_mm_t mm = arena_mm(&build->scratch);
	node_rrset_t dnskey = { .type = KNOT_RRTYPE_DNSKEY, .ttl = ring->set.dnskey_ttl };
	const node_rrset_t *foreign = node_rrset(&bn->node, KNOT_RRTYPE_DNSKEY);
	int ret = KNOT_EOK;
	if (foreign != NULL) {
		ret = knot_rdataset_copy(&dnskey.rrs, &foreign->rrs, &mm);
		node_drop(&bn->node, KNOT_RRTYPE_DNSKEY);
	}
	for (size_t i = 0; ret == KNOT_EOK && i < ring->set.key_count; i++) {
		if (ring->keys[i].info->publish) {
			ret = knot_rdataset_add(&dnskey.rrs, ring->keys[i].rdata, &mm);
		}
	}
	return ret == KNOT_EOK && dnskey.rrs.count > 0 ? node_add(&bn->node, &dnskey) : ret;
}

/*! RFC 9077: NSEC lives as long as a negative answer. */
static uint32_t nsec_ttl(const keyset_t *set)
{
	return set->soa_ttl < set->soa_minimum ? set->soa_ttl : set->soa_minimum;
}

static int set_nsec(build_t *build, build_node_t *bn, const knot_dname_t *next)
{
	dnssec_nsec_bitmap_clear(build->bitmap);
	for (uint16_t i = 0; i < bn->node.count; i++) {
		uint16_t type = bn->node.rrsets[i].type;
		if (bn->kind == BUILD_AUTH || type == KNOT_RRTYPE_NS || type == KNOT_RRTYPE_DS) {
			dnssec_nsec_bitmap_add(build->bitmap, type);
		}
	}
	dnssec_nsec_bitmap_add(build->bitmap, KNOT_RRTYPE_NSEC);
	dnssec_nsec_bitmap_add(build->bitmap, KNOT_RRTYPE_RRSIG);

	size_t next_len = knot_dname_size(next);
	size_t len = next_len + dnssec_nsec_bitmap_size(build->bitmap);
	knot_rdata_t *rdata = arena_alloc(&build->scratch, knot_rdata_size(len));
	if (rdata == NULL) {
		return KNOT_ENOMEM;
	}
	rdata->len = len;
	memcpy(rdata->data, next, next_len);
	dnssec_nsec_bitmap_write(build->bitmap, rdata->data + next_len);
	node_rrset_t nsec = {
		.type = KNOT_RRTYPE_NSEC, .ttl = nsec_ttl(&build->ring->set),
		.rrs = { 1, knot_rdata_size(len), rdata },
	};
	return node_add(&bn->node, &nsec);
}

/*** Signatures. ***/

static bool by_ksk(uint16_t type)
{
	return type == KNOT_RRTYPE_DNSKEY || type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_CDNSKEY;
}

static bool signs(const keyring_key_t *key, uint16_t type)
{
	return by_ksk(type) ? key->info->sign_dnskey : key->info->sign_zone;
}

static bool to_be_signed(const build_node_t *bn, uint16_t type)
{
	switch (bn->kind) {
	case BUILD_AUTH:
		return true;
	case BUILD_DELEGATION:
		return type == KNOT_RRTYPE_DS || type == KNOT_RRTYPE_NSEC;
	default:
		return false;
	}
}

/*! An old signature may stay, if it is of a published key and not due for refresh. */
static bool good(const build_t *build, const knot_rdata_t *sig)
{
	const keyring_key_t *key =
		keyring_find(build->ring, rrsig_algorithm(sig), rrsig_keytag(sig));
	int64_t left = (int32_t)(rrsig_expiration(sig) - build->now);
	return !build->renew && key != NULL && left > (int64_t)build->ring->set.refresh &&
	       (int32_t)(build->now - rrsig_inception(sig)) >= 0;
}

/*!
 * Tells whether a key has no need to sign an RRset: its signature is there, or that of a key of
 * the same algorithm that is published but signs no more. Such a signature is replaced when it
 * is due, so that a rollover changes signatures no faster than refresh does.
 */
static bool covered(const build_t *build, const keyring_key_t *key, uint16_t type,
                    const node_rrset_t *old)
{
	if (old == NULL) {
		return false;
	}
	const knot_rdata_t *sig = old->sigs.rdata;
	for (uint16_t i = 0; i < old->sigs.count;
	     i++, sig = knot_rdataset_next((knot_rdata_t *)sig)) {
		if (!good(build, sig) || rrsig_algorithm(sig) != key->info->algorithm) {
			continue;
		}
		const keyring_key_t *of = keyring_find(build->ring, rrsig_algorithm(sig),
		                                       rrsig_keytag(sig));
		if (of == key || !signs(of, type)) {
			return true;
		}
	}
	return false;
}

static uint64_t next_random(build_t *build)
{
	/* splitmix64: jitter has to be even, not secret. */
	uint64_t x = build->random += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint32_t expiration(build_t *build, uint16_t type)
{
	const keyset_t *set = &build->ring->set;
	uint32_t validity = set->validity_default;
	if (type == KNOT_RRTYPE_NSEC) {
		validity = set->validity_denial;
	} else if (by_ksk(type) && set->validity_keyset > 0) {
		validity = set->validity_keyset;
	}
	uint32_t jitter = set->jitter > 0 ? next_random(build) % (2 * (uint64_t)set->jitter) : 0;
	return build->now + validity + jitter - set->jitter;
}

static rrsig_job_t *add_job(build_t *build)
{
	if (build->job_count == build->job_capacity) {
		size_t capacity = build->job_capacity * 2 + 64;
		rrsig_job_t *jobs = realloc(build->jobs, capacity * sizeof(*jobs));
		if (jobs == NULL) {
			return NULL;
		}
		build->jobs = jobs;
		build->job_capacity = capacity;
	}
	return &build->jobs[build->job_count++];
}

static void see_expiry(build_node_t *bn, uint32_t when)
{
	if (bn->expiry == 0 || when < bn->expiry) {
		bn->expiry = when;
	}
}

/*! Bytes of the RRset's signatures, kept and to be made. */
static size_t sigs_size(const build_t *build, const node_rrset_t *rrset, const node_rrset_t *old)
{
	size_t size = 0;
	const knot_rdata_t *sig = (old != NULL) ? old->sigs.rdata : NULL;
	for (uint16_t i = 0; old != NULL && i < old->sigs.count; i++) {
		size += good(build, sig) ? knot_rdata_size(sig->len) : 0;
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	for (size_t i = 0; i < build->ring->set.key_count; i++) {
		const keyring_key_t *key = &build->ring->keys[i];
		if (signs(key, rrset->type) && !covered(build, key, rrset->type, old)) {
			size += knot_rdata_size(rrsig_rdata_len(key, build->apex));
		}
	}
	return size;
}

/*! \param old  The RRset as published before, NULL if it was not, or not the same. */
static int set_sigs(build_t *build, build_node_t *bn, node_rrset_t *rrset, const node_rrset_t *old)
{
	size_t size = sigs_size(build, rrset, old);
	uint8_t *out = arena_alloc(&build->scratch, size);
	if (out == NULL) {
		return KNOT_ENOMEM;
	}
	rrset->sigs = (knot_rdataset_t) { 0, size, (knot_rdata_t *)out };

	const knot_rdata_t *sig = (old != NULL) ? old->sigs.rdata : NULL;
	for (uint16_t i = 0; old != NULL && i < old->sigs.count; i++) {
		if (good(build, sig)) {
			size_t len = knot_rdata_size(sig->len);
			memcpy(out, sig, len);
			out += len;
			rrset->sigs.count++;
			see_expiry(bn, rrsig_expiration(sig));
		}
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	for (size_t i = 0; i < build->ring->set.key_count; i++) {
		const keyring_key_t *key = &build->ring->keys[i];
		if (!signs(key, rrset->type) || covered(build, key, rrset->type, old)) {
			continue;
		}
		rrsig_job_t *job = add_job(build);
		if (job == NULL) {
			return KNOT_ENOMEM;
		}
		*job = (rrsig_job_t) {
			.owner = bn->owner, .rrs = rrset->rrs, .key = key, .type = rrset->type,
			.ttl = rrset->ttl, .rdata = (knot_rdata_t *)out,
			.inception = build->now - build->ring->set.inception_offset,
			.expiration = expiration(build, rrset->type),
		};
		job->rdata->len = rrsig_rdata_len(key, build->apex);
		out += knot_rdata_size(job->rdata->len);
		rrset->sigs.count++;
		see_expiry(bn, job->expiration);
	}
	return KNOT_EOK;
}

/*** A node. ***/

static int add_records(build_t *build, build_node_t *bn, const knot_dname_t *next)
{
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && i < bn->input.count; i++) {
		ret = node_add(&bn->node, &bn->input.rrsets[i]);
	}
	if (ret == KNOT_EOK && knot_dname_is_equal(bn->owner, build->apex)) {
		ret = set_soa(build, bn);
		if (ret == KNOT_EOK) {
			ret = set_dnskey(build, bn);
		}
	}
	bool chained = bn->kind == BUILD_AUTH || bn->kind == BUILD_DELEGATION;
	if (ret == KNOT_EOK && chained && !build->ring->set.passthrough) {
		ret = set_nsec(build, bn, next);
	}
	return ret;
}

static bool same(const node_rrset_t *a, const node_rrset_t *b)
{
	return b != NULL && a->ttl == b->ttl && knot_rdataset_eq(&a->rrs, &b->rrs);
}

int build_node(build_t *build, build_node_t *bn, const knot_dname_t *next)
{
	const size_t jobs = build->job_count;
	bn->expiry = 0;
	int ret = add_records(build, bn, next);
	bn->changed = bn->node.count != bn->old.count;
	for (uint16_t i = 0; ret == KNOT_EOK && i < bn->node.count; i++) {
		node_rrset_t *rrset = &bn->node.rrsets[i];
		const node_rrset_t *old = node_rrset(&bn->old, rrset->type);
		bn->changed |= !same(rrset, old);
		if (to_be_signed(bn, rrset->type)) {
			ret = set_sigs(build, bn, rrset, same(rrset, old) ? old : NULL);
		}
		bn->changed |= old != NULL && rrset->sigs.count != old->sigs.count;
	}
	bn->changed |= build->job_count > jobs;
	return ret;
}
