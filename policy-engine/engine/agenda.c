/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/engine/agenda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/core/plan.h"
#include "policy-engine/signer/compose.h"

#define TEXT_MAX (STEP_TEXT_MAX + 32)

/* What comes next. */
typedef struct {
	int64_t at;             /* CORE_NEVER = no date is known. */
	char text[TEXT_MAX];    /* "" = nothing. */
} event_t;

static void see_key(event_t *next, const core_key_t *key)
{
	char step[STEP_TEXT_MAX];
	int64_t when;
	step_text(key, step, &when);
	when = when == 0 ? CORE_NEVER : when;
	if (step[0] != '\0' && (next->text[0] == '\0' || when < next->at)) {
		next->at = when;
		snprintf(next->text, sizeof(next->text), "%s %u: %s", keyset_role_name(key->role),
		         key->keytag, step);
	}
}

static void see_entry(event_t *next, const core_zone_t *zone, const policy_key_t *entry,
                      int64_t now)
{
	const int64_t due = plan_due(zone, entry);
	if (due != CORE_NEVER && due > now && due < next->at) {
		next->at = due;
		snprintf(next->text, sizeof(next->text), "%s is replaced by age",
		         keyset_role_name(entry->role));
	}
}

/* Adds a repository to a list, unless it is there. \return The list; NULL if there is none, or
 * out of memory. */
static char *add_token(char *list, const char *repository)
{
	char *longer = NULL;
	const size_t len = strlen(repository);
	const char *at = list;
	while (at != NULL && *at != '\0') {
		const size_t word = strcspn(at, ",");
		if (word == len && memcmp(at, repository, len) == 0) {
			return list;
		}
		at += word + (at[word] == ',');
	}
	if (asprintf(&longer, "%s%s%s", list != NULL ? list : "", list != NULL ? "," : "",
	             repository) < 0) {
		longer = NULL;
	}
	free(list);
	return longer;
}

void agenda_note(live_zone_t *live, const kasp_zone_t *zone, const policy_t *policy, int64_t now)
{
	event_t next = { .at = CORE_NEVER };
	char *tokens = NULL;
	int64_t waits_since = CORE_NEVER;
	for (size_t i = 0; i < zone->core.count; i++) {
		const core_key_t *key = &zone->core.keys[i];
		const int64_t since = key->record[KEYSET_DS].since;
		if (zone->keys[i].repository[0] != '\0') {
			tokens = add_token(tokens, zone->keys[i].repository);
		}
		see_key(&next, key);
		waits_since = core_ds_waits(key) && since < waits_since ? since : waits_since;
	}
	for (size_t i = 0; policy != NULL && i < policy->key_count; i++) {
		see_entry(&next, &zone->core, &policy->keys[i], now);
	}
	live->next_at = next.at != CORE_NEVER ? next.at : 0;
	live->waits_since = waits_since;
	live_set(&live->next, next.text[0] != '\0' ? next.text : NULL);
	free(live->tokens);
	live->tokens = tokens;
}
