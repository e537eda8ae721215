/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/ceremony/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/moment.h"
#include "keyset/bundle.h"
#include "policy-engine/base/duration.h"
#include "policy-engine/base/when.h"
#include "policy-engine/zone/offer.h"

typedef struct {
	const skr_t *skr;
	const skr_rules_t *rules;
	const policy_key_t *entry;  /* The policy's KSK. */
	knot_dname_storage_t name;
	const skr_bundle_t *bundle; /* That is being checked. */
	bundle_record_t *fresh;     /* DNSKEYs of KSKs that the zone does not have yet. */
	size_t fresh_count;
	char *err;
	size_t err_size;
} check_t;

__attribute__((format(printf, 2, 3)))
static int fail(const check_t *c, const char *format, ...)
{
	char when[WHEN_TEXT_MAX];
	va_list args;
	const int used = snprintf(c->err, c->err_size, "line %u, the bundle of %s: ",
	                          c->bundle->line, when_stamp(c->bundle->at, when));
	va_start(args, format);
	if (used > 0 && (size_t)used < c->err_size) {
		vsnprintf(c->err + used, c->err_size - (size_t)used, format, args);
	}
	va_end(args);
	return -1;
}

/* -- times --------------------------------------------------------------- */

int64_t skr_overlap(const policy_t *policy)
{
	return (int64_t)policy->keys_ttl + policy->zone_propagation;
}

skr_span_t skr_span(const char *bundle, const char *zone, int64_t near)
{
	knot_dname_storage_t name;
	bundle_facts_t facts;
	char err[200];
	if (knot_dname_from_str(name, zone, sizeof(name)) == NULL ||
	    bundle_verify(bundle, name, &facts, err, sizeof(err)) != 0) {
		return (skr_span_t){ 0 };
	}
	return (skr_span_t){ moment_near(facts.inception, near), moment_near(facts.expiration, near) };
}

static int check_times(const check_t *c, const bundle_facts_t *facts)
{
	char until[WHEN_TEXT_MAX], next[WHEN_TEXT_MAX], span[DURATION_TEXT_MAX];
	const skr_bundle_t *bundle = c->bundle;
	const policy_t *policy = c->rules->policy;
	const int64_t from = moment_near(facts->inception, bundle->at);
	const int64_t expires = moment_near(facts->expiration, bundle->at);
	const bool last = bundle == &c->skr->bundles[c->skr->count - 1];
	const int64_t needed = bundle->until + (last ? 0 : skr_overlap(policy));
	if (facts->ttl != policy->keys_ttl) {
		return fail(c, "the DNSKEY RRset has a TTL of %u s, kasp.xml says %u s: make a new "
		            "request, and have that signed", facts->ttl, policy->keys_ttl);
	}
	if (from > bundle->at) {
		return fail(c, "its signatures are good from %s on only", when_stamp(from, until));
	}
	if (expires < needed || expires <= bundle->at) {
		return fail(c, "its signatures are good until %s; the next bundle begins at %s, and "
		            "caches may have this one for %s more: refresh signatures earlier",
		            when_stamp(expires, until), when_stamp(bundle->until, next),
		            duration_text(skr_overlap(policy), span));
	}
	return last && expires <= c->rules->now ? fail(c, "its signatures have expired") : 0;
}

/* -- keys ---------------------------------------------------------------- */

static bool is_sep(const bundle_record_t *dnskey)
{
	return (dnskey->rdata[1] & DNSKEY_SEP) != 0;
}

static int tag_of(const bundle_record_t *dnskey)
{
	return dnskey_tag(is_sep(dnskey) ? KEYSET_KSK : KEYSET_ZSK, dnskey->rdata[3],
	                  dnskey->rdata + DNSKEY_HEAD, dnskey->len - DNSKEY_HEAD);
}

