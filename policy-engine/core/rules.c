/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/core/rules.h"

#include "policy-engine/core/mutant.h"

#define KEYS_MAX 64     /* Bits of a set_t. */
#define VERSIONS_MAX 48 /* Of an RRset in caches at a time. No step is allowed beyond that. */

_Static_assert(CORE_KEYS_MAX < KEYS_MAX, "a set of keys is a uint64_t");

/* A set of keys: a bit for each that caches may know. */
typedef uint64_t set_t;

/* A DNSKEY RRset that some cache may hold. */
typedef struct {
	set_t published, signers;
} dnskeys_t;

/* The signatures that some cache may hold. An RRset has those of all active keys; while keys fade,
 * it may instead have that of one fading key alone. */
typedef struct {
	set_t active, fading;
} signatures_t;

/* What is in the world's caches. */
typedef struct {
	set_t ds_sure;   /* In every DS RRset. */
	set_t ds_maybe;  /* In some. */
	set_t ds_secure; /* At the parent for certain. */
	set_t of_algorithm[KEYS_MAX];
	uint8_t algorithms[KEYS_MAX];
	size_t algorithm_count;
	dnskeys_t dnskeys[VERSIONS_MAX]; /* The last one is the newest. */
	size_t dnskey_count;
	signatures_t signatures[VERSIONS_MAX];
	size_t signature_count;
} belief_t;

/* The key sets that changed something of which caches may hold before and after; sorted. */
typedef struct {
	uint64_t at[VERSIONS_MAX];
	size_t count;
	bool overflow;
} revisions_t;

static void add_revision(revisions_t *all, uint64_t revision)
{
	size_t i = all->count;
	while (i > 0 && all->at[i - 1] > revision) {
		i--;
	}
	if (i > 0 && all->at[i - 1] == revision) {
		return;
	}
	if (all->count == VERSIONS_MAX) {
		all->overflow = true;
		return;
	}
	for (size_t k = all->count++; k > i; k--) {
		all->at[k] = all->at[k - 1];
	}
	all->at[i] = revision;
}

static void add_record(revisions_t *all, const core_record_t *record)
{
	if (record->state == KEYSET_RUMOURED || record->state == KEYSET_UNRETENTIVE) {
		add_revision(all, record->revision);
		add_revision(all, record->came);
	}
}

/* Whether the version of that key set has the record. */
static bool was_in(const core_record_t *record, uint64_t revision)
{
	switch (record->state) {
	case KEYSET_OMNIPRESENT:
		return true;
	case KEYSET_RUMOURED:
		return revision >= record->came;
	case KEYSET_UNRETENTIVE:
		return revision >= record->came && revision < record->revision;
	default:
		break;
	}
	return false;
}

/* Whether the version of that key set may have signatures of the key, though the key signs no more:
 * the signer drops them at once only when the DNSKEY goes. */
static bool fades_in(const core_key_t *key, uint64_t revision)
{
	const core_record_t *rrsig = &key->record[KEYSET_RRSIG];
	core_record_t dnskey = key->record[KEYSET_DNSKEY];
	if (dnskey.state == KEYSET_HIDDEN) {
		dnskey.state = KEYSET_UNRETENTIVE; /* Signatures may be longer in caches. */
	}
	return CORE_RULE(MUTANT_FADING) && rrsig->state == KEYSET_UNRETENTIVE &&
	       revision >= rrsig->revision && was_in(&dnskey, revision);
}

bool rules_fades(const core_key_t *key)
{
	return fades_in(key, key->record[KEYSET_RRSIG].revision);
}

static void see_ds(belief_t *view, const core_key_t *key, set_t bit, bool unsure)
{
	const core_record_t *ds = &key->record[KEYSET_DS];
	switch (ds->state) {
	case KEYSET_OMNIPRESENT:
		*(unsure ? &view->ds_maybe : &view->ds_sure) |= bit;
		view->ds_secure |= bit;
		break;
	case KEYSET_RUMOURED:
		view->ds_secure |= ds->public_at != 0 ? bit : 0;
		view->ds_maybe |= bit;
		break;
	case KEYSET_UNRETENTIVE:
		view->ds_maybe |= bit;
		break;
	default:
		break;
	}
}

