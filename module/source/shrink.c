/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/shrink.h"

#include <inttypes.h>
#include <stdio.h>

#include <libknot/errcode.h>

/* Names, or delegations, that an input has to have before it can lose too many: a small zone may
 * well lose half of its few. */
#define FROM 100

static unsigned limit_of(source_t *source)
{
	pthread_mutex_lock(&source->lock);
	const unsigned limit = source->settings.shrink_limit;
	pthread_mutex_unlock(&source->lock);
	return limit;
}

static bool is_lost(uint64_t before, uint64_t after, unsigned limit)
{
	return before >= FROM && after * 100 < before * limit;
}

bool shrink_is_lost(source_t *source, const shrink_t *shrink)
{
	bool passed = false;
	const unsigned limit = limit_of(source);
	const measure_t *before = &shrink->before, *after = &shrink->after;
	(void)held_has(source->args.held, HELD_SHRINK, shrink->what, &passed);
	return !passed && (is_lost(before->names, after->names, limit) ||
	                   is_lost(before->delegations, after->delegations, limit));
}

void shrink_hold(source_t *source, const shrink_t *shrink)
{
	char why[640];
	const unsigned limit = limit_of(source);
	const measure_t *before = &shrink->before, *after = &shrink->after;
	const bool names = is_lost(before->names, after->names, limit);
	snprintf(why, sizeof(why),
	         "%s has %" PRIu64 " of %" PRIu64 " %s, less than %u %%; the last "
	         "good zone stays",
	         shrink->origin, names ? after->names : after->delegations,
	         names ? before->names : before->delegations, names ? "names" : "delegations",
	         limit);
	held_set(source->args.held, HELD_SHRINK, shrink->what, why);
}

int shrink_judge(source_t *source, const state_t *state, const contents_t *contents,
                 shrink_t *shrink, bool *held)
{
	store_txn_t txn;
	*held = false;
	if (state->in.names < FROM || limit_of(source) == 0) {
		return KNOT_EOK;
	}
	shrink->after = measure_contents(contents);
	int ret = store_read(source->args.store, &txn);
	if (ret == KNOT_EOK) {
		ret = measure_input(&txn, state->in.nodes, source->args.zone, &shrink->before);
		store_abort(&txn);
	}
	*held = ret == KNOT_EOK && shrink_is_lost(source, shrink);
	if (*held) {
		shrink_hold(source, shrink);
	}
	return ret;
}

uint64_t shrink_worth(source_t *source)
{
	const unsigned limit = limit_of(source);
	return limit == 0 ? UINT64_MAX : limit >= 100 ? 1 : FROM * (100 - limit) / 100;
}