/* \return The zone's key of a DNSKEY; SIZE_MAX if it has none. */
static size_t find_key(const kasp_zone_t *zone, const bundle_record_t *dnskey)
{
	const keyset_role_t role = is_sep(dnskey) ? KEYSET_KSK : KEYSET_ZSK;
	for (size_t i = 0; i < zone->core.count; i++) {
		const zone_key_t *info = &zone->keys[i];
		if (zone->core.keys[i].role == role &&
		    zone->core.keys[i].algorithm == dnskey->rdata[3] &&
		    info->public_key_len + DNSKEY_HEAD == dnskey->len &&
		    memcmp(info->public_key, dnskey->rdata + DNSKEY_HEAD, info->public_key_len) == 0) {
			return i;
		}
	}
	return SIZE_MAX;
}

static bool has_tag(const kasp_zone_t *zone, int tag)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		if (zone->core.keys[i].keytag == tag) {
			return true;
		}
	}
	return false;
}

/* A KSK that the zone does not have yet: RRSIG and CDS name it by its tag alone. */
static int check_fresh(check_t *c, const bundle_record_t *dnskey)
{
	const int tag = tag_of(dnskey);
	bool other = has_tag(c->rules->zone, tag);
	for (size_t i = 0; i < c->fresh_count && !other; i++) {
		const bundle_record_t *fresh = &c->fresh[i];
		if (fresh->len == dnskey->len && memcmp(fresh->rdata, dnskey->rdata, fresh->len) == 0) {
			return 0;
		}
		other = tag_of(fresh) == tag;
	}
	if (other) {
		return fail(c, "KSK %d has the key tag of another key of the zone: make another KSK", tag);
	}
	if (c->fresh_count == CORE_KEYS_MAX) {
		return fail(c, "more than %d new KSKs", CORE_KEYS_MAX);
	}
	c->fresh[c->fresh_count++] = *dnskey;
	return 0;
}

static int check_key(check_t *c, const bundle_record_t *dnskey)
{
	const kasp_zone_t *zone = c->rules->zone;
	const int tag = tag_of(dnskey);
	const size_t known = find_key(zone, dnskey);
	if (tag < 0 || dnskey->rdata[3] != c->entry->algorithm) {
		return fail(c, "a key of algorithm %u; the policy has %u", dnskey->rdata[3],
		            c->entry->algorithm);
	}
	if (!is_sep(dnskey)) {
		return known != SIZE_MAX && !zone->core.keys[known].dead
		               ? 0
		               : fail(c, "ZSK %d is none of the zone's: only what ods ksr has asked "
		                      "for can be used", tag);
	}
	const unsigned bits = dnskey_bits(dnskey->rdata[3], dnskey->rdata + DNSKEY_HEAD,
	                                  dnskey->len - DNSKEY_HEAD);
	if (bits != c->entry->bits) {
		return fail(c, "KSK %d has %u bits; the policy has %u", tag, bits, c->entry->bits);
	}
	return known == SIZE_MAX ? check_fresh(c, dnskey) : 0;
}

static int check_keys(check_t *c)
{
	const char *at = c->bundle->text;
	bundle_record_t record;
	size_t zsks = 0;
	while (bundle_next(&at, &record) == 1) {
		if (record.type != KNOT_RRTYPE_DNSKEY) {
			continue;
		}
		zsks += !is_sep(&record);
		if (check_key(c, &record) != 0) {
			return -1;
		}
	}
	return zsks > 0 ? 0 : fail(c, "it has no ZSK");
}

/* Bytes of a key set's text, at most, without the bundle: of the zone, of each key without its public key. */
#define SET_TEXT 8192
#define KEY_TEXT 2048

static size_t key_size(size_t public_key_len)
{
	return KEY_TEXT + 2 * public_key_len;
}

