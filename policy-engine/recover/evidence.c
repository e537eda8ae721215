/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the engine knows by itself; under the lock. \return As evidence_gather(). */
static int see_desk(const desk_t *desk, const char *name, evidence_t *e)
{
	kasp_zone_t zone = { 0 };
	int found = db_zone_get(desk->db, name, &zone);
	if (found <= 0) {
		return found;
	}
	const live_zone_t *live = live_find(&desk->live, name);
	e->policy = strdup(zone.policy);
	e->database = zone.core.revision;
	e->asked = desk->conf.watch.on;
	if (live != NULL) {
		e->live = true;
		e->pending = live->facts.pending;
		e->published = live->facts.revision;
		e->chain = live->facts.chain;
		e->learns = live->learn_at != 0;
		e->unlearnt = live->unlearnt != NULL;
	}
	kasp_zone_deinit(&zone);
	return e->policy != NULL ? 1 : -1;
}

static void ask_parent(parent_question_t *question, evidence_t *e)
{
	parent_result_t result;
	if (question == NULL) {
		snprintf(e->ds_why, EVIDENCE_WHY_MAX, "out of memory");
		return;
	}
	parent_check(question, -1, &result);
	snprintf(e->ds_why, EVIDENCE_WHY_MAX, "%s", result.why);
	e->ds = result.ds;
	parent_question_free(question);
}

int evidence_gather(desk_t *desk, const asker_t *asker, pairs_t *pairs, const char *zone,
                    evidence_t *evidence)
{
	*evidence = (evidence_t){ .zone = strdup(zone) };
	pthread_mutex_lock(&desk->lock);
	int ret = evidence->zone != NULL ? see_desk(desk, zone, evidence) : -1;
	char *path = ret > 0 ? strdup(desk->conf.signer_socket) : NULL;
	parent_question_t *question =
		ret > 0 && evidence->asked ? asker_question_any(asker, zone) : NULL;
	pthread_mutex_unlock(&desk->lock);
	if (ret > 0 && evidence->asked) {
		ask_parent(question, evidence);
	}
	if (path == NULL) {
		return ret > 0 ? -1 : ret;
	}
	if (query_served(path, zone, &evidence->served, evidence->served_why, EVIDENCE_WHY_MAX) ==
	    0) {
		evidence->served_why[0] = '\0';
	}
	free(path);
	for (size_t i = 0; i < evidence->served.key_count; i++) {
		const dnskey_record_t *key = &evidence->served.keys[i];
		evidence->pairs[i] = pairs_find(pairs, key->public_key, key->len);
	}
	return 1;
}

void evidence_deinit(evidence_t *evidence)
{
	query_served_deinit(&evidence->served);
	free(evidence->ds);
	free(evidence->policy);
	free(evidence->zone);
	*evidence = (evidence_t){ 0 };
}
