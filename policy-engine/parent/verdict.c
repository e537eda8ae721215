/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/verdict.h"

#include <string.h>

#include "policy-engine/core/mutant.h"

const unsigned verdict_digests[VERDICT_DIGESTS] = { 1, 2, 4 };

/* Whether a server has a DS of the key that resolvers use: SHA-1 alone may not do (RFC 8624). */
static bool has_usable(const verdict_ds_t *ds, const ds_answer_t *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		for (size_t d = 1; d < VERDICT_DIGESTS; d++) {
			if (ds->ds_len[d] > 0 && answer->ds[i].len == (size_t)ds->ds_len[d] &&
			    memcmp(answer->ds[i].rdata, ds->ds[d], answer->ds[i].len) == 0) {
				return true;
			}
		}
	}
	return false;
}

bool verdict_has_any(const verdict_ds_t *ds, const ds_answer_t *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		const uint8_t *rdata = answer->ds[i].rdata;
		if (answer->ds[i].len < 4 || (rdata[0] << 8 | rdata[1]) != ds->keytag ||
		    rdata[2] != ds->algorithm) {
			continue;
		}
		bool known = false, same = false;
		for (size_t d = 0; d < VERDICT_DIGESTS; d++) {
			bool kind = rdata[3] == verdict_digests[d] && ds->ds_len[d] > 0;
			known = known || kind;
			same = same || (kind && answer->ds[i].len == (size_t)ds->ds_len[d] &&
			                memcmp(rdata, ds->ds[d], answer->ds[i].len) == 0);
		}
		if (same || !known) {
			return true;
		}
	}
	return false;
}

/* \return What is wrong with what a server says, after all that others have said. */
static const char *judge(const verdict_ds_t *ds, const verdict_tally_t *tally, bool usable,
                         bool any)
{
	switch (ds->wish) {
	case PARENT_COMES:
		return usable ? NULL : "does not have it yet";
	case PARENT_GOES:
		return any ? "still has it" : NULL;
	default:
		break;
	}
	if (tally->there && tally->absent) {
		return usable ? "has it, and others do not" : "does not have it, and others do";
	}
	return usable || !any ? NULL : "has it with a digest that resolvers need not accept";
}

const char *verdict_count(const verdict_ds_t *ds, const ds_answer_t *answer, verdict_tally_t *tally)
{
	core_shown_t *shown = &tally->shown;
	bool usable = has_usable(ds, answer), any = verdict_has_any(ds, answer);
	tally->there = tally->there || usable;
	tally->absent = tally->absent || !any;
	shown->ttl = answer->ttl > shown->ttl ? answer->ttl : shown->ttl;
	shown->absence = answer->absence > shown->absence ? answer->absence : shown->absence;
	const char *wrong = judge(ds, tally, usable, any);
	tally->wrong = tally->wrong || wrong != NULL;
	return wrong;
}

parent_verdict_t verdict_reach(const verdict_ds_t *ds, const verdict_tally_t *tally, bool whole)
{
	if (!CORE_RULE(MUTANT_ALL) && ds->wish != PARENT_COMES && tally->absent) {
		return ds->wish == PARENT_GOES ? PARENT_YES : PARENT_GONE;
	}
	if (tally->wrong) {
		return PARENT_NOT_YET;
	}
	if (!whole) {
		return PARENT_UNKNOWN;
	}
	return ds->wish == PARENT_STAYS && tally->absent ? PARENT_GONE : PARENT_YES;
}
