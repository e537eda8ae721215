/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/audit/note.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy-engine/base/json.h"

static void write_text(FILE *out, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0') {
		json_text(out, true, name, text);
	}
}

static char *write_members(const audit_t *audit)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL) {
		return NULL;
	}
	json_number(out, false, "time", audit->at != 0 ? audit->at : time(NULL));
	json_text(out, true, "who", audit->who);
	json_text(out, true, "action", audit->action);
	write_text(out, "zone", audit->zone);
	write_text(out, "what", audit->what);
	write_text(out, "why", audit->why);
	write_text(out, "before", audit->before);
	write_text(out, "after", audit->after);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int audit_note(desk_t *desk, const audit_t *audit)
{
	char *members = write_members(audit);
	const int ret = members != NULL ? db_audit_add(desk->db, members) : -1;
	desk->audited = true;
	free(members);
	return ret;
}

void audit_who(uid_t uid, char who[AUDIT_WHO_MAX])
{
	char space[1024];
	struct passwd user, *found = NULL;
	if (uid == (uid_t)-1) {
		snprintf(who, AUDIT_WHO_MAX, "unknown user");
	} else if (getpwuid_r(uid, &user, space, sizeof(space), &found) == 0 && found != NULL) {
		snprintf(who, AUDIT_WHO_MAX, "uid %u (%s)", (unsigned)uid, user.pw_name);
	} else {
		snprintf(who, AUDIT_WHO_MAX, "uid %u", (unsigned)uid);
	}
}

char *audit_keys(const kasp_zone_t *zone)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	for (size_t i = 0; out != NULL && i < zone->core.count; i++) {
		const core_key_t *key = &zone->core.keys[i];
		fprintf(out, "%s%s %u %s", i > 0 ? "; " : "", keyset_role_name(key->role),
		        key->keytag, key->dead ? "lost" : key->goal_in ? "in" : "out");
		for (int r = 0; r < KEYSET_RECORDS; r++) {
			if (key->record[r].state != KEYSET_NA) {
				fprintf(out, ", %s %s", keyset_record_name(r),
				        keyset_state_name(key->record[r].state));
			}
		}
	}
	if (out == NULL || fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
