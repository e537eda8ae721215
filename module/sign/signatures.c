/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/signatures.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/sign/expiry.h"

bool signatures_by_ksk(uint16_t type, bool apex)
{
	return apex && (type == KNOT_RRTYPE_DNSKEY || type == KNOT_RRTYPE_CDS ||
	                type == KNOT_RRTYPE_CDNSKEY);
}

static bool is_full(const build_t *build, const keyring_key_t *key)
{
	return build->state->algorithms & UINT32_C(1) << (key->info->algorithm % 32);
}

bool signatures_withheld(const build_t *build, const keyring_key_t *key)
{
	if (!build->partly || is_full(build, key) || keyset_has_bundle(&build->ring->set)) {
		return false;
	}
	/* Without another key that signs the DNSKEY RRset, that would be bogus. */
	for (size_t i = 0; i < build->ring->set.key_count; i++) {
		const keyring_key_t *other = &build->ring->keys[i];
		if (other->info->publish && other->info->sign_dnskey && is_full(build, other)) {
			return true;
		}
	}
	return false;
}

/*! \param as  DNSKEY, CDS or CDNSKEY at the apex; 0 for all other data. */
static bool signs(const build_t *build, const keyring_key_t *key, uint16_t as)
{
	const bool as_ksk = as == KNOT_RRTYPE_DNSKEY || (as != 0 && !key->info->sign_zone);
	return keyset_signs(key->info, as) && !(as_ksk && signatures_withheld(build, key));
}

/*! \return Whether signatures of a key over an RRset of the apex are made here, if the others were made
 * ahead: those of ZSKs over CDS and CDNSKEY. */
static bool makes(const keyring_key_t *key, uint16_t as)
{
	return as != KNOT_RRTYPE_DNSKEY && !keyring_is_away(key);
}

/*! \return The key of an old signature that is good for longer; NULL if the signature is not. */
static const keyring_key_t *good(const build_t *build, const knot_rdata_t *sig)
{
	const keyring_key_t *key = keyring_find(build->ring, rrsig_algorithm(sig),
	                                        rrsig_keytag(sig));
	/* A key that is lacking makes no other one: what it made serves until it expires. */
	const bool lacking = key != NULL && key->lack != NULL;
	const uint32_t by = lacking ? build->now : build->due_by;
	if ((build->renew && !lacking) || (int32_t)(rrsig_expiration(sig) - by) <= 0 ||
	    (int32_t)(build->from - rrsig_inception(sig)) < 0) {
		return NULL;
	}
	return key;
}

