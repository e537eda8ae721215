/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libknot/libknot.h>

#include "keyset/bundle.h"

static size_t signature_len(const dnssec_key_t *dnskey)
{
	switch (dnssec_key_get_algorithm(dnskey)) {
	case DNSSEC_KEY_ALGORITHM_ECDSA_P256_SHA256:
	case DNSSEC_KEY_ALGORITHM_ED25519:
		return 64;
	case DNSSEC_KEY_ALGORITHM_ECDSA_P384_SHA384:
		return 96;
	case DNSSEC_KEY_ALGORITHM_ED448:
		return 114;
	default:
		return (dnssec_key_get_size(dnskey) + 7) / 8;
	}
}

/*! Makes the DNSKEY from the key set alone, without the token. */
static int make_dnskey(keyring_key_t *key, const knot_dname_t *zone)
{
	const keyset_key_t *info = key->info;
	const dnssec_binary_t public_key = { .data = info->public_key,
		                             .size = info->public_key_len };
	dnssec_binary_t rdata;
	if (dnssec_key_new(&key->dnskey) != DNSSEC_EOK ||
	    dnssec_key_set_dname(key->dnskey, zone) != DNSSEC_EOK ||
	    dnssec_key_set_flags(key->dnskey, info->role == KEYSET_ZSK ? 256 : 257) != DNSSEC_EOK ||
	    dnssec_key_set_algorithm(key->dnskey, info->algorithm) != DNSSEC_EOK ||
	    dnssec_key_set_pubkey(key->dnskey, &public_key) != DNSSEC_EOK ||
	    dnssec_key_get_rdata(key->dnskey, &rdata) != DNSSEC_EOK ||
	    dnssec_key_get_keytag(key->dnskey) != info->keytag) {
		return KNOT_EMALF;
	}
	key->rdata = malloc(knot_rdata_size(rdata.size));
	if (key->rdata == NULL) {
		return KNOT_ENOMEM;
	}
	knot_rdata_init(key->rdata, rdata.size, rdata.data);
	key->signature_len = signature_len(key->dnskey);
	return key->signature_len <= HSM_SIGNATURE_MAX ? KNOT_EOK : KNOT_EMALF;
}

static int find_secret(keyring_key_t *key, hsm_t *hsm, char *err, size_t err_size)
{
	const keyset_key_t *info = key->info;
	hsm_error_t hsm_err = { 0 };
	const hsm_wanted_t wanted = {
		.repository = info->repository, .cka_id = info->cka_id,
		.algorithm = info->algorithm,
		.public = { .data = info->public_key, .size = info->public_key_len },
	};
	int ret = hsm_key_find(hsm, &wanted, &key->secret, &hsm_err);
	if (ret == HSM_ENOKEY) {
		hsm_key_miss(hsm, info->repository, info->cka_id, info->algorithm);
	}
	if (ret != HSM_EOK) {
		snprintf(err, err_size, "key tag %u: %s", info->keytag, hsm_err.text);
		return ret == HSM_ENOMEM ? KNOT_ENOMEM : KNOT_EAGAIN;
	}
	dnssec_binary_t token = hsm_key_public(key->secret);
	if (token.size != info->public_key_len ||
	    memcmp(token.data, info->public_key, token.size) != 0) {
		snprintf(err, err_size,
		         "key tag %u: the key %s in repository %s is another one than "
		         "the zone publishes; restore the right key to the token",
		         info->keytag, info->cka_id, info->repository);
		return KNOT_EAGAIN;
	}
	ret = verify_key_new(&key->verifier, info->algorithm, info->public_key,
	                     info->public_key_len);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "key tag %u: cannot verify with its public key: %s",
		         info->keytag, knot_strerror(ret));
	}
	return ret;
}

