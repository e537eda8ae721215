/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyset/ds.h"
#include "policy-engine/base/when.h"
#include "policy-engine/core/plan.h"

#define LINE_MAX 2048
#define HEAD 4 /* Octets of a DS before its digest. */

typedef struct {
	const evidence_t *e;
	const policy_t *policy;
	int64_t now;
	judge_say_t say;
	uint64_t revision; /* Of the decision; no key set has been as high. */
} judge_t;

static void say(const judge_t *j, judge_kind_t kind, const char *format, ...)
{
	char text[LINE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	j->say.say(j->say.ctx, kind, text);
}

/* -- what is known ------------------------------------------------------- */

static bool signs(const evidence_t *e, size_t i)
{
	for (size_t s = 0; s < e->served.signer_count; s++) {
		if (e->served.signers[s].algorithm == e->served.keys[i].algorithm &&
		    e->served.signers[s].keytag == e->served.keys[i].keytag) {
			return true;
		}
	}
	return false;
}

static keyset_role_t role_of(const evidence_t *e, size_t i)
{
	bool sep = e->served.keys[i].role == KEYSET_KSK;
	return sep && signs(e, i) ? KEYSET_CSK : sep ? KEYSET_KSK : KEYSET_ZSK;
}

static bool is_ds_of(const ds_t *ds, const dnskey_t *key)
{
	uint8_t rdata[DNSKEY_DS_RDATA_MAX];
	int len = dnskey_ds(key, ds->digest_type, rdata);
	return len == HEAD + ds->digest_len && (rdata[0] << 8 | rdata[1]) == ds->keytag &&
	       rdata[2] == ds->algorithm && memcmp(rdata + HEAD, ds->digest, ds->digest_len) == 0;
}

/* Whether one of the parent's DS leads to the served key. */
static bool has_ds(const evidence_t *e, size_t i)
{
	const dnskey_record_t *key = &e->served.keys[i];
	const dnskey_t as_key = { e->zone, key->role, key->algorithm, key->public_key, key->len };
	const char *rest = e->ds != NULL ? e->ds : "";
	ds_t ds;
	while (ds_next(&rest, &ds) > 0) {
		if (is_ds_of(&ds, &as_key)) {
			return true;
		}
	}
	return false;
}

static void say_key(const judge_t *j, size_t i)
{
	const evidence_t *e = j->e;
	const dnskey_record_t *key = &e->served.keys[i];
	const pair_t *pair = e->pairs[i];
	say(j, JUDGE_KNOWN, "knotd serves %s %u, algorithm %u, which signs %s; %s%s%s%s%s",
	    keyset_role_name(role_of(e, i)), key->keytag, key->algorithm,
	    key->role == KEYSET_ZSK ? (signs(e, i) ? "the zone" : "nothing")
	    : signs(e, i)           ? "DNSKEY and the zone"
	                            : "DNSKEY",
	    pair != NULL ? "its key pair is in repository " : "its key pair is in no token",
	    pair != NULL ? pair->repository : "", pair != NULL ? ", CKA_ID " : "",
	    pair != NULL ? pair->cka_id : "", has_ds(e, i) ? "; the parent's DS leads to it" : "");
}

static void say_served(const judge_t *j)
{
	const evidence_t *e = j->e;
	char when[WHEN_TEXT_MAX];
	if (e->served_why[0] != '\0') {
		say(j, JUDGE_KNOWN, "what knotd serves is not known: %s", e->served_why);
	} else if (!e->served.there) {
		say(j, JUDGE_KNOWN, "knotd serves nothing of the zone");
	} else {
		say(j, JUDGE_KNOWN, "knotd serves serial %u with %zu keys%s%s", e->served.serial,
		    e->served.key_count,
		    e->served.expires != 0 ? "; the first signature expires at " : "",
		    e->served.expires != 0 ? when_text(e->served.expires, j->now, when) : "");
	}
	for (size_t i = 0; i < e->served.key_count; i++) {
		say_key(j, i);
	}
}

static void say_known(const judge_t *j)
{
	const evidence_t *e = j->e;
	say(j, JUDGE_KNOWN, "the engine's database has key set %llu",
	    (unsigned long long)e->database);
	if (!e->live) {
		say(j, JUDGE_KNOWN, "the signer does not have the zone now");
	} else {
		say(j, JUDGE_KNOWN, "the signer has key set %llu%s, and published by %llu",
		    (unsigned long long)e->pending, e->chain ? " and holds it" : "",
		    (unsigned long long)e->published);
	}
	say_served(j);
	if (!e->asked) {
		say(j, JUDGE_KNOWN, "the parent was not asked: conf.xml has no <ParentCheck>");
	} else if (e->ds == NULL) {
		say(j, JUDGE_KNOWN, "the parent's DS is not known: %s", e->ds_why);
	} else {
		say(j, JUDGE_KNOWN, "the parent has %s%s", e->ds[0] != '\0' ? "the DS " : "no DS",
		    e->ds);
	}
}

/* -- whether it can be done ---------------------------------------------- */

/* What helps if a key pair is missing, and until when. */
static void say_way_out(const judge_t *j)
{
	const int64_t expires = j->e->served.expires;
	const policy_t *p = j->policy;
	char when[WHEN_TEXT_MAX];
	if (expires == 0) {
		return;
	}
	say(j, JUDGE_WAY_OUT,
	    "what knotd serves is valid until %s; restore the token's backup that "
	    "has the key pairs before that",
	    when_text(expires, j->now, when));
	int64_t last = expires - p->parent_registration - p->parent_propagation - p->parent_ds_ttl;
	if (j->e->ds == NULL || j->e->ds[0] != '\0') {
		say(j, JUDGE_WAY_OUT,
		    "if there is no backup, have the DS removed at the parent %s%s: "
		    "from %s after that on the zone is insecure, and: ods pass %s chain",
		    last > j->now ? "by " : "now, it is late already",
		    last > j->now ? when_text(last, j->now, when) : "",
		    "its TTL and the parent's delays", j->e->zone);
	}
}

static bool refuse(const judge_t *j, const char *why, unsigned keytag)
{
	say(j, JUDGE_REFUSES, why, keytag);
	return false;
}

/* Whether all signatures that caches may hold can be verified with keys that are in tokens. */
static bool has_signers(const judge_t *j)
{
	const evidence_t *e = j->e;
	for (size_t s = 0; s < e->served.signer_count; s++) {
		bool served = false;
		for (size_t i = 0; i < e->served.key_count; i++) {
			served = served ||
			         (e->served.keys[i].keytag == e->served.signers[s].keytag &&
			          e->served.keys[i].algorithm == e->served.signers[s].algorithm);
		}
		if (!served) {
			return refuse(j, "key %u signs the zone, and knotd serves no DNSKEY of it",
			              e->served.signers[s].keytag);
		}
	}
	for (size_t i = 0; i < e->served.key_count; i++) {
		if (e->pairs[i] == NULL && e->served.keys[i].role == KEYSET_ZSK) {
			return refuse(j,
			              signs(e, i)
			                      ? "key %u signs the zone, and its key pair is in no "
			                        "token"
			                      : "caches may hold signatures of zsk %u, and its "
			                        "key pair is in no token",
			              e->served.keys[i].keytag);
		}
		if (e->pairs[i] == NULL && signs(e, i)) {
			return refuse(j, "csk %u signs the zone, and its key pair is in no token",
			              e->served.keys[i].keytag);
		}
	}
	return true;
}

/* Whether validators find a way from the parent to the keys that come back. */
static bool has_entry(const judge_t *j)
{
	const evidence_t *e = j->e;
	bool any = false, fits = false;
	for (size_t i = 0; i < e->served.key_count; i++) {
		if (e->served.keys[i].role != KEYSET_KSK) {
			continue;
		}
		if (e->ds == NULL && e->pairs[i] == NULL) {
			return refuse(
				j,
				"the parent's DS may lead to ksk %u, and its key pair is in no "
				"token",
				e->served.keys[i].keytag);
		}
		any = any || e->pairs[i] != NULL;
		fits = fits || (e->pairs[i] != NULL && has_ds(e, i));
	}
	if (!any) {
		return refuse(j, "no ksk or csk that knotd serves has its key pair in a token", 0);
	}
	if (e->ds != NULL && e->ds[0] != '\0' && !fits) {
		return refuse(
			j,
			"the parent's DS leads to no key that knotd serves and that has its key "
			"pair in a token",
			0);
	}
	return true;
}

static bool may_recover(const judge_t *j)
{
	const evidence_t *e = j->e;
	if (j->policy == NULL) {
		say(j, JUDGE_REFUSES, "kasp.xml has no usable policy %s", e->policy);
		return false;
	}
	if (!e->live) {
		return refuse(j, "the signer does not have the zone: it has to be in knot.conf", 0);
	}
	if (e->learns && !e->unlearnt) {
		return refuse(
			j,
			"nothing to do: the engine learns the zone from the signer's key set by "
			"itself",
			0);
	}
	if (!e->chain && !e->unlearnt) {
		return refuse(
			j,
			"nothing to do: database and signer agree, and the signer does not hold "
			"the key set",
			0);
	}
	if (e->served_why[0] != '\0' || !e->served.there) {
		return refuse(j,
		              "without what knotd serves it is not known what caches hold; if the "
		              "zone's last signed copy is elsewhere, have knotd serve it",
		              0);
	}
	if (e->served.strange || e->served.key_count == 0 || e->served.signer_count == 0) {
		return refuse(j, "knotd serves no signed copy of the zone with keys of ours", 0);
	}
	if (!has_signers(j) || !has_entry(j)) {
		say_way_out(j);
		return false;
	}
	return true;
}

/* -- doing it ------------------------------------------------------------ */

static core_record_t fresh(const judge_t *j, bool carried, bool public)
{
	return (core_record_t){ .state = KEYSET_RUMOURED,
		                .since = j->now,
		                .revision = carried ? j->revision : 0,
		                .came = j->revision,
		                .public_at = public ? j->now : 0 };
}

/* Whether another key of the role stays in use in place of key i. */
static bool is_replaced(const evidence_t *e, size_t i)
{
	bool zsk = e->served.keys[i].role == KEYSET_ZSK;
	if (zsk ? signs(e, i) : e->ds == NULL || has_ds(e, i)) {
		return false;
	}
	for (size_t k = 0; k < e->served.key_count; k++) {
		bool same = e->served.keys[k].role == e->served.keys[i].role;
		if (k != i && same && e->pairs[k] != NULL && (zsk ? signs(e, k) : has_ds(e, k))) {
			return true;
		}
	}
	return false;
}

static void fill_records(const judge_t *j, size_t i, core_key_t *core)
{
	const evidence_t *e = j->e;
	core->record[KEYSET_DNSKEY] = fresh(j, true, true);
	if (core->role != KEYSET_ZSK) {
		core->record[KEYSET_RRSIG_DNSKEY] = fresh(j, true, true);
		if (e->ds == NULL || has_ds(e, i)) {
			core->record[KEYSET_DS] = fresh(j, false, e->ds != NULL);
		}
	}
	if (core->role != KEYSET_KSK) {
		core->record[KEYSET_RRSIG] = fresh(j, true, true);
		if (!signs(e, i)) {
			/* It may have signed until lately. */
			core->record[KEYSET_RRSIG].state = KEYSET_UNRETENTIVE;
			core->record[KEYSET_RRSIG].came = 0;
		}
	}
}

static void fill_key(const judge_t *j, size_t i, rebuilt_key_t *to)
{
	const dnskey_record_t *from = &j->e->served.keys[i];
	const pair_t *pair = j->e->pairs[i];
	*to = (rebuilt_key_t){ .repository = pair->repository,
		               .cka_id = pair->cka_id,
		               .public_key = from->public_key,
		               .public_key_len = from->len };
	core_key_t *core = &to->core;
	core_key_init(core, role_of(j->e, i), from->algorithm, from->keytag,
	              POLICY_ROLL_PRE_PUBLICATION, j->now);
	core->repository = pair->repository;
	core->bits = dnskey_bits(from->algorithm, from->public_key, from->len);
	const policy_key_t *entry = plan_entry(j->policy, core);
	if (entry != NULL) {
		core->roll = entry->roll;
	} else if (core->role != KEYSET_ZSK) {
		core->roll = POLICY_ROLL_DOUBLE_SIGNATURE;
	}
	core->goal_in = !is_replaced(j->e, i);
	fill_records(j, i, core);
}

/*
 * \return A revision above all that are known, and above those that are not: what is lost now may come
 *         back as an older copy, which has to be known as such. Key sets are counted up from 1, or from
 *         the time of an earlier recovery, less than once a second: so the time is above them all.
 */
static uint64_t next_revision(const evidence_t *e, int64_t now)
{
	uint64_t revision = e->pending > e->database ? e->pending : e->database;
	revision = e->published > revision ? e->published : revision;
	return now > 0 && (uint64_t)now > revision ? (uint64_t)now : revision + 1;
}

/* \return Whether memory sufficed. */
static bool rebuild(const judge_t *j, rebuilt_t *out)
{
	const evidence_t *e = j->e;
	rebuilt_t zone = { .ds = e->ds != NULL ? e->ds : "",
		           .ds_seen = e->ds != NULL ? j->now : 0 };
	zone.keys = calloc(e->served.key_count, sizeof(*zone.keys));
	if (zone.keys == NULL) {
		return false;
	}
	for (size_t i = 0; i < e->served.key_count; i++) {
		if (e->pairs[i] != NULL) {
			fill_key(j, i, &zone.keys[zone.count++]);
		}
	}
	zone.core.revision = j->revision;
	zone.core.ttls[CORE_TTL_DNSKEY].ttl = e->served.dnskey_ttl;
	*out = zone;
	return true;
}

static void say_does(const judge_t *j, const rebuilt_t *zone)
{
	say(j, JUDGE_TAKES,
	    "caches may hold the DNSKEY RRset that knotd serves, and signatures of its "
	    "keys; they need not hold the same yet, so all waits begin now");
	if (j->e->ds == NULL) {
		say(j, JUDGE_TAKES,
		    "the parent may have a DS of each ksk and csk; nothing relies on one "
		    "before it is seen");
	}
	for (size_t i = 0; i < zone->count; i++) {
		const core_key_t *key = &zone->keys[i].core;
		say(j, JUDGE_DOES, "%s %u comes back%s", keyset_role_name(key->role), key->keytag,
		    key->goal_in ? "" : ", and goes when no cache needs it any more");
	}
	for (size_t i = 0; i < j->e->served.key_count; i++) {
		if (j->e->pairs[i] == NULL) {
			say(j, JUDGE_DOES,
			    "%s %u leaves: its key pair is in no token, and no DS leads to "
			    "it",
			    keyset_role_name(role_of(j->e, i)), j->e->served.keys[i].keytag);
		}
	}
	say(j, JUDGE_DOES,
	    "the signer gets key set %llu or later, which is newer than all before; what "
	    "database and signer have of other keys is dropped, the tokens keep them",
	    (unsigned long long)j->revision);
}

bool judge_zone(const evidence_t *evidence, const policy_t *policy, int64_t now, judge_say_t to,
                rebuilt_t *out)
{
	const judge_t j = { evidence, policy, now, to, next_revision(evidence, now) };
	say_known(&j);
	if (!may_recover(&j)) {
		return false;
	}
	if (!rebuild(&j, out)) {
		return refuse(&j, "out of memory", 0);
	}
	say_does(&j, out);
	return true;
}
