/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Key pairs that are in a token already. */

#include "policy-engine/control/handlers.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "policy-engine/control/argument.h"
#include "policy-engine/control/context.h"

#define CKA_ID_MAX 512 /* Digits. */

/* Writes a CKA_ID as the database has it. \return Whether it is one */
static bool write_id(const char *text, char id[CKA_ID_MAX + 1])
{
	const size_t len = argument_given(text) ? strlen(text) : 0;
	if (len == 0 || len > CKA_ID_MAX || len % 2 != 0 ||
	    strspn(text, "0123456789abcdefABCDEF") != len) {
		return false;
	}
	for (size_t i = 0; i <= len; i++) {
		id[i] = (char)tolower((unsigned char)text[i]);
	}
	return true;
}

/* Finds the policy's only entry of a role. \return NULL, with the answer sent */
static const policy_key_t *find_entry(context_t *c, ctl_request_t *req, const ctl_unit_t *unit)
{
	keyset_role_t role;
	const policy_t *policy = argument_given(unit->type)
	                         ? policies_find(&c->desk->policies, unit->type) : NULL;
	if (policy == NULL) {
		ctl_error(req, NULL, "kasp.xml has no policy \"%.60s\"",
		          unit->type != NULL ? unit->type : "");
		return NULL;
	}
	if (!argument_given(unit->section) || keyset_role_parse(unit->section, &role) != 0) {
		ctl_error(req, NULL, "name ksk, zsk or csk");
		return NULL;
	}
	const policy_key_t *found = NULL;
	size_t count = 0;
	for (size_t i = 0; i < policy->key_count; i++) {
		if (policy->keys[i].role == role) {
			found = &policy->keys[i];
			count++;
		}
	}
	if (count != 1) {
		ctl_error(req, NULL, "policy %s has %s %s, so it is not clear what the key is for",
		          policy->name, count == 0 ? "no" : "more than one", unit->section);
	}
	return count == 1 ? found : NULL;
}

/* Notes the key; the main thread looks for it. */
static void adopt(context_t *c, ctl_request_t *req, const policy_key_t *entry, const char *id)
{
	db_t *db = c->desk->db;
	const int known = db_key_known(db, entry->repository, id);
	if (known > 0) {
		ctl_error(req, NULL, "the engine knows key %s of repository %s already", id,
		          entry->repository);
	} else if (known < 0 || db_key_intend(db, entry->repository, id, entry->algorithm,
	                                      entry->bits, time(NULL)) != 0) {
		ctl_error(req, NULL, "%s", db_error(db));
	} else {
		c->keys->adopt = true;
		ctl_reply(req, NULL, NULL, "the key is looked for in its token; whether it was "
		          "adopted, says the log, and ods-hsm list");
	}
}

void control_adopt(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	context_t *c = ctx;
	char id[CKA_ID_MAX + 1];
	if (!write_id(unit->data, id)) {
		ctl_error(req, NULL, "name a policy, ksk, zsk or csk, and a CKA_ID in hexadecimal");
		return;
	}
	pthread_mutex_lock(&c->desk->lock);
	const policy_key_t *entry = find_entry(c, req, unit);
	if (entry != NULL) {
		adopt(c, req, entry, id);
	}
	pthread_mutex_unlock(&c->desk->lock);
	desk_wake(c->desk);
}
