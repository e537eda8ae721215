/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/trust.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/key.h>
#include <libknot/libknot.h>

#include "common/fnv1a.h"
#include "keyset/ds.h"
#include "module/base/moment.h"

#define SEP 1 /* The flag of keys that are for a DS (RFC 4034, section 2.1.1). */

/*! A key of the zone as it would be published. */
typedef struct {
	uint16_t flags, keytag;
	uint8_t algorithm;
	const uint8_t *public_key;
	size_t public_key_len;
	bool publish, sign_dnskey, sign_zone;
} link_t;

typedef struct {
	const trust_t *trust;
	link_t *links;
	size_t count;
	char *why;
	size_t size, len;
} judge_t;

/*** What would be published. ***/

static link_t link_of_set(const keyset_key_t *key)
{
	return (link_t) {
		.flags = key->role == KEYSET_ZSK ? 256 : 257, .keytag = key->keytag,
		.algorithm = key->algorithm, .public_key = key->public_key,
		.public_key_len = key->public_key_len, .publish = key->publish,
		.sign_dnskey = key->sign_dnskey, .sign_zone = key->sign_zone,
	};
}

/*! A key of another operator is published. It signs if the zone is signed elsewhere. */
static link_t link_of_input(const apex_key_t *key, bool signs)
{
	return (link_t) {
		.flags = key->flags, .keytag = key->keytag, .algorithm = key->algorithm,
		.public_key = key->public_key, .public_key_len = key->public_key_len,
		.publish = true, .sign_dnskey = signs && (key->flags & SEP) != 0,
		.sign_zone = signs,
	};
}

static bool gather(judge_t *judge)
{
	const trust_t *trust = judge->trust;
	const size_t most = trust->set->key_count + trust->input->key_count;
	judge->links = calloc(most + 1, sizeof(*judge->links));
	for (size_t i = 0; judge->links != NULL && i < trust->set->key_count; i++) {
		judge->links[judge->count++] = link_of_set(&trust->set->keys[i]);
	}
	for (size_t i = 0; judge->links != NULL && i < trust->input->key_count; i++) {
		judge->links[judge->count++] = link_of_input(&trust->input->keys[i],
		                                             trust->set->passthrough);
	}
	return judge->links != NULL;
}

static bool same_key(const link_t *link, const apex_key_t *key)
{
	return link->algorithm == key->algorithm && link->public_key_len == key->public_key_len &&
	       memcmp(link->public_key, key->public_key, key->public_key_len) == 0;
}

static const apex_key_t *find_served(const apex_t *served, const link_t *link)
{
	for (size_t i = 0; i < served->key_count; i++) {
		if (same_key(link, &served->keys[i])) {
			return &served->keys[i];
		}
	}
	return NULL;
}

/*! \return The key that made a signature; NULL if it would not be published. */
static const link_t *find_signer(const judge_t *judge, const apex_signer_t *signer)
{
	for (size_t i = 0; i < judge->count; i++) {
		const link_t *link = &judge->links[i];
		if (link->publish && link->algorithm == signer->algorithm &&
		    link->keytag == signer->keytag) {
			return link;
		}
	}
	return NULL;
}

/*** The text. ***/

__attribute__((format(printf, 2, 3)))
static void say(judge_t *judge, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	const int len = vsnprintf(judge->why + judge->len, judge->size - judge->len, fmt, args);
	va_end(args);
	judge->len += len;
	judge->len = judge->len < judge->size ? judge->len : judge->size - 1;
}

/* Keys that a text lists; a zone that is well has two to four. */
#define LISTED 6

static void say_links(judge_t *judge)
{
	size_t listed = 0;
	for (size_t i = 0; i < judge->count && listed <= LISTED; i++) {
		const link_t *link = &judge->links[i];
		if (link->publish) {
			say(judge, listed == LISTED ? ", ..." : "%s%u%s",
			    listed > 0 ? ", " : "", link->keytag,
			    link->flags & SEP ? " (KSK)" : "");
			listed++;
		}
	}
}