static bool has_signed(const build_t *build, const keyring_key_t *key, const node_rrset_t *old)
{
	const knot_rdata_t *sig = old->sigs.rdata;
	for (uint16_t i = 0; i < old->sigs.count; i++) {
		if (good(build, sig) == key) {
			return true;
		}
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	return false;
}

/*!
 * Tells whether an old signature stays. If its key is published but no longer signs, it stays until
 * there is a signature by a published key that does: a rollover replaces signatures no faster than
 * refresh does, unless the key set wants them replaced. CDS and CDNSKEY are only two RRsets, and
 * each of their keys' signatures is for somebody else: these have those of the keys that sign.
 */
static bool stays(const build_t *build, const knot_rdata_t *sig, uint16_t as,
                  const node_rrset_t *old)
{
	const keyring_key_t *key = good(build, sig);
	if (key != NULL && as != 0 && keyset_has_bundle(&build->ring->set) && !makes(key, as)) {
		return false; /* It is given anew, or not. */
	}
	if (key == NULL || signs(build, key, as)) {
		return key != NULL;
	}
	if (as == KNOT_RRTYPE_CDS || as == KNOT_RRTYPE_CDNSKEY) {
		return false;
	}
	for (size_t i = 0; i < build->ring->set.key_count; i++) {
		const keyring_key_t *other = &build->ring->keys[i];
		if (other->info->algorithm == key->info->algorithm && other->info->publish &&
		    signs(build, other, as) && has_signed(build, other, old)) {
			return false;
		}
	}
	return key->info->publish && !key->info->replace;
}

/*! Tells whether an RRset lacks a signature by a key. */
static bool misses(const build_t *build, const keyring_key_t *key, uint16_t as,
                   const node_rrset_t *old)
{
	if (keyring_is_away(key) || !signs(build, key, as) || (old != NULL && has_signed(build, key, old))) {
		return false;
	}
	const knot_rdata_t *sig = old != NULL ? old->sigs.rdata : NULL;
	for (uint16_t i = 0; old != NULL && key->info->publish && i < old->sigs.count; i++) {
		/* A signature that stays, by a key that no longer signs, serves in its place; but
		 * not in that of a key that signs before its DNSKEY is published. */
		const keyring_key_t *of = good(build, sig);
		if (of != NULL && of->info->algorithm == key->info->algorithm &&
		    !signs(build, of, as) && stays(build, sig, as, old)) {
			return false;
		}
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	return true;
}

static uint64_t next_random(build_t *build)
{
	/* splitmix64: jitter has to be even, not secret. */
	uint64_t x = build->random += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint32_t expiration(build_t *build, uint16_t type, uint16_t as)
{
	const keyset_t *set = &build->ring->set;
	uint32_t validity = set->validity_default;
	if (type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3 ||
	    type == KNOT_RRTYPE_NSEC3PARAM) {
		validity = set->validity_denial;
	} else if (as != 0 && set->validity_keyset > 0) {
		validity = set->validity_keyset;
	}
	uint32_t jitter = set->jitter > 0 ? next_random(build) % (2 * (uint64_t)set->jitter) : 0;
	const uint32_t when = build->now + validity + jitter - set->jitter;
	return when != 0 ? when : 1; /* 0 stands for none, in the refresh queue. */
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

static void see_expiry(uint32_t *expiry, uint32_t when)
{
	if (*expiry == 0 || expiry_by(when, *expiry)) {
		*expiry = when;
	}
}

/*! \return What was signed ahead of an RRset; NULL: nothing. */
static const given_rrset_t *given_of(const build_t *build, uint16_t as)
{
	return as != 0 ? given_find(&build->ring->given, as) : NULL;
}

bool signatures_has_given(const build_t *build, const knot_dname_t *owner,
                          const node_rrset_t *published)
{
	const bool apex = knot_dname_is_equal(owner, build->apex);
	const given_rrset_t *given = !apex || published == NULL
	                             ? NULL : given_of(build, published->type);
	const knot_rdata_t *sig = given != NULL ? given->sigs.rdata : NULL;
	for (uint16_t i = 0; given != NULL && i < given->sigs.count; i++) {
		bool found = false;
		const knot_rdata_t *old = published->sigs.rdata;
		for (uint16_t n = 0; n < published->sigs.count && !found; n++) {
			found = old->len == sig->len && memcmp(old->data, sig->data, sig->len) == 0;
			old = knot_rdataset_next((knot_rdata_t *)old);
		}
		if (!found) {
			return false;
		}
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	return true;
}

/*! Bytes of the RRset's signatures, given, kept and to be made. */
static size_t sigs_size(const build_t *build, uint16_t as, const node_rrset_t *old)
{
	const given_rrset_t *given = given_of(build, as);
	size_t size = given != NULL ? given->sigs.size : 0;
	const knot_rdata_t *sig = (old != NULL) ? old->sigs.rdata : NULL;
	for (uint16_t i = 0; old != NULL && i < old->sigs.count; i++) {
		size += stays(build, sig, as, old) ? knot_rdata_size(sig->len) : 0;
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	for (size_t i = 0; i < build->ring->set.key_count; i++) {
		const keyring_key_t *key = &build->ring->keys[i];
		if (misses(build, key, as, old)) {
			size += knot_rdata_size(rrsig_rdata_len(key, build->apex));
		}
	}
	return size;
}

/*! Adds the signatures that were made ahead. \return Behind them */
static uint8_t *add_given(node_rrset_t *rrset, const given_rrset_t *given, uint8_t *out,
                          uint32_t *expiry)
{
	const knot_rdata_t *sig = given != NULL ? given->sigs.rdata : NULL;
	for (uint16_t i = 0; given != NULL && i < given->sigs.count; i++) {
		const size_t len = knot_rdata_size(sig->len);
		memcpy(out, sig, len);
		out += len;
		rrset->sigs.count++;
		see_expiry(expiry, rrsig_expiration(sig));
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	return out;
}

int signatures_make(build_t *build, const knot_dname_t *owner, node_rrset_t *rrset,
                    const node_rrset_t *old, uint32_t *expiry)
{
	const bool apex = knot_dname_is_equal(owner, build->apex);
	const uint16_t as = signatures_by_ksk(rrset->type, apex) ? rrset->type : 0;
	size_t size = sigs_size(build, as, old);
	uint8_t *out = arena_alloc(&build->scratch, size);
	if (out == NULL) {
		return KNOT_ENOMEM;
	}
	/* One that is still to be made reads as an RRSIG of the root. */
	memset(out, 0, size);
	rrset->sigs = (knot_rdataset_t) { 0, size, (knot_rdata_t *)out };
	out = add_given(rrset, given_of(build, as), out, expiry);

	const knot_rdata_t *sig = (old != NULL) ? old->sigs.rdata : NULL;
	for (uint16_t i = 0; old != NULL && i < old->sigs.count; i++) {
		if (stays(build, sig, as, old)) {
			size_t len = knot_rdata_size(sig->len);
			memcpy(out, sig, len);
			out += len;
			rrset->sigs.count++;
			see_expiry(expiry, rrsig_expiration(sig));
		}
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	for (size_t i = 0; i < build->ring->set.key_count; i++) {
		const keyring_key_t *key = &build->ring->keys[i];
		if (!misses(build, key, as, old)) {
			continue;
		}
		if (key->lack != NULL) {
			build->lack = key->lack;
			return KNOT_DNSSEC_ENOKEY;
		}
		rrsig_job_t *job = add_job(build);
		if (job == NULL) {
			return KNOT_ENOMEM;
		}
		*job = (rrsig_job_t) {
			.owner = owner, .rrs = rrset->rrs, .key = key, .type = rrset->type,
			.ttl = rrset->ttl, .rdata = (knot_rdata_t *)out,
			.inception = build->from - build->ring->set.inception_offset,
			.expiration = expiration(build, rrset->type, as),
		};
		job->rdata->len = rrsig_rdata_len(key, build->apex);
		out += knot_rdata_size(job->rdata->len);
		rrset->sigs.count++;
		see_expiry(expiry, job->expiration);
	}
	return KNOT_EOK;
}

int signatures_keep(build_t *build, node_t *node, const signatures_place_t *place,
                    uint8_t **stored)
{
	*stored = arena_alloc(place->arena, place->prefix + node_size(node));
	if (*stored == NULL) {
		return KNOT_ENOMEM;
	}
	for (size_t i = place->first_job; i < build->job_count; i++) {
		/* Pointers become offsets: the node that they point into moves. */
		rrsig_job_t *job = &build->jobs[i];
		const node_rrset_t *rrset = node_rrset(node, job->type);
		job->offset = (uint8_t *)job->rdata - (uint8_t *)rrset->sigs.rdata;
	}
	node_write(node, *stored + place->prefix);
	for (size_t i = place->first_job; i < build->job_count; i++) {
		rrsig_job_t *job = &build->jobs[i];
		const node_rrset_t *rrset = node_rrset(node, job->type);
		job->owner = place->owner;
		job->rrs = rrset->rrs;
		job->rdata = (knot_rdata_t *)((uint8_t *)rrset->sigs.rdata + job->offset);
	}
	return KNOT_EOK;
}
