/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/learn.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "policy-engine/audit/note.h"
#include "policy-engine/base/event.h"
#include "policy-engine/base/when.h"
#include "policy-engine/recover/remember.h"
#include "policy-engine/signer/compose.h"
#include "policy-engine/signer/query.h"

#define LIMIT_MS 1000 /* Of one pass: then the other work has its turn. */
#define RETRY_S 60    /* Seconds until a zone that could not be learnt is tried again. */

/* Zones that are learnt in one transaction. */
typedef struct {
	learn_t *learn;
	int64_t now;
	char *names[QUERY_MAX];
	query_keyset_t sets[QUERY_MAX];
	size_t count;
} batch_t;

static void pick(batch_t *batch)
{
	const live_zone_t *zone;
	TAILQ_FOREACH(zone, &batch->learn->desk->live.learns, learn_link)
	{
		if (batch->count == QUERY_MAX) {
			break;
		}
		char *name = zone->learn_at <= batch->now ? strdup(zone->name) : NULL;
		if (name != NULL) {
			batch->names[batch->count] = name;
			batch->sets[batch->count++].zone = name;
		}
	}
}

/* Notes why a zone is not learnt. */
static void refuse(const batch_t *batch, live_zone_t *live, const char *format, ...)
{
	char why[REBUILT_WHY_MAX], text[REBUILT_WHY_MAX + 200];
	va_list args;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	snprintf(text, sizeof(text),
	         "it cannot be learnt from the signer: %s; nothing is decided "
	         "for the zone, the signer signs on; see ods recover %s",
	         why, live->name);
	live_set(&live->unlearnt, text);
	live_learn(&batch->learn->desk->live, live, batch->now + RETRY_S);
	live_mark(&batch->learn->desk->live, live, true);
}

/* An older copy does not know what became of its unused keys. \return 0, or -1. */
static int distrust(learn_t *learn)
{
	if (learn->distrusted) {
		return 0;
	}
	int count = db_keys_distrust(learn->desk->db);
	learn->distrusted = true;
	if (count >= 0) {
		log_about(LOG_WARNING, (about_t){ .event = "older" },
		          "the database is an older copy: the signer has newer "
		          "key sets. The engine learns them; %d unused keys are left alone in "
		          "their tokens, they may have got into use since",
		          count);
	}
	return count < 0 ? -1 : 0;
}

/* The salt goes along, or the zones of the policy would get a new one for no reason. */
static int keep_salt(db_t *db, const policy_t *policy, const keyset_t *set, int64_t now)
{
	uint8_t salt[DB_SALT_MAX];
	size_t len = 0;
	int64_t since = 0;
	bool fits = policy->nsec3 && set->nsec3 && policy->salt_length > 0 &&
	            set->nsec3_salt_len == policy->salt_length;
	int found = fits ? db_salt_get(db, policy->name, salt, &len, &since) : 0;
	if (!fits || found < 0) {
		return found;
	}
	bool same =
		found > 0 && len == set->nsec3_salt_len && memcmp(salt, set->nsec3_salt, len) == 0;
	return same ? 0 : db_salt_put(db, policy->name, set->nsec3_salt, set->nsec3_salt_len, now);
}

/* A person has it frozen, and that stays: by its policy or with all, it is now by itself. */
static int keep_freeze(db_t *db, const char *name, int64_t until, int64_t now)
{
	char when[WHEN_TEXT_MAX];
	if (until <= now) {
		return 0;
	}
	log_about(LOG_WARNING, (about_t){ .event = "learnt", .zone = name },
	          "it was frozen by a person, and stays so until %s",
	          until == CORE_NEVER ? "ods thaw" : when_stamp(until, when));
	return db_freeze_put(db, &(db_freeze_t){ DB_FREEZE_ZONE, name, until });
}

/* \return 1 if the zone is learnt; 0 and why; -1 if the database failed. */
static int store(const batch_t *batch, const char *name, const policy_t *policy, keyset_t *set,
                 char *why)
{
	db_t *db = batch->learn->desk->db;
	rebuilt_t zone;
	bool whole = false;
	if (remember(set, policy, batch->now, &zone, &whole, why) != 0) {
		return 0;
	}
	int ret = compose_digest(set, zone.digest);
	ret = ret == 0 ? rebuilt_store(db, policy, name, &zone, batch->now, why) : ret;
	if (ret > 0 && (keep_salt(db, policy, set, batch->now) < 0 ||
	                keep_freeze(db, name, zone.frozen, batch->now) < 0)) {
		ret = -1;
	}
	if (ret > 0) {
		log_about(LOG_WARNING, (about_t){ .event = "learnt", .zone = name },
		          "the database did not know the signer's key set "
		          "%llu: %zu keys and their states are learnt from it%s",
		          (unsigned long long)set->revision, zone.count,
		          whole ? "" : "; it does not say since when, so all waits begin anew");
	}
	free(zone.keys);
	return ret;
}