static void say_served(judge_t *judge, const apex_t *served)
{
	for (size_t i = 0; i < served->key_count && i <= LISTED; i++) {
		say(judge, i == LISTED ? ", ..." : "%s%u%s", i > 0 ? ", " : "",
		    served->keys[i].keytag, served->keys[i].flags & SEP ? " (KSK)" : "");
	}
}

static void say_set(judge_t *judge)
{
	const keyset_t *set = judge->trust->set;
	if (set->passthrough && judge->count == 0) {
		say(judge, "by key set %" PRIu64 " the zone is unsigned", set->revision);
	} else {
		say(judge, "key set %" PRIu64 " has keys ", set->revision);
		say_links(judge);
	}
}

static void say_remedy(judge_t *judge)
{
	knot_dname_txt_storage_t name;
	const trust_t *trust = judge->trust;
	if (trust->continuous && trust->before > 0) {
		say(judge, "; the zone is signed on with key set %" PRIu64, trust->before);
	} else {
		say(judge, "; what knotd serves stays as it is, nothing is published");
	}
	if (!trust->continuous && trust->served->expiration > 0) {
		char when[MOMENT_MAX];
		say(judge, "; its first signature expires at %s",
		    moment_text(trust->served->expiration, when));
	}
	(void)knot_dname_to_str(name, trust->zone, sizeof(name));
	say(judge, "; say ods recover %s", name);
}

/*** The parent. ***/

/*! \return Whether a DS is that of a key; one of a digest that is not known here, if the key tag
 *  fits. */
static bool ds_fits(const judge_t *judge, const ds_t *ds, const link_t *link)
{
	if (!link->publish || !link->sign_dnskey || link->keytag != ds->keytag ||
	    link->algorithm != ds->algorithm) {
		return false;
	}
	if (!dnssec_algorithm_digest_support(ds->digest_type)) {
		return true;
	}
	const dnssec_binary_t public = { .data = (uint8_t *)link->public_key,
		                         .size = link->public_key_len };
	dnssec_binary_t rdata = { 0 };
	dnssec_key_t *key = NULL;
	bool fits = false;
	if (dnssec_key_new(&key) == DNSSEC_EOK &&
	    dnssec_key_set_dname(key, judge->trust->zone) == DNSSEC_EOK &&
	    dnssec_key_set_flags(key, link->flags) == DNSSEC_EOK &&
	    dnssec_key_set_algorithm(key, link->algorithm) == DNSSEC_EOK &&
	    dnssec_key_set_pubkey(key, &public) == DNSSEC_EOK &&
	    dnssec_key_create_ds(key, ds->digest_type, &rdata) == DNSSEC_EOK) {
		/* Key tag, algorithm and digest type come first (RFC 4034, section 5.1). */
		fits = rdata.size == 4 + (size_t)ds->digest_len &&
		       memcmp(rdata.data + 4, ds->digest, ds->digest_len) == 0;
	}
	dnssec_binary_free(&rdata);
	dnssec_key_free(key);
	return fits;
}

static bool has_sha2(const char *text)
{
	ds_t ds;
	while (ds_next(&text, &ds) == 1) {
		if (ds.digest_type == DNSSEC_KEY_DIGEST_SHA256 ||
		    ds.digest_type == DNSSEC_KEY_DIGEST_SHA384) {
			return true;
		}
	}
	return false;
}

/*! \return Whether some DS of the parent leads to a key. */
static bool parent_fits(const judge_t *judge)
{
	const char *text = judge->trust->set->ds;
	const bool sha2 = has_sha2(text); /* Then SHA-1 does not count (RFC 4509, section 3). */
	ds_t ds;
	while (ds_next(&text, &ds) == 1) {
		const bool counts = !sha2 || ds.digest_type != DNSSEC_KEY_DIGEST_SHA1;
		for (size_t i = 0; counts && i < judge->count; i++) {
			if (ds_fits(judge, &ds, &judge->links[i])) {
				return true;
			}
		}
	}
	return false;
}

