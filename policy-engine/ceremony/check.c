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
#include "policy-engine/core/mutant.h"
#include "policy-engine/zone/offer.h"

typedef struct {
	const skr_t *skr;
	const skr_rules_t *rules;
	const policy_key_t *entry;  /* The policy's KSK. */
	knot_dname_storage_t name;
	const skr_bundle_t *bundle; /* That is being checked. */
	int64_t since;              /* When the signatures of the one before began. */
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

static int check_times(check_t *c, const bundle_facts_t *facts)
{
	char until[WHEN_TEXT_MAX], next[WHEN_TEXT_MAX], span[DURATION_TEXT_MAX];
	const skr_bundle_t *bundle = c->bundle;
	const policy_t *policy = c->rules->policy;
	const int64_t from = moment_near(facts->inception, bundle->at);
	const int64_t expires = moment_near(facts->expiration, bundle->at);
	const bool last = bundle == &c->skr->bundles[c->skr->count - 1];
	const int64_t needed = bundle->until + (last ? 0 : skr_overlap(policy));
	if (facts->ttl != policy->keys_ttl && CORE_RULE(MUTANT_BUNDLE_TTL)) {
		return fail(c, "the DNSKEY RRset has a TTL of %u s, kasp.xml says %u s: make a new "
		            "request, and have that signed", facts->ttl, policy->keys_ttl);
	}
	if (from > bundle->at && CORE_RULE(MUTANT_BUNDLE_FROM)) {
		return fail(c, "its signatures are good from %s on only", when_stamp(from, until));
	}
	if (from < c->since && CORE_RULE(MUTANT_BUNDLE_ORDER)) {
		return fail(c, "its signatures begin at %s, those of the bundle before it at %s: have them "
		            "signed in the order of their times", when_stamp(from, until),
		            when_stamp(c->since, next));
	}
	c->since = from;
	if ((expires < needed || expires <= bundle->at) && CORE_RULE(MUTANT_BUNDLE_UNTIL)) {
		return fail(c, "its signatures are good until %s; the next bundle begins at %s, and "
		            "caches may have this one for %s more: refresh signatures earlier",
		            when_stamp(expires, until), when_stamp(bundle->until, next),
		            duration_text(skr_overlap(policy), span));
	}
	return last && expires <= c->rules->now ? fail(c, "its signatures have expired") : 0;
}

/* -- keys ---------------------------------------------------------------- */

/* Takes the next DNSKEY from a bundle. \return Whether there was one; key borrows from record. */
static bool next_key(const char **at, bundle_record_t *record, bundle_key_t *key)
{
	while (bundle_next(at, record) == 1) {
		if (bundle_key(record, key)) {
			return true;
		}
	}
	return false;
}

static bool has_tag(const kasp_zone_t *zone, uint16_t tag)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		if (zone->core.keys[i].keytag == tag) {
			return true;
		}
	}
	return false;
}

/* A KSK that the zone does not have yet: RRSIG and CDS name it by its tag alone. */
static int check_fresh(check_t *c, const bundle_record_t *dnskey, const bundle_key_t *key)
{
	bool other = has_tag(c->rules->zone, key->keytag);
	for (size_t i = 0; i < c->fresh_count && !other; i++) {
		const bundle_record_t *fresh = &c->fresh[i];
		bundle_key_t before;
		if (fresh->len == dnskey->len && memcmp(fresh->rdata, dnskey->rdata, fresh->len) == 0) {
			return 0;
		}
		other = bundle_key(fresh, &before) && before.keytag == key->keytag;
	}
	if (other) {
		return fail(c, "KSK %u has the key tag of another key of the zone: make another KSK",
		            key->keytag);
	}
	if (c->fresh_count == CORE_KEYS_MAX) {
		return fail(c, "more than %d new KSKs", CORE_KEYS_MAX);
	}
	c->fresh[c->fresh_count++] = *dnskey;
	return 0;
}

static int check_key(check_t *c, const bundle_record_t *dnskey, const bundle_key_t *key)
{
	const kasp_zone_t *zone = c->rules->zone;
	const size_t known = offer_find(zone, key);
	if (key->algorithm != c->entry->algorithm) {
		return fail(c, "a key of algorithm %u; the policy has %u", key->algorithm,
		            c->entry->algorithm);
	}
	if (!key->sep) {
		return (known != SIZE_MAX && !zone->core.keys[known].dead) ||
		                               !CORE_RULE(MUTANT_BUNDLE_ZSK)
		               ? 0
		               : fail(c, "ZSK %u is none of the zone's: only what ods ksr has asked "
		                      "for can be used", key->keytag);
	}
	const unsigned bits = dnskey_bits(key->algorithm, key->public_key, key->public_key_len);
	if (bits != c->entry->bits) {
		return fail(c, "KSK %u has %u bits; the policy has %u", key->keytag, bits,
		            c->entry->bits);
	}
	return known == SIZE_MAX ? check_fresh(c, dnskey, key) : 0;
}