static void see_algorithm(belief_t *view, const core_key_t *key, set_t bit)
{
	size_t i = 0;
	while (i < view->algorithm_count && view->algorithms[i] != key->algorithm) {
		i++;
	}
	if (i == view->algorithm_count) {
		view->algorithms[i] = key->algorithm;
		view->of_algorithm[i] = 0;
		view->algorithm_count++;
	}
	view->of_algorithm[i] |= bit;
}

static void see_versions(belief_t *view, const core_key_t *key, set_t bit,
                         const revisions_t *dnskeys, const revisions_t *signatures)
{
	for (size_t v = 0; v < dnskeys->count; v++) {
		uint64_t at = dnskeys->at[v];
		dnskeys_t *seen = &view->dnskeys[v];
		seen->published |= was_in(&key->record[KEYSET_DNSKEY], at) ? bit : 0;
		seen->signers |= was_in(&key->record[KEYSET_RRSIG_DNSKEY], at) ? bit : 0;
	}
	for (size_t v = 0; v < signatures->count; v++) {
		uint64_t at = signatures->at[v];
		signatures_t *seen = &view->signatures[v];
		seen->active |= was_in(&key->record[KEYSET_RRSIG], at) ? bit : 0;
		seen->fading |= fades_in(key, at) ? bit : 0;
	}
}

static void collect(const core_zone_t *zone, revisions_t *dnskeys, revisions_t *signatures)
{
	/* What all caches agree on is in the oldest version. */
	*dnskeys = (revisions_t){ .count = 1 };
	*signatures = (revisions_t){ .count = 1 };
	for (size_t i = 0; i < zone->count; i++) {
		const core_record_t *records = zone->keys[i].record;
		add_record(dnskeys, &records[KEYSET_DNSKEY]);
		add_record(dnskeys, &records[KEYSET_RRSIG_DNSKEY]);
		add_record(signatures, &records[KEYSET_RRSIG]);
		if (records[KEYSET_RRSIG].state == KEYSET_UNRETENTIVE) {
			add_revision(signatures, records[KEYSET_DNSKEY].revision);
		}
	}
}

/* Collects what caches may hold of the subject and of all keys that they may know. unsure: they may
 * lack any DS. \return Whether there was room for all of it. */
static bool look(belief_t *view, const core_zone_t *zone, size_t subject, bool unsure)
{
	revisions_t dnskeys, signatures;
	collect(zone, &dnskeys, &signatures);
	*view = (belief_t){ .dnskey_count = dnskeys.count, .signature_count = signatures.count };
	size_t keys = 0;
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (core_is_hidden(key) && i != subject) {
			continue;
		}
		if (keys == KEYS_MAX) {
			return false;
		}
		set_t bit = (set_t)1 << keys++;
		see_ds(view, key, bit, unsure);
		see_algorithm(view, key, bit);
		see_versions(view, key, bit, &dnskeys, &signatures);
	}
	return !dnskeys.overflow && !signatures.overflow;
}

/* A validator follows any DS of the algorithm that it holds. It holds at least the sure ones. */
static bool is_chain(const belief_t *view, const dnskeys_t *dnskeys, set_t algorithm)
{
	set_t usable = dnskeys->published & dnskeys->signers;
	if ((view->ds_sure & algorithm) != 0) {
		return (view->ds_sure & algorithm & usable) != 0;
	}
	return (view->ds_maybe & algorithm & ~usable) == 0;
}

static bool is_signed(const dnskeys_t *dnskeys, const signatures_t *signatures, set_t algorithm)
{
	set_t published = dnskeys->published & algorithm;
	if (published == 0) {
		return true;
	}
	return (published & signatures->active) != 0 &&
	       (signatures->fading & algorithm & ~published) == 0;
}