static void say_parent(judge_t *judge)
{
	const char *text = judge->trust->set->ds;
	ds_t ds;
	say(judge, "the parent has a DS of ");
	for (unsigned i = 0; i <= LISTED && ds_next(&text, &ds) == 1; i++) {
		say(judge, i == LISTED ? ", ..." : "%s%u", i > 0 ? ", " : "", ds.keytag);
	}
	say(judge, "; ");
	say_set(judge);
	say(judge, "; no DS leads to a key that signs the keys: validators would find the zone "
	    "bogus");
	say_remedy(judge);
}

/*** What resolvers hold. ***/

static bool signs_served_zone(const judge_t *judge)
{
	for (size_t i = 0; i < judge->count; i++) {
		const link_t *link = &judge->links[i];
		if (link->sign_zone && find_served(judge->trust->served, link) != NULL) {
			return true;
		}
	}
	return false;
}

/*! \return A signature over the SOA that could not be verified any more; NULL: there is none. */
static const apex_signer_t *lost_signer(const judge_t *judge)
{
	const apex_t *served = judge->trust->served;
	for (size_t i = 0; i < served->signer_count; i++) {
		const apex_signer_t *signer = &served->signers[i];
		if (signer->covered == KNOT_RRTYPE_SOA && find_signer(judge, signer) == NULL) {
			return signer;
		}
	}
	return NULL;
}

static const apex_key_t *find_key(const apex_t *apex, const apex_signer_t *signer)
{
	for (size_t i = 0; i < apex->key_count; i++) {
		const apex_key_t *key = &apex->keys[i];
		if (key->algorithm == signer->algorithm && key->keytag == signer->keytag) {
			return key;
		}
	}
	return NULL;
}

static bool signs_keys(const judge_t *judge, const apex_key_t *key)
{
	for (size_t i = 0; i < judge->count; i++) {
		const link_t *link = &judge->links[i];
		if (link->publish && link->sign_dnskey && same_key(link, key)) {
			return true;
		}
	}
	return false;
}

/*!
 * Finds a key that signs the DNSKEY RRset that is served, but would not sign the new one. With a DS
 * that is not known it could be the one that has the DS. If keys with the flag SEP sign, others do
 * not count: they are not for a DS.
 */
static const apex_key_t *lost_entry(const judge_t *judge)
{
	const apex_t *served = judge->trust->served;
	const apex_key_t *lost = NULL, *lost_sep = NULL;
	bool sep = false;
	for (size_t i = 0; i < served->signer_count; i++) {
		const apex_key_t *key = served->signers[i].covered == KNOT_RRTYPE_DNSKEY
		                        ? find_key(served, &served->signers[i]) : NULL;
		if (key != NULL) {
			const bool is_sep = (key->flags & SEP) != 0, stays = signs_keys(judge, key);
			sep |= is_sep;
			lost = stays ? lost : key;
			lost_sep = is_sep && !stays ? key : lost_sep;
		}
	}
	return sep ? lost_sep : lost;
}

static bool has_entry(const judge_t *judge)
{
	const apex_t *served = judge->trust->served;
	for (size_t i = 0; i < served->key_count; i++) {
		if (signs_keys(judge, &served->keys[i])) {
			return true;
		}
	}
	return false;
}

static bool resolvers_follow(judge_t *judge, bool parent_known)
{
	const apex_t *served = judge->trust->served;
	const bool continuous = judge->trust->continuous, leads = continuous || parent_known;
	const bool zone = signs_served_zone(judge);
	const apex_signer_t *signer = continuous ? NULL : lost_signer(judge);
	const apex_key_t *entry = leads ? NULL : lost_entry(judge);
	if (zone && signer == NULL && entry == NULL && (leads || has_entry(judge))) {
		return true;
	}
	say(judge, "knotd serves keys ");
	say_served(judge, served);
	say(judge, "; ");
	say_set(judge);
	if (!zone) {
		say(judge, "; none of the former would sign the zone");
	} else if (signer != NULL) {
		say(judge, "; signatures of %u are served, and it would not be published",
		    signer->keytag);
	} else if (entry != NULL) {
		say(judge, "; %u, which may have the DS, would not sign the keys", entry->keytag);
	} else {
		say(judge, "; none of the former would sign the keys");
	}
	const uint32_t ttl = served->dnskey_ttl > served->soa_ttl ? served->dnskey_ttl
	                                                          : served->soa_ttl;
	say(judge, ": resolvers could not verify the zone for up to %u s%s", ttl,
	    parent_known ? "" : ", or for as long as the parent's DS does not fit");
	say_remedy(judge);
	return false;
}

