/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/audit/note.h"
#include "policy-engine/base/event.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/control/argument.h"

#define WHAT_MAX 1024

static void write_what(const ctl_unit_t *unit, char what[WHAT_MAX])
{
	const char *const fields[] = { unit->owner, unit->section, unit->item, unit->id, unit->ttl,
	                               unit->type, unit->data };
	size_t len = 0;
	what[0] = '\0';
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && len < WHAT_MAX; i++) {
		if (argument_given(fields[i])) {
			len += (size_t)snprintf(what + len, WHAT_MAX - len, "%s%s",
			                        len > 0 ? " " : "", fields[i]);
		}
	}
}

/* \return How the keys of the named zone are; NULL if none is named, or there is none. */
static char *keys_of(const context_t *c, const char *zone)
{
	kasp_zone_t loaded = { 0 };
	char *text = NULL;
	if (zone != NULL && db_zone_get(c->desk->db, zone, &loaded) > 0) {
		text = audit_keys(&loaded);
	}
	kasp_zone_deinit(&loaded);
	return text;
}

static void note(context_t *c, const audit_t *audit)
{
	if (audit_note(c->desk, audit) != 0) {
		log_about(LOG_ERROR, (about_t){ .event = "audit", .zone = audit->zone },
		          "%s by %s is not in the audit: %s", audit->action,
		          audit->who, db_error(c->desk->db));
	}
}

static void do_noted(context_t *c, ctl_request_t *req, const ctl_unit_t *unit,
                     ctl_handler_f handler)
{
	char who[AUDIT_WHO_MAX], what[WHAT_MAX];
	char *zone = argument_given(unit->zone) ? zone_name_canonical(unit->zone) : NULL;
	audit_who(ctl_peer(req), who);
	write_what(unit, what);
	pthread_mutex_lock(&c->desk->lock);
	char *before = keys_of(c, zone);
	pthread_mutex_unlock(&c->desk->lock);
	handler(c, req, unit);
	pthread_mutex_lock(&c->desk->lock);
	char *after = keys_of(c, zone);
	const bool same = before != NULL && after != NULL && strcmp(before, after) == 0;
	note(c, &(audit_t){ .who = who, .action = unit->cmd, .zone = zone, .what = what,
	                    .why = ctl_refused(req) ? "refused" : "done", .before = before,
	                    .after = same ? NULL : after });
	pthread_mutex_unlock(&c->desk->lock);
	free(before);
	free(after);
	free(zone);
}

void act(context_t *c, ctl_request_t *req, const ctl_unit_t *unit, ctl_handler_f handler)
{
	if (unit->data != NULL && strcmp(unit->data, "plan") == 0) {
		handler(c, req, unit); /* It only says what would be done. */
	} else {
		do_noted(c, req, unit, handler);
	}
}