/*! Finds the secret half of a key; a key that signs the DNSKEY RRset alone may be lacking. */
static int find_or_lack(keyring_key_t *key, hsm_t *hsm, char *err, size_t err_size)
{
	int ret = find_secret(key, hsm, err, err_size);
	if (ret != KNOT_EAGAIN || key->info->sign_zone) {
		return ret;
	}
	hsm_key_free(key->secret);
	key->secret = NULL;
	key->lack = strdup(err);
	return key->lack != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static int fill(keyring_t *ring, const knot_dname_t *zone, hsm_t *hsm, char *err, size_t err_size)
{
	for (size_t i = 0; i < ring->set.key_count; i++) {
		keyring_key_t *key = &ring->keys[i];
		key->info = &ring->set.keys[i];
		int ret = make_dnskey(key, zone);
		if (ret != KNOT_EOK) {
			snprintf(err, err_size, "key tag %u, algorithm %u: not a usable DNSKEY",
			         key->info->keytag, key->info->algorithm);
			return ret;
		}
		if ((key->info->sign_dnskey || key->info->sign_zone) && !keyring_is_away(key)) {
			ret = find_or_lack(key, hsm, err, err_size);
			if (ret != KNOT_EOK) {
				return ret;
			}
		}
	}
	return keyset_has_bundle(&ring->set)
	       ? given_read(ring->set.bundle, zone, &ring->given, err, err_size) : KNOT_EOK;
}

/* Octets of a hash as a label: its length, and a SHA-1 in Base 32. */
#define HASH_LABEL (1 + 32)

bool keyring_fits(const keyset_t *set, const knot_dname_t *zone, char *err, size_t err_size)
{
	const size_t len = knot_dname_size(zone);
	if (set->passthrough || !set->nsec3 || HASH_LABEL + len <= KNOT_DNAME_MAXLEN) {
		return true;
	}
	snprintf(err, err_size, "policy %s has NSEC3, but the zone's name is too long for it: the "
	         "name has %zu octets, %d more are needed for a hash, and %d are the most; give "
	         "the zone a policy with NSEC", set->policy, len, HASH_LABEL, KNOT_DNAME_MAXLEN);
	return false;
}

int keyring_load(const char *text, const knot_dname_t *zone, hsm_t *hsm, keyring_t **ring,
                 char *err, size_t err_size)
{
	keyring_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		snprintf(err, err_size, "out of memory");
		return KNOT_ENOMEM;
	}
	if (keyset_read(text, &fresh->set, err, err_size) != 0) {
		free(fresh);
		return KNOT_EMALF;
	}
	atomic_init(&fresh->users, 1);
	keyset_drop_notes(&fresh->set);
	fresh->keys = calloc(fresh->set.key_count + 1, sizeof(*fresh->keys));
	int ret = KNOT_ENOMEM;
	if (!keyring_fits(&fresh->set, zone, err, err_size)) {
		ret = KNOT_EMALF;
	} else if (fresh->keys == NULL) {
		snprintf(err, err_size, "out of memory");
	} else {
		ret = fill(fresh, zone, hsm, err, err_size);
	}
	if (ret != KNOT_EOK) {
		keyring_free(fresh);
		return ret;
	}
	*ring = fresh;
	return KNOT_EOK;
}

bool keyring_is_given(const keyring_t *ring)
{
	return keyset_has_bundle(&ring->set);
}

bool keyring_is_away(const keyring_key_t *key)
{
	return key->info->repository[0] == '\0';
}

const char *keyring_lack(const keyring_t *ring)
{
	for (size_t i = 0; i < ring->set.key_count; i++) {
		if (ring->keys[i].lack != NULL) {
			return ring->keys[i].lack;
		}
	}
	return NULL;
}

void keyring_lose(keyring_t *ring, const keyset_key_t *info, const char *why)
{
	for (size_t i = 0; i < ring->set.key_count; i++) {
		keyring_key_t *key = &ring->keys[i];
		const bool meant = keyset_same_key(key->info, info) && !key->info->sign_zone;
		char *lack = meant ? strdup(why) : NULL;
		if (lack != NULL) {
			free(key->lack);
			key->lack = lack;
		}
	}
}

keyring_t *keyring_use(keyring_t *ring)
{
	atomic_fetch_add(&ring->users, 1);
	return ring;
}

