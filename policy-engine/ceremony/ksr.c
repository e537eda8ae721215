/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/ceremony/ksr.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/when.h"
#include "policy-engine/core/plan.h"
#include "policy-engine/simulate/simulate.h"

#define TITLE ";; KeySigningRequest 1.0"

/* A ZSK, and when its DNSKEY is published. */
typedef struct {
	size_t key;         /* Of the zone; SIZE_MAX: there are too few. */
	int64_t from, to;
} stay_t;

typedef struct {
	const ksr_t *ksr;
	stay_t *stays;
	size_t count;
	unsigned needed;
	bool lacks;
} plan_t;

/* -- which ZSK when ------------------------------------------------------ */

/* \return The zone's ZSK of that tag; SIZE_MAX if there is none. */
static size_t find_tag(const kasp_zone_t *zone, uint16_t keytag)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		if (zone->core.keys[i].role == KEYSET_ZSK && zone->core.keys[i].keytag == keytag) {
			return i;
		}
	}
	return SIZE_MAX;
}

/* \return The nth ZSK on standby of that kind, and of the policy, from 0 on; SIZE_MAX if there are too few. */
static size_t find_standby(const ksr_t *ksr, const timeline_key_t *line, unsigned nth)
{
	const core_zone_t *zone = &ksr->zone->core;
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i];
		if (key->role == KEYSET_ZSK && key->standby && !key->dead &&
		    plan_entry(ksr->policy, key) != NULL && key->algorithm == line->algorithm &&
		    key->bits == line->bits && nth-- == 0) {
			return i;
		}
	}
	return SIZE_MAX;
}

static bool is_published(const span_t *span)
{
	return span->state == KEYSET_RUMOURED || span->state == KEYSET_OMNIPRESENT;
}

/* Takes one ZSK of the simulation. */
static void take(plan_t *plan, const timeline_key_t *line)
{
	const ksr_t *ksr = plan->ksr;
	const spans_t *spans = &line->records[KEYSET_DNSKEY];
	const int64_t late = (int64_t)ksr->policy->resign + ksr->policy->zone_propagation;
	stay_t stay = { .from = INT64_MAX, .to = INT64_MAX };
	for (size_t i = 0; i < spans->count; i++) {
		if (is_published(&spans->spans[i])) {
			stay.from = spans->spans[i].from < stay.from ? spans->spans[i].from : stay.from;
		} else if (stay.from != INT64_MAX && stay.to == INT64_MAX) {
			stay.to = spans->spans[i].from + late;
		}
	}
	if (stay.from > ksr->until || stay.to <= ksr->from) {
		return;
	}
	stay.key = line->keytag != 0 ? find_tag(ksr->zone, line->keytag)
	                             : find_standby(ksr, line, plan->needed);
	plan->needed += line->keytag == 0;
	plan->lacks = plan->lacks || stay.key == SIZE_MAX;
	plan->stays[plan->count++] = stay;
}

/* The policy, with a KSK that does not roll: that is the ceremony's part. */
static int copy_policy(policy_t *copy, const policy_t *policy)
{
	*copy = *policy;
	copy->keys = calloc(policy->key_count + 1, sizeof(*copy->keys));
	for (size_t i = 0; copy->keys != NULL && i < policy->key_count; i++) {
		copy->keys[i] = policy->keys[i];
		if (copy->keys[i].role == KEYSET_KSK) {
			copy->keys[i].lifetime = 0;
		}
	}
	return copy->keys != NULL ? 0 : -1;
}

static int plan_stays(plan_t *plan)
{
	const ksr_t *ksr = plan->ksr;
	policy_t policy;
	timeline_t timeline;
	if (copy_policy(&policy, ksr->policy) != 0) {
		return -1;
	}
	const simulate_t what = { .policy = &policy, .zone = &ksr->zone->core, .facts = ksr->facts,
	                          .from = ksr->now, .to = ksr->until };
	int ret = simulate(&what, &timeline);
	plan->stays = ret == 0 ? calloc(timeline.key_count + 1, sizeof(*plan->stays)) : NULL;
	ret = plan->stays != NULL ? 0 : -1;
	for (size_t i = 0; ret == 0 && i < timeline.key_count; i++) {
		if (timeline.keys[i].role == KEYSET_ZSK) {
			take(plan, &timeline.keys[i]);
		}
	}
	timeline_deinit(&timeline);
	free(policy.keys);
	return ret;
}

/* -- the text ------------------------------------------------------------ */

static void write_bundle(FILE *out, const plan_t *plan, int64_t at)
{
	const ksr_t *ksr = plan->ksr;
	char when[WHEN_TEXT_MAX];
	fprintf(out, TITLE " %" PRId64 " (%s) =========\n", at, when_stamp(at, when));
	for (size_t i = 0; i < plan->count; i++) {
		const stay_t *stay = &plan->stays[i];
		if (stay->from > at || stay->to <= at) {
			continue;
		}
		const dnskey_t key = kasp_zone_dnskey(ksr->zone, stay->key);
		char *record = dnskey_text(&key, DNSKEY_DNSKEY, ksr->policy->keys_ttl);
		fprintf(out, "%s ; ZSK, id = %u\n", record != NULL ? record : "; out of memory",
		        ksr->zone->core.keys[stay->key].keytag);
		free(record);
	}
}

/* \return When the ZSKs change next after a time; until at the latest. */
static int64_t next_change(const plan_t *plan, int64_t after)
{
	int64_t next = plan->ksr->until;
	for (size_t i = 0; i < plan->count; i++) {
		const int64_t times[] = { plan->stays[i].from, plan->stays[i].to };
		for (size_t k = 0; k < 2; k++) {
			next = times[k] > after && times[k] < next ? times[k] : next;
		}
	}
	return next;
}

static char *write_text(const plan_t *plan)
{
	char *text = NULL, when[WHEN_TEXT_MAX];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL) {
		return NULL;
	}
	for (int64_t at = plan->ksr->from; at < plan->ksr->until; at = next_change(plan, at)) {
		write_bundle(out, plan, at);
	}
	write_bundle(out, plan, plan->ksr->until);
	fprintf(out, TITLE " generated at %s by mod-opendnssec\n", when_stamp(plan->ksr->now, when));
	const bool failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

int ksr_make(const ksr_t *ksr, char **text, unsigned *needed)
{
	plan_t plan = { .ksr = ksr };
	int ret = plan_stays(&plan);
	if (ret == 0) {
		char *made = plan.lacks ? NULL : write_text(&plan);
		ret = made != NULL || plan.lacks ? 0 : -1;
		*text = made;
		*needed = plan.needed;
	}
	free(plan.stays);
	return ret;
}