/* Whether the bundle fits into a key set, with its keys, and those that caches still know. */
static int check_size(const check_t *c)
{
	const kasp_zone_t *zone = c->rules->zone;
	const char *at = c->bundle->text;
	size_t size = SET_TEXT + strlen(at), keys = 0;
	bundle_record_t record;
	while (bundle_next(&at, &record) == 1) {
		if (record.type == KNOT_RRTYPE_DNSKEY) {
			size += key_size(record.len - DNSKEY_HEAD);
			keys++;
		}
	}
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_key_t *core = &zone->core.keys[i];
		const bundle_key_t key = offer_key(core, &zone->keys[i]);
		if (!core_is_hidden(core) &&
		    !bundle_has_key(c->bundle->text, KNOT_RRTYPE_DNSKEY, &key)) {
			size += key_size(key.public_key_len);
			keys++;
		}
	}
	return size <= KEYSET_TEXT_MAX
	       ? 0 : fail(c, "with %zu keys it is too large for the signer: have fewer keys, or "
	                     "smaller ones, at a time", keys);
}

int skr_each_ksk(const char *bundle, int (*call)(void *ctx, const skr_ksk_t *ksk), void *ctx)
{
	bundle_record_t record;
	int ret = 0;
	while (ret == 0 && bundle_next(&bundle, &record) == 1) {
		if (record.type == KNOT_RRTYPE_DNSKEY && record.len > DNSKEY_HEAD && is_sep(&record)) {
			const int tag = tag_of(&record);
			const skr_ksk_t ksk = { record.rdata[3], (uint16_t)tag,
			                        record.rdata + DNSKEY_HEAD,
			                        (size_t)record.len - DNSKEY_HEAD };
			ret = tag < 0 ? -1 : call(ctx, &ksk);
		}
	}
	return ret;
}

/* -- the parent's DS ----------------------------------------------------- */

static bool signs(const char *bundle, const skr_ksk_t *ksk)
{
	const bundle_key_t key = { true, ksk->algorithm, ksk->keytag, ksk->public_key,
		                   ksk->public_key_len };
	return bundle_has_key(bundle, KNOT_RRTYPE_DNSKEY, &key) && bundle_signed_by(bundle, &key);
}

/* Seconds until a new KSK can have the DS alone, at the least. */
static int64_t handover(const policy_t *p)
{
	return skr_overlap(p) + p->publish_safety + p->parent_registration + p->parent_propagation +
	       p->parent_ds_ttl;
}

/* Since when a KSK has signed all bundles; INT64_MAX if it does not sign this one. */
static int64_t signed_since(const check_t *c, const skr_ksk_t *ksk)
{
	const kasp_zone_t *zone = c->rules->zone;
	int64_t since = INT64_MAX;
	for (const skr_bundle_t *b = c->bundle; b >= c->skr->bundles && signs(b->text, ksk); b--) {
		since = b->at;
	}
	for (size_t i = 0; i < zone->core.count && since == c->skr->bundles[0].at; i++) {
		const core_key_t *key = &zone->core.keys[i];
		if (key->keytag == ksk->keytag && core_in_zone(key, KEYSET_RRSIG_DNSKEY)) {
			since = key->record[KEYSET_RRSIG_DNSKEY].since;
		}
	}
	return since;
}

static int follow(void *ctx, const skr_ksk_t *ksk)
{
	const check_t *c = ctx;
	const int64_t since = signed_since(c, ksk);
	return since != INT64_MAX && c->bundle->at - since >= handover(c->rules->policy);
}

/* Each KSK that may have a DS signs, or another one has for so long that the DS can have followed. */
static int check_chain(check_t *c)
{
	const kasp_zone_t *zone = c->rules->zone;
	char span[DURATION_TEXT_MAX];
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_key_t *key = &zone->core.keys[i];
		const zone_key_t *info = &zone->keys[i];
		const skr_ksk_t ksk = { key->algorithm, key->keytag, info->public_key,
			                info->public_key_len };
		const keyset_state_t ds = key->record[KEYSET_DS].state;
		if (ds != KEYSET_NA && ds != KEYSET_HIDDEN && !signs(c->bundle->text, &ksk) &&
		    skr_each_ksk(c->bundle->text, follow, c) == 0) {
			return fail(c, "KSK %u, which may have the DS, does not sign it, and no other KSK "
			            "has signed for %s by then", key->keytag,
			            duration_text(handover(c->rules->policy), span));
		}
	}
	return 0;
}