static bool chain_holds(const belief_t *view, set_t algorithm)
{
	for (size_t d = 0; d < view->dnskey_count; d++) {
		if (!is_chain(view, &view->dnskeys[d], algorithm)) {
			return false;
		}
	}
	return true;
}

static bool signed_holds(const belief_t *view, set_t algorithm)
{
	if ((view->ds_sure | view->ds_maybe) == 0) {
		return true;
	}
	for (size_t d = 0; d < view->dnskey_count; d++) {
		for (size_t s = 0; s < view->signature_count; s++) {
			if (!is_signed(&view->dnskeys[d], &view->signatures[s], algorithm)) {
				return false;
			}
		}
	}
	return true;
}

/* The newest key set has a key for the DNSKEY RRset, and one for the rest. */
static bool is_whole(const belief_t *view)
{
	const dnskeys_t *dnskeys = &view->dnskeys[view->dnskey_count - 1];
	const signatures_t *signatures = &view->signatures[view->signature_count - 1];
	return (dnskeys->published & dnskeys->signers) != 0 &&
	       (dnskeys->published & signatures->active) != 0;
}

/* Which rule the step breaks. If another algorithm than the key's was invalid before, that does not
 * count: to refuse the step would not mend it. */
static core_wait_t compare(const belief_t *before, const belief_t *after, uint8_t algorithm,
                           bool unsigned_goal)
{
	if (CORE_RULE(MUTANT_SECURE) && !unsigned_goal && before->ds_secure != 0 &&
	    after->ds_secure == 0) {
		return CORE_WAIT_SECURE;
	}
	for (size_t i = 0; i < after->algorithm_count; i++) {
		set_t keys = after->of_algorithm[i];
		bool own = after->algorithms[i] == algorithm;
		if (CORE_RULE(MUTANT_CHAIN) && !chain_holds(after, keys) &&
		    (own || chain_holds(before, keys))) {
			return CORE_WAIT_CHAIN;
		}
		if (CORE_RULE(MUTANT_SIGNED) && !signed_holds(after, keys) &&
		    (own || signed_holds(before, keys))) {
			return CORE_WAIT_SIGNED;
		}
	}
	if (CORE_RULE(MUTANT_WHOLE) && !unsigned_goal && is_whole(before) && !is_whole(after)) {
		return CORE_WAIT_SIGNED;
	}
	return CORE_DONE;
}

core_wait_t rules_judge(core_zone_t *zone, size_t key, keyset_record_t record, core_record_t next,
                        bool unsigned_goal)
{
	core_record_t *subject = &zone->keys[key].record[record];
	core_record_t saved = *subject;
	belief_t before, after;
	*subject = next;
	bool judged = look(&after, zone, key, false);
	*subject = saved;
	if (!judged) {
		return CORE_WAIT_CHANGES;
	}
	look(&before, zone, key, false);
	return compare(&before, &after, zone->keys[key].algorithm, unsigned_goal);
}

bool rules_relies(core_zone_t *zone, size_t key, keyset_record_t record, core_record_t next,
                  bool unsigned_goal)
{
	if (record == KEYSET_RRSIG || zone->keys[key].role == KEYSET_ZSK) {
		return false; /* No DS leads to these. */
	}
	core_record_t *subject = &zone->keys[key].record[record];
	core_record_t saved = *subject;
	belief_t before, after;
	look(&before, zone, key, true);
	*subject = next;
	look(&after, zone, key, true);
	*subject = saved;
	bool withdrawn = record == KEYSET_DS && next.state == KEYSET_UNRETENTIVE;
	return (withdrawn && !unsigned_goal && after.ds_secure != 0) ||
	       compare(&before, &after, zone->keys[key].algorithm, unsigned_goal) != CORE_DONE;
}
