/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/simulate/outcome.h"

#include <stdlib.h>

static bool same_kind(const outcome_t *a, const outcome_t *b)
{
	return a->role == b->role && a->algorithm == b->algorithm && a->bits == b->bits;
}

static void first(int64_t *at, int64_t when)
{
	*at = *at == 0 ? when : *at;
}

static void note_state(outcome_t *key, const timeline_event_t *event)
{
	if (event->after == KEYSET_OMNIPRESENT && key->at[OUTCOME_LEAVES] == 0) {
		key->at[OUTCOME_KNOWN] = event->at;
	} else if (event->after == KEYSET_HIDDEN) {
		key->at[OUTCOME_GONE] = event->at;
	} else if (event->record == KEYSET_DS && event->after == KEYSET_RUMOURED) {
		first(&key->at[OUTCOME_DS], event->at);
	} else if (event->record == KEYSET_DS && event->after == KEYSET_UNRETENTIVE) {
		first(&key->at[OUTCOME_NO_DS], event->at);
	}
}

static void note(outcome_t *key, const timeline_event_t *event)
{
	if (event->kind == TIMELINE_STATE) {
		note_state(key, event);
	} else if (event->kind == TIMELINE_PLAN && event->plan == PLAN_INTRODUCED) {
		first(&key->at[OUTCOME_COMES], event->at);
	} else if (event->kind == TIMELINE_PLAN &&
	           (event->plan == PLAN_REPLACED || event->plan == PLAN_UNWANTED)) {
		first(&key->at[OUTCOME_LEAVES], event->at);
	}
}

/* Whether some cache may still have a record of the key when the simulation ends. */
static bool is_there(const timeline_t *timeline, const timeline_key_t *key)
{
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		const spans_t *spans = &key->records[r];
		if (spans->count > 0 && spans->spans[spans->count - 1].to == timeline->to) {
			return true;
		}
	}
	return false;
}

outcome_t *outcomes_of(const timeline_t *timeline)
{
	const size_t count = timeline->key_count;
	outcome_t *outcomes = calloc(count + 1, sizeof(*outcomes));
	for (size_t i = 0; outcomes != NULL && i < count; i++) {
		const timeline_key_t *key = &timeline->keys[i];
		outcomes[i] = (outcome_t){ .role = key->role, .algorithm = key->algorithm,
			                   .bits = key->bits, .keytag = key->keytag };
		for (size_t other = 0; other < i && key->keytag == 0; other++) {
			outcomes[i].nth += outcomes[other].keytag == 0 &&
			                   same_kind(&outcomes[other], &outcomes[i]);
		}
	}
	for (size_t i = 0; outcomes != NULL && i < timeline->event_count; i++) {
		const timeline_event_t *event = &timeline->events[i];
		if (event->key < count) {
			note(&outcomes[event->key], event);
		}
	}
	for (size_t i = 0; outcomes != NULL && i < count; i++) {
		if (is_there(timeline, &timeline->keys[i])) {
			outcomes[i].at[OUTCOME_GONE] = 0; /* Another of its records went. */
		}
	}
	return outcomes;
}

const outcome_t *outcome_find(const outcome_t *outcomes, size_t count, const outcome_t *key)
{
	for (size_t i = 0; i < count; i++) {
		if (same_kind(&outcomes[i], key) && outcomes[i].keytag == key->keytag &&
		    outcomes[i].nth == key->nth) {
			return &outcomes[i];
		}
	}
	return NULL;
}

const char *outcome_words(outcome_step_t step)
{
	static const char *const words[OUTCOME_STEPS] = {
		[OUTCOME_COMES] = "comes into use",
		[OUTCOME_DS] = "its DS is to be given to the parent",
		[OUTCOME_KNOWN] = "all caches may use it",
		[OUTCOME_LEAVES] = "begins to go",
		[OUTCOME_NO_DS] = "its DS is to be removed from the parent",
		[OUTCOME_GONE] = "no cache has it any more",
	};
	return words[step];
}