static int check_keys(check_t *c)
{
	const char *at = c->bundle->text;
	bundle_record_t record;
	bundle_key_t key;
	size_t zsks = 0;
	while (next_key(&at, &record, &key)) {
		zsks += !key.sep;
		if (check_key(c, &record, &key) != 0) {
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
	bundle_key_t key;
	while (next_key(&at, &record, &key)) {
		size += key_size(key.public_key_len);
		keys++;
	}
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_key_t *core = &zone->core.keys[i];
		key = offer_key(core, &zone->keys[i]);
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

int skr_each_ksk(const char *bundle, int (*call)(void *ctx, const bundle_key_t *ksk), void *ctx)
{
	bundle_record_t record;
	bundle_key_t key;
	int ret = 0;
	while (ret == 0 && next_key(&bundle, &record, &key)) {
		ret = key.sep ? call(ctx, &key) : 0;
	}
	return ret;
}

/* -- the parent's DS ----------------------------------------------------- */

static bool signs(const char *bundle, const bundle_key_t *ksk)
{
	return bundle_has_key(bundle, KNOT_RRTYPE_DNSKEY, ksk) && bundle_signed_by(bundle, ksk);
}

/* Seconds until a new KSK can have the DS alone, at the least. */
static int64_t handover(const policy_t *p)
{
	return skr_overlap(p) + p->publish_safety + p->parent_registration + p->parent_propagation +
	       p->parent_ds_ttl;
}

/* Since when a KSK has signed all bundles; INT64_MAX if it does not sign this one. */
static int64_t signed_since(const check_t *c, const bundle_key_t *ksk)
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

/* Whether the parent has the DS of a KSK, or can get it: of one that goes it cannot. */
static bool can_have_ds(const kasp_zone_t *zone, const bundle_key_t *ksk)
{
	const size_t known = offer_find(zone, ksk);
	return known == SIZE_MAX || zone->core.keys[known].goal_in ||
	       core_in_zone(&zone->core.keys[known], KEYSET_DS);
}

static int follow(void *ctx, const bundle_key_t *ksk)
{
	const check_t *c = ctx;
	const int64_t since = signed_since(c, ksk);
	return can_have_ds(c->rules->zone, ksk) && since != INT64_MAX &&
	       c->bundle->at - since >= handover(c->rules->policy);
}

/* Whether a KSK that is to have the DS signs the bundle, or another one has for so long that the DS can have
 * followed. */
static int check_ksk(void *ctx, const bundle_key_t *ksk)
{
	check_t *c = ctx;
	char span[DURATION_TEXT_MAX];
	if (!CORE_RULE(MUTANT_BUNDLE_CHAIN) || signs(c->bundle->text, ksk) ||
	    skr_each_ksk(c->bundle->text, follow, c) != 0) {
		return 0;
	}
	return fail(c, "KSK %u, which may have the DS, does not sign it, and no other KSK that can get it "
	            "has signed for %s by then", ksk->keytag,
	            duration_text(handover(c->rules->policy), span));
}

static int check_before(void *ctx, const bundle_key_t *ksk)
{
	const check_t *c = ctx;
	return signs(c->bundle[-1].text, ksk) ? check_ksk(ctx, ksk) : 0;
}

/* Those that the zone has, and those that sign the bundle before: their DS may be at the parent by then. */
static int check_chain(check_t *c)
{
	const kasp_zone_t *zone = c->rules->zone;
	int ret = 0;
	for (size_t i = 0; i < zone->core.count && ret == 0; i++) {
		const core_key_t *key = &zone->core.keys[i];
		const bundle_key_t ksk = offer_key(key, &zone->keys[i]);
		const keyset_state_t ds = key->record[KEYSET_DS].state;
		const bool comes = ds == KEYSET_HIDDEN && key->goal_in && core_in_zone(key, KEYSET_RRSIG_DNSKEY);
		ret = comes || (ds != KEYSET_NA && ds != KEYSET_HIDDEN) ? check_ksk(c, &ksk) : 0;
	}
	return ret == 0 && c->bundle > c->skr->bundles
	       ? skr_each_ksk(c->bundle[-1].text, check_before, c) : ret;
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
	if (rules->before.until == 0 || c->bundle->at <= rules->now || !CORE_RULE(MUTANT_BUNDLE_GAP) ||
	    rules->before.until >= c->bundle->at + skr_overlap(rules->policy)) {
		return 0;
	}
	return fail(c, "what the zone has is good until %s: the first bundle has to begin earlier",
	            when_stamp(rules->before.until, until));
}

int skr_check(const skr_t *skr, const skr_rules_t *rules, char *err, size_t err_size)
{
	check_t c = { .skr = skr, .rules = rules, .bundle = skr->bundles, .since = rules->before.from, .err = err,
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
	bundle_key_t key;
	while (next_key(&at, &record, &key)) {
		if (!bundle_has_key(bundle[1].text, KNOT_RRTYPE_DNSKEY, &key)) {
			return key.keytag;
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