void keyring_free(keyring_t *ring)
{
	if (ring == NULL || atomic_fetch_sub(&ring->users, 1) > 1) {
		return;
	}
	for (size_t i = 0; ring->keys != NULL && i < ring->set.key_count; i++) {
		dnssec_key_free(ring->keys[i].dnskey);
		free(ring->keys[i].rdata);
		free(ring->keys[i].lack);
		hsm_key_free(ring->keys[i].secret);
		verify_key_free(ring->keys[i].verifier);
	}
	free(ring->keys);
	given_deinit(&ring->given);
	keyset_deinit(&ring->set);
	free(ring);
}

const keyring_key_t *keyring_find(const keyring_t *ring, uint8_t algorithm, uint16_t keytag)
{
	for (size_t i = 0; i < ring->set.key_count; i++) {
		const keyset_key_t *info = ring->keys[i].info;
		if ((info->publish || info->sign_zone) && info->algorithm == algorithm &&
		    info->keytag == keytag) {
			return &ring->keys[i];
		}
	}
	return NULL;
}

static const keyset_key_t *find(const keyset_t *set, const keyset_key_t *key)
{
	for (size_t i = 0; i < set->key_count; i++) {
		if (keyset_same_key(&set->keys[i], key)) {
			return &set->keys[i];
		}
	}
	return NULL;
}

/*! Tells whether the signatures by the keys of one set are those that another set asks for. */
static bool same_signatures(const keyset_t *before, const keyset_t *after)
{
	for (size_t i = 0; i < before->key_count; i++) {
		const keyset_key_t *old = &before->keys[i], *key = find(after, old);
		bool signs = key != NULL && key->sign_zone, stays = key != NULL && key->publish;
		if (old->sign_zone != signs || (!signs && old->publish && !stays)) {
			return false;
		}
	}
	return true;
}

/*! Tells whether what a set asks for at the apex is in another set, too. */
static bool has_dnskeys(const keyset_t *of, const keyset_t *in)
{
	for (size_t i = 0; i < of->key_count; i++) {
		const keyset_key_t *key = &of->keys[i], *other = find(in, key);
		const bool there = other != NULL;
		if (key->publish != (there && other->publish) ||
		    key->sign_dnskey != (there && other->sign_dnskey) ||
		    key->cds != (there && other->cds) ||
		    (there && (key->role == KEYSET_ZSK) != (other->role == KEYSET_ZSK))) {
			return false;
		}
	}
	return true;
}

bool keyring_same_dnskeys(const keyset_t *a, const keyset_t *b)
{
	return a->passthrough == b->passthrough && a->dnskey_ttl == b->dnskey_ttl &&
	       a->cds_delete == b->cds_delete && a->cds.sha256 == b->cds.sha256 &&
	       a->cds.sha384 == b->cds.sha384 && a->cds.cdnskey == b->cds.cdnskey &&
	       strcmp(bundle_text(a->bundle), bundle_text(b->bundle)) == 0 &&
	       has_dnskeys(a, b) && has_dnskeys(b, a);
}

/*! Tells whether the signatures of some key are to be replaced by the new set, but not by the
 * old. */
static bool replaces(const keyset_t *before, const keyset_t *after)
{
	for (size_t i = 0; i < after->key_count; i++) {
		const keyset_key_t *key = &after->keys[i], *old = find(before, key);
		if (key->replace && (old == NULL || !old->replace)) {
			return true;
		}
	}
	return false;
}

bool keyring_walk(const keyset_t *before, const keyset_t *after)
{
	return before->passthrough != after->passthrough ||
	       before->max_zone_ttl != after->max_zone_ttl ||
	       before->soa_ttl != after->soa_ttl || before->soa_minimum != after->soa_minimum ||
	       before->nsec3 != after->nsec3 || before->nsec3_optout != after->nsec3_optout ||
	       before->nsec3_iterations != after->nsec3_iterations ||
	       before->nsec3_salt_len != after->nsec3_salt_len ||
	       memcmp(before->nsec3_salt, after->nsec3_salt, after->nsec3_salt_len) != 0 ||
	       replaces(before, after) || !same_signatures(before, after) ||
	       !same_signatures(after, before);
}