/*** The rule. ***/

/*! Whether the DS was seen after what knotd serves was made; if not, it can be from an older copy
 * of the engine's database, or of the store. */
static bool is_parent_known(const trust_t *trust)
{
	const keyset_t *set = trust->set;
	if (set->ds_seen == 0 || trust->continuous || trust->served->inception == 0) {
		return set->ds_seen != 0;
	}
	return set->ds_seen >= trust->served->inception + set->inception_offset;
}

/*! \return A key that is served, as the set has it; NULL if it is none of its keys. */
static const keyset_key_t *find_in_set(const keyset_t *set, const apex_key_t *served)
{
	for (size_t i = 0; i < set->key_count; i++) {
		const link_t link = link_of_set(&set->keys[i]);
		if (same_key(&link, served)) {
			return &set->keys[i];
		}
	}
	return NULL;
}

/*!
 * Tells whether the engine has waited until no resolver had a DS: it knows all keys that are served,
 * and no DS of them, nor of a new one, is in any cache. One that has lost its database does not know
 * them.
 */
static bool is_insecure(const trust_t *trust)
{
	const keyset_t *set = trust->set;
	for (size_t i = 0; i < trust->served->key_count; i++) {
		if (find_in_set(set, &trust->served->keys[i]) == NULL) {
			return false;
		}
	}
	for (size_t i = 0; i < set->key_count; i++) {
		if (set->keys[i].role != KEYSET_ZSK &&
		    set->keys[i].state[KEYSET_DS] != KEYSET_HIDDEN) {
			return false;
		}
	}
	return true;
}

bool trust_passes(const trust_t *trust, char *why, size_t size)
{
	judge_t judge = { .trust = trust, .why = why, .size = size };
	const bool known = is_parent_known(trust);
	if (known && trust->set->ds[0] == '\0') {
		return true; /* Insecure: nobody validates. */
	}
	if (!gather(&judge)) {
		snprintf(why, size, "out of memory");
		return false;
	}
	bool passes = true;
	if (known && !parent_fits(&judge)) {
		say_parent(&judge);
		passes = false;
	} else if (trust->served->key_count > 0 &&
	           !(trust->continuous && (trust->set->passthrough || is_insecure(trust)))) {
		/* The engine has waited until no resolver had a DS before a zone goes insecure. */
		passes = resolvers_follow(&judge, known);
	}
	free(judge.links);
	return passes;
}

/*** Key sets. ***/

static bool counts(const keyset_key_t *key)
{
	return key->publish || key->sign_dnskey || key->sign_zone;
}

static bool has(const keyset_t *set, const keyset_key_t *key)
{
	for (size_t i = 0; i < set->key_count; i++) {
		const keyset_key_t *other = &set->keys[i];
		if (keyset_same_key(other, key) && other->publish == key->publish &&
		    other->sign_dnskey == key->sign_dnskey && other->sign_zone == key->sign_zone) {
			return true;
		}
	}
	return false;
}

static bool has_all(const keyset_t *set, const keyset_t *keys)
{
	for (size_t i = 0; i < keys->key_count; i++) {
		if (counts(&keys->keys[i]) && !has(set, &keys->keys[i])) {
			return false;
		}
	}
	return true;
}

bool trust_differs(const keyset_t *a, const keyset_t *b)
{
	return a->passthrough != b->passthrough || !has_all(a, b) || !has_all(b, a);
}

uint64_t trust_name(const keyset_t *set)
{
	uint64_t name = set->passthrough;
	for (size_t i = 0; i < set->key_count; i++) {
		const keyset_key_t *key = &set->keys[i];
		const uint32_t use = key->publish | key->sign_dnskey << 1 | key->sign_zone << 2;
		if (counts(key)) {
			/* A sum: the keys' order does not matter. */
			name += (uint64_t)fnv1a(key->public_key, key->public_key_len) << 3 | use;
		}
	}
	return name;
}
