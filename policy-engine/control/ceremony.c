/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Requests for a ceremony, which signs where the KSK is, and what comes back from it. */

#include "policy-engine/control/handlers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy-engine/base/event.h"
#include "policy-engine/base/when.h"
#include "policy-engine/ceremony/check.h"
#include "policy-engine/ceremony/ksr.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/control/row.h"
#include "policy-engine/control/zones.h"

#define SKR_MAX ((size_t)16 << 20) /* Bytes of a response: bundles for decades. */
#define AHEAD_MAX 50             /* ZSKs for one request; a zone has CORE_KEYS_MAX keys at most. */
#define WHY_MAX 400

/* Loads a zone whose KSK is offline. Under the lock. \return Its policy; NULL after an error. */
static const policy_t *load(context_t *c, ctl_request_t *req, const char *name, kasp_zone_t *zone)
{
	if (control_load(c, req, name, zone) <= 0) {
		return NULL;
	}
	const policy_t *policy = policies_find(&c->desk->policies, zone->policy);
	if (policy == NULL || policy->defect != NULL || !policy_is_offline(policy)) {
		ctl_error(req, name, "its policy \"%.60s\" has no KSK that is <Offline/>, or cannot be "
		          "used", zone->policy);
		return NULL;
	}
	return policy;
}

/* -- requests ------------------------------------------------------------ */

/* Sends a text by its lines. */
static void send_text(ctl_request_t *req, const char *name, char *text)
{
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		ctl_reply(req, name, "ksr", line);
	}
}

/* Has the next look at the zone see that there are as many ZSKs on standby. */
static void want_keys(const context_t *c, ctl_request_t *req, const char *name, unsigned needed)
{
	live_zone_t *live = live_find(&c->desk->live, name);
	if (live == NULL || needed > AHEAD_MAX) {
		ctl_error(req, name, live == NULL ? "the signer does not have this zone now"
		                                  : "more than %d ZSKs would be needed: ask for less "
		                                    "time", AHEAD_MAX);
		return;
	}
	live->ahead = needed;
	live_mark(&c->desk->live, live, true);
	ctl_reply(req, name, "wait", live->problem != NULL ? live->problem
	                                                  : "ZSKs are being made ready");
	desk_wake(c->desk);
}

static void request(context_t *c, ctl_request_t *req, const char *name, const ksr_t *wanted)
{
	kasp_zone_t zone = { 0 };
	char *text = NULL;
	unsigned needed = 0;
	pthread_mutex_lock(&c->desk->lock);
	ksr_t ksr = *wanted;
	ksr.zone = &zone;
	live_zone_t *live = live_find(&c->desk->live, name);
	ksr.policy = load(c, req, name, &zone);
	ksr.facts = control_facts(live);
	if (ksr.policy != NULL && ksr_make(&ksr, &text, &needed) != 0) {
		ctl_error(req, name, "out of memory");
	} else if (ksr.policy != NULL && text == NULL) {
		want_keys(c, req, name, needed);
	} else if (text != NULL && live != NULL) {
		live->ahead = 0; /* Else a ZSK that a bundle puts in use would be made up for. */
	}
	pthread_mutex_unlock(&c->desk->lock);
	if (text != NULL) {
		send_text(req, name, text);
	}
	free(text);
	kasp_zone_deinit(&zone);
}

static void request_for(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	uint64_t from = 0, until = 0;
	ksr_t ksr = { .now = time(NULL) };
	if ((argument_given(unit->type) && !argument_number(unit->type, INT32_MAX, &from)) ||
	    !argument_number(unit->data, UINT32_MAX, &until)) {
		ctl_error(req, name, "say from when, and until when, in Unix seconds");
		return;
	}
	ksr.from = from == 0 ? ksr.now : (int64_t)from;
	ksr.until = (int64_t)until;
	if (ksr.from < ksr.now || ksr.until <= ksr.from) {
		ctl_error(req, name, "the time has to be in the future, and its end behind its begin");
		return;
	}
	request(c, req, name, &ksr);
}

void control_ksr(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	if (control_needs_zone(req, unit)) {
		control_zones(ctx, req, unit, request_for);
	}
}

