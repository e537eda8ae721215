/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/salts.h"

#include <gnutls/crypto.h>

#include "policy-engine/base/event.h"
#include "policy-engine/core/core.h"

/* Makes one policy's salt, if it is missing, of the wrong length, or too old.
 * \return 1 if it did, 0, or -1 if the database failed. */
static int salt_policy(keys_t *keys, const policy_t *policy, int64_t now)
{
	uint8_t salt[DB_SALT_MAX];
	size_t len = 0;
	int64_t since = 0;
	if (!policy->nsec3 || policy->salt_length == 0) {
		return 0;
	}
	int found = db_salt_get(keys->desk->db, policy->name, salt, &len, &since);
	if (found < 0) {
		return -1;
	}
	int64_t due = policy->resalt > 0 ? since + policy->resalt : CORE_NEVER;
	if (found > 0 && len == policy->salt_length && due > now) {
		keys->salt_at = due < keys->salt_at ? due : keys->salt_at;
		return 0;
	}
	if (gnutls_rnd(GNUTLS_RND_NONCE, salt, policy->salt_length) != 0) {
		log_about(LOG_ERROR, (about_t){ .event = "salt" },
		          "policy %s: no random numbers to be had, no new salt",
		          policy->name);
		return 0;
	}
	log_about(LOG_INFO, (about_t){ .event = "salt" },
	          "policy %s: new NSEC3 salt", policy->name);
	due = policy->resalt > 0 ? now + policy->resalt : CORE_NEVER;
	keys->salt_at = due < keys->salt_at ? due : keys->salt_at;
	int put = db_salt_put(keys->desk->db, policy->name, salt, policy->salt_length, now);
	return put == 0 ? 1 : -1;
}

int salts_pass(keys_t *keys, int64_t now)
{
	if (now < keys->salt_at) {
		return 0;
	}
	keys->salt_at = CORE_NEVER;
	if (db_begin(keys->desk->db) != 0) {
		return -1;
	}
	for (size_t i = 0; i < keys->desk->policies.count; i++) {
		int made = salt_policy(keys, &keys->desk->policies.policies[i], now);
		if (made < 0) {
			return -1;
		}
		keys->desk->wake_all = keys->desk->wake_all || made > 0;
	}
	return db_commit(keys->desk->db);
}