/* Notes for the audit what became of a zone's keys. */
static int note(desk_t *desk, const kasp_zone_t *before, const keyset_t *set)
{
	kasp_zone_t zone = { 0 };
	char what[40];
	snprintf(what, sizeof(what), "key set %llu", (unsigned long long)set->revision);
	int ret = db_zone_get(desk->db, before->name, &zone);
	char *was = audit_keys(before), *is = ret > 0 ? audit_keys(&zone) : NULL;
	ret = ret < 0 ? -1 : audit_note(desk, &(audit_t){
		.who = "signer", .action = "keys-learnt", .zone = before->name, .what = what,
		.before = was, .after = is });
	kasp_zone_deinit(&zone);
	free(was);
	free(is);
	return ret;
}

/* \return 0, or -1 if the database failed. */
static int learn_from(const batch_t *batch, live_zone_t *live, const kasp_zone_t *zone,
                      const query_keyset_t *from)
{
	desk_t *desk = batch->learn->desk;
	char err[256] = "", why[REBUILT_WHY_MAX] = "";
	keyset_t set = { 0 };
	const policy_t *policy = policies_find(&desk->policies, zone->policy);
	if (policy == NULL || policy->defect != NULL) {
		refuse(batch, live, "kasp.xml has no usable policy %s", zone->policy);
		return 0;
	}
	if (from->text == NULL) {
		refuse(batch, live, "%s",
		       from->problem != NULL ? from->problem : "no key set came");
		return 0;
	}
	if (keyset_read(from->text, &set, err, sizeof(err)) != 0) {
		refuse(batch, live, "its key set cannot be read: %s", err);
		return 0;
	}
	int ret = 0;
	if (set.revision > zone->core.revision) {
		ret = zone->core.revision > 0 ? distrust(batch->learn) : 0;
		ret = ret == 0 ? store(batch, live->name, policy, &set, why) : ret;
		ret = ret > 0 ? note(desk, zone, &set) : ret;
	}
	if (why[0] != '\0') {
		refuse(batch, live, "%s", why);
	} else if (ret >= 0) {
		live_set(&live->unlearnt, NULL);
		live_learn(&desk->live, live, 0);
		live_mark(&desk->live, live, true);
	}
	keyset_deinit(&set);
	return ret < 0 ? -1 : 0;
}

/* \return 0, or -1 if the database failed. */
static int settle(const batch_t *batch, size_t i)
{
	const desk_t *desk = batch->learn->desk;
	live_zone_t *live = live_find(&desk->live, batch->names[i]);
	kasp_zone_t zone = { 0 };
	if (live == NULL) {
		return 0;
	}
	int found = db_zone_get(desk->db, live->name, &zone);
	int ret = found > 0 ? learn_from(batch, live, &zone, &batch->sets[i]) : found;
	kasp_zone_deinit(&zone);
	return ret;
}

static int settle_all(const batch_t *batch)
{
	db_t *db = batch->learn->desk->db;
	int ret = db_begin(db);
	for (size_t i = 0; i < batch->count && ret == 0; i++) {
		ret = settle(batch, i);
	}
	if (ret != 0 || db_commit(db) != 0) {
		db_rollback(db);
		return -1;
	}
	return 0;
}

/* \return How many zones were tried; -1 if the database failed. */
static int learn_some(learn_t *learn, int64_t now)
{
	desk_t *desk = learn->desk;
	batch_t batch = { .learn = learn, .now = now };
	char err[512];
	pthread_mutex_lock(&desk->lock);
	pick(&batch);
	pthread_mutex_unlock(&desk->lock);
	int ret = batch.count > 0 && query_keysets(desk->conf.signer_socket, batch.sets,
	                                           batch.count, err, sizeof(err)) == 0
	                  ? (int)batch.count
	                  : 0;
	if (ret > 0) {
		pthread_mutex_lock(&desk->lock);
		ret = settle_all(&batch) == 0 ? ret : -1;
		pthread_mutex_unlock(&desk->lock);
	}
	query_keysets_deinit(batch.sets, batch.count);
	for (size_t i = 0; i < batch.count; i++) {
		free(batch.names[i]);
	}
	return ret;
}

int learn_pass(learn_t *learn, int64_t now, bool *more)
{
	const int64_t until_ms = monotonic_ms() + LIMIT_MS;
	int tried;
	do {
		tried = learn_some(learn, now);
	} while (tried == QUERY_MAX && monotonic_ms() < until_ms);
	*more = *more || tried == QUERY_MAX;
	return tried < 0 ? -1 : 0;
}