/* -- responses ----------------------------------------------------------- */

/* Opens a regular file: nothing that the engine would wait for. \return NULL, with errno. */
static FILE *open_file(const char *path)
{
	struct stat about;
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const bool good = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
	FILE *file = good ? fdopen(fd, "r") : NULL;
	if (file == NULL && fd >= 0) {
		const int why = good ? errno : EINVAL;
		close(fd);
		errno = why;
	}
	return file;
}

/* \return The text, to be freed by free(); NULL and why. */
static char *read_file(const char *path, char why[WHY_MAX])
{
	FILE *file = open_file(path);
	char *text = file != NULL ? malloc(SKR_MAX + 1) : NULL;
	size_t len = text != NULL ? fread(text, 1, SKR_MAX + 1, file) : 0;
	const char *problem = file == NULL || text == NULL || ferror(file) ? strerror(errno)
	                      : len > SKR_MAX                              ? "too large"
	                      : memchr(text, '\0', len) != NULL            ? "no text"
	                                                                   : NULL;
	if (file != NULL) {
		fclose(file);
	}
	if (problem != NULL) {
		snprintf(why, WHY_MAX, "%.200s: %s", path, problem);
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

typedef struct {
	context_t *c;
	kasp_zone_t *zone;
	const policy_t *policy;
	int64_t now;
} import_t;

static bool has_key(const kasp_zone_t *zone, const skr_ksk_t *ksk)
{
	for (size_t i = 0; i < zone->core.count; i++) {
		const zone_key_t *info = &zone->keys[i];
		if (zone->core.keys[i].role == KEYSET_KSK && zone->core.keys[i].keytag == ksk->keytag &&
		    info->public_key_len == ksk->public_key_len &&
		    memcmp(info->public_key, ksk->public_key, ksk->public_key_len) == 0) {
			return true;
		}
	}
	return false;
}

/* Adds a KSK that the zone does not have yet. It waits for its bundle. */
static int add_ksk(void *ctx, const skr_ksk_t *ksk)
{
	const import_t *import = ctx;
	kasp_zone_t *zone = import->zone;
	const dnskey_t dnskey = { zone->name, KEYSET_KSK, ksk->algorithm, ksk->public_key,
		                  ksk->public_key_len };
	uint8_t digest[DNSKEY_DS_RDATA_MAX];
	char id[2 * DNSKEY_DS_RDATA_MAX + 1] = "";
	if (has_key(zone, ksk)) {
		return 0;
	}
	const int len = dnskey_ds(&dnskey, 2, digest);
	for (int i = 4; i < len; i++) {
		snprintf(id + 2 * (i - 4), 3, "%02x", digest[i]);
	}
	db_token_key_t pair = {
		.repository = "", .cka_id = id, .algorithm = ksk->algorithm,
		.bits = dnskey_bits(ksk->algorithm, ksk->public_key, ksk->public_key_len),
		.public_key = ksk->public_key, .public_key_len = ksk->public_key_len,
	};
	core_key_t core;
	policy_roll_t roll = POLICY_ROLL_DOUBLE_SIGNATURE;
	for (size_t i = 0; i < import->policy->key_count; i++) {
		roll = import->policy->keys[i].role == KEYSET_KSK ? import->policy->keys[i].roll : roll;
	}
	core_key_init(&core, KEYSET_KSK, ksk->algorithm, ksk->keytag, roll, import->now);
	core.standby = true;
	return len > 4 && db_key_put(import->c->desk->db, &pair, import->now) == 0
	               ? db_zone_give_key(import->c->desk->db, zone, &pair, &core) : -1;
}

static int store(import_t *import, const skr_t *skr)
{
	db_t *db = import->c->desk->db;
	kasp_zone_t *zone = import->zone;
	int64_t number = 0;
	int ret = db_begin(db);
	ret = ret == 0 ? db_skr_next(db, zone->id, &number) : ret;
	for (size_t i = 0; ret == 0 && i < skr->count; i++) {
		const skr_bundle_t *bundle = &skr->bundles[i];
		ret = skr_each_ksk(bundle->text, add_ksk, import);
		ret = ret == 0 ? db_bundle_put(db, zone->id, &(db_bundle_t){ number, bundle->at,
		                                                            bundle->text })
		               : ret;
	}
	ret = ret == 0 ? db_commit(db) : ret;
	if (ret != 0) {
		db_rollback(db);
	}
	return ret;
}

/* \return Until when what the zone has, before a time, is good; 0 = it has nothing; -1. */
static int64_t covered(const import_t *import, int64_t before)
{
	const kasp_zone_t *zone = import->zone;
	db_bundle_t last = { .skr = INT64_MAX, .at = INT64_MAX };
	const int ret = db_bundle_before(import->c->desk->db, zone->id, before, &last);
	if (ret < 0) {
		return -1;
	}
	const bool to_come = ret > 0 && last.at > import->now; /* Else it is what was tried first. */
	const int64_t until = to_come ? skr_span(last.text, zone->name, last.at).until
	                              : skr_span(zone->bundle, zone->name, import->now).until;
	if (ret > 0) {
		free(last.text);
	}
	return until;
}

/* Takes a response that is good. \return Whether it was. */
static bool take(import_t *import, const skr_t *skr, char why[WHY_MAX])
{
	const skr_rules_t rules = { import->zone, import->policy, import->now,
		                    covered(import, skr->bundles[0].at) };
	if (rules.covered < 0) {
		snprintf(why, WHY_MAX, "%s", db_error(import->c->desk->db));
		return false;
	}
	if (skr_check(skr, &rules, why, WHY_MAX) != 0) {
		return false;
	}
	if (store(import, skr) != 0) {
		snprintf(why, WHY_MAX, "%s", db_error(import->c->desk->db));
		return false;
	}
	return true;
}

static void say_taken(ctl_request_t *req, const import_t *import, const skr_t *skr)
{
	const kasp_zone_t *zone = import->zone;
	const skr_rules_t rules = { zone, import->policy, import->now, 0 };
	char text[WHY_MAX], from[WHEN_TEXT_MAX], until[WHEN_TEXT_MAX];
	const skr_bundle_t *last = &skr->bundles[skr->count - 1];
	snprintf(text, sizeof(text), "%zu bundles, from %s; the last signatures are good until %s",
	         skr->count, when_stamp(skr->bundles[0].at, from),
	         when_text(skr_span(last->text, zone->name, last->at).until, import->now, until));
	ctl_reply(req, zone->name, NULL, text);
	log_about(LOG_INFO, (about_t){ .event = "skr", .zone = zone->name }, "signed ahead: %s", text);
	skr_advise(skr, &rules, text, sizeof(text));
	if (text[0] != '\0') {
		ctl_reply(req, zone->name, NULL, text);
		log_about(LOG_WARNING, (about_t){ .event = "skr", .zone = zone->name }, "%s", text);
	}
}

static void respond(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	char why[WHY_MAX] = "";
	skr_t skr = { 0 };
	kasp_zone_t zone = { 0 };
	char *text = read_file(unit->data, why);
	if (text == NULL || skr_read(text, name, &skr, why, sizeof(why)) != 0) {
		ctl_error(req, name, "nothing is taken: %s", why);
		free(text);
		return;
	}
	free(text);
	pthread_mutex_lock(&c->desk->lock);
	import_t import = { c, &zone, load(c, req, name, &zone), time(NULL) };
	if (import.policy != NULL && take(&import, &skr, why)) {
		live_zone_t *live = live_find(&c->desk->live, name);
		if (live != NULL) {
			live_mark(&c->desk->live, live, true);
		}
		say_taken(req, &import, &skr);
	} else if (import.policy != NULL) {
		ctl_error(req, name, "nothing is taken: %s", why);
	}
	pthread_mutex_unlock(&c->desk->lock);
	desk_wake(c->desk);
	skr_deinit(&skr);
	kasp_zone_deinit(&zone);
}

void control_skr(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	if (!argument_given(unit->data)) {
		ctl_error(req, unit->zone, "name the file of the response");
	} else if (control_needs_zone(req, unit)) {
		control_zones(ctx, req, unit, respond);
	}
}