/* -- all of it ----------------------------------------------------------- */

static int check_bundle(check_t *c)
{
	bundle_facts_t facts;
	char why[160];
	if (bundle_verify(c->bundle->text, c->name, &facts, why, sizeof(why)) != 0) {
		return fail(c, "%s", why);
	}
	return check_keys(c) == 0 && check_size(c) == 0 && check_times(c, &facts) == 0 &&
	       check_chain(c) == 0 ? 0 : -1;
}

static int check_gap(const check_t *c)
{
	char until[WHEN_TEXT_MAX];
	const skr_rules_t *rules = c->rules;
	if (rules->covered == 0 || c->bundle->at <= rules->now ||
	    rules->covered >= c->bundle->at + skr_overlap(rules->policy)) {
		return 0;
	}
	return fail(c, "what the zone has is good until %s: the first bundle has to begin earlier",
	            when_stamp(rules->covered, until));
}

int skr_check(const skr_t *skr, const skr_rules_t *rules, char *err, size_t err_size)
{
	check_t c = { .skr = skr, .rules = rules, .bundle = skr->bundles, .err = err,
		      .err_size = err_size };
	for (size_t i = 0; i < rules->policy->key_count; i++) {
		if (rules->policy->keys[i].role == KEYSET_KSK) {
			c.entry = &rules->policy->keys[i];
		}
	}
	if (c.entry == NULL || knot_dname_from_str(c.name, rules->zone->name, sizeof(c.name)) == NULL) {
		return fail(&c, "the policy has no KSK");
	}
	if (check_gap(&c) != 0) {
		return -1;
	}
	c.fresh = malloc(CORE_KEYS_MAX * sizeof(*c.fresh));
	int ret = c.fresh != NULL ? 0 : fail(&c, "out of memory");
	for (size_t i = 0; i < skr->count && ret == 0; i++) {
		c.bundle = &skr->bundles[i];
		ret = check_bundle(&c);
	}
	free(c.fresh);
	return ret;
}

/* -- advice -------------------------------------------------------------- */

/* \return The tag of a key that the next bundle does not have; -1 if it has all. */
static int leaving(const skr_bundle_t *bundle)
{
	const char *at = bundle->text;
	bundle_record_t record;
	while (bundle_next(&at, &record) == 1) {
		const int tag = record.type == KNOT_RRTYPE_DNSKEY ? tag_of(&record) : -1;
		const bundle_key_t key = { is_sep(&record), record.rdata[3], (uint16_t)tag,
			                   record.rdata + DNSKEY_HEAD,
			                   (size_t)record.len - DNSKEY_HEAD };
		if (tag >= 0 && !bundle_has_key(bundle[1].text, KNOT_RRTYPE_DNSKEY, &key)) {
			return tag;
		}
	}
	return -1;
}

void skr_advise(const skr_t *skr, const skr_rules_t *rules, char *text, size_t size)
{
	char when[WHEN_TEXT_MAX], span[DURATION_TEXT_MAX];
	const uint32_t refresh = rules->policy->refresh;
	text[0] = '\0';
	for (size_t i = 0; i + 1 < skr->count && text[0] == '\0'; i++) {
		const skr_bundle_t *bundle = &skr->bundles[i];
		const int64_t until = skr_span(bundle->text, rules->zone->name, bundle->at).until;
		const int tag = leaving(bundle);
		if (tag >= 0 && until - bundle->until < refresh) {
			snprintf(text, size, "the bundle of %s is good for %s beyond the next one, in "
			         "which key %d is no more, and which may be late: better have "
			         "the ceremony sign with rrsig-refresh: %us, the policy's <Refresh>",
			         when_stamp(bundle->at, when),
			         duration_text(until - bundle->until, span), tag, refresh);
		}
	}
}
