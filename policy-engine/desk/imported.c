/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/desk/imported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int imported_changed(const desk_t *desk, const char *zone, char **text)
{
	db_imported_t by;
	const int found = db_freeze_imported(desk->db, zone, &by);
	if (found <= 0) {
		return found;
	}
	const policy_t *policy = policies_find(&desk->policies, by.policy);
	char *form = policy != NULL ? policy_form(policy) : NULL;
	const bool changed = form != NULL && by.form[0] != '\0' && strcmp(form, by.form) != 0;
	if (changed && text != NULL &&
	    asprintf(text, "policy %s was \"%s\", and is \"%s\" now", by.policy, by.form, form) < 0) {
		*text = NULL;
	}
	free(form);
	free(by.policy);
	free(by.form);
	return changed;
}
