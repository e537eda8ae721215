/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/handlers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/event.h"
#include "policy-engine/base/when.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/control/row.h"
#include "policy-engine/control/zones.h"
#include "policy-engine/parent/confirm.h"
#include "policy-engine/signer/compose.h"

/* -- keys ---------------------------------------------------------------- */

static void key_row(ctl_request_t *req, const kasp_zone_t *zone, size_t i)
{
	static const char *const names[] = { "ds", "dnskey", "rrsig-dnskey", "rrsig" };
	const core_key_t *key = &zone->core.keys[i];
	const zone_key_t *info = &zone->keys[i];
	char step[STEP_TEXT_MAX], when[WHEN_TEXT_MAX];
	int64_t at = 0;
	step_text(key, step, &at);
	row_t row = { .req = req, .zone = zone->name };
	row_column(&row, "role", keyset_role_name(key->role));
	row_number(&row, "keytag", key->keytag);
	row_number(&row, "algorithm", key->algorithm);
	row_number(&row, "bits", key->bits);
	row_column(&row, "goal", !key->goal_in ? "out" : key->standby ? "standby" : "in");
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		row_column(&row, names[r], keyset_state_name(key->record[r].state));
	}
	row_column(&row, "repository", info->repository);
	row_column(&row, "cka-id", info->cka_id);
	row_column(&row, "inception", when_stamp(key->inception, when));
	row_column(&row, "next", step);
	row_column(&row, "next-at", at != 0 ? when_stamp(at, when) : "");
}

static void keys_of(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	(void)unit;
	kasp_zone_t zone = { 0 };
	pthread_mutex_lock(&c->desk->lock);
	if (control_load(c, req, name, &zone) > 0) {
		const live_zone_t *live = live_find(&c->desk->live, name);
		const policy_t *policy = policies_find(&c->desk->policies, zone.policy);
		control_foresee(c, &zone, policy, live, time(NULL));
		for (size_t i = 0; i < zone.core.count; i++) {
			key_row(req, &zone, i);
		}
	}
	pthread_mutex_unlock(&c->desk->lock);
	kasp_zone_deinit(&zone);
}

void control_keys(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_zones(ctx, req, unit, keys_of);
}

/* -- DS ------------------------------------------------------------------ */

static const struct {
	const char *name;
	dnskey_form_t form;
} forms[] = {
	{ "ds", DNSKEY_DS_SHA256 },     { "ds-sha384", DNSKEY_DS_SHA384 },
	{ "dnskey", DNSKEY_DNSKEY },    { "cds", DNSKEY_CDS },
	{ "cdnskey", DNSKEY_CDNSKEY },
};

static int find_form(const char *name)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (name != NULL && strcmp(forms[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/* What the parent is to do with the DS. */
static const char *ds_state(const core_key_t *key)
{
	switch (key->record[KEYSET_DS].state) {
	case KEYSET_HIDDEN:
		return key->goal_in ? "not to be given to the parent yet" : "not at the parent";
	case KEYSET_RUMOURED:
		return core_ds_waits(key) ? "to be given to the parent" : "at the parent";
	case KEYSET_UNRETENTIVE:
		return core_ds_waits(key) ? "to be removed at the parent" : "not at the parent";
	default:
		return "at the parent";
	}
}

static void ds_of(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	dnskey_form_t form = forms[find_form(unit->type)].form;
	kasp_zone_t zone = { 0 };
	pthread_mutex_lock(&c->desk->lock);
	int found = control_load(c, req, name, &zone);
	const policy_t *policy = found > 0 ? policies_find(&c->desk->policies, zone.policy) : NULL;
	for (size_t i = 0; i < zone.core.count; i++) {
		const core_key_t *core = &zone.core.keys[i];
		uint32_t ttl = policy == NULL                                     ? 3600
		               : form == DNSKEY_DS_SHA256 || form == DNSKEY_DS_SHA384
		                       ? policy->parent_ds_ttl
		                       : policy->keys_ttl;
		dnskey_t key = kasp_zone_dnskey(&zone, i);
		char *text = core->role != KEYSET_ZSK ? dnskey_text(&key, form, ttl) : NULL;
		if (text != NULL) {
			row_t row = { .req = req, .zone = name };
			row_column(&row, "record", text);
			row_column(&row, "role", keyset_role_name(core->role));
			row_number(&row, "keytag", core->keytag);
			row_column(&row, "state", ds_state(core));
		}
		free(text);
	}
	pthread_mutex_unlock(&c->desk->lock);
	kasp_zone_deinit(&zone);
}

void control_ds(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	ctl_unit_t wanted = *unit;
	if (!argument_given(unit->type)) {
		wanted.type = forms[0].name;
	}
	if (find_form(wanted.type) < 0) {
		ctl_error(req, unit->zone, "%.40s is no form of a DS; there are ds, ds-sha384, "
		          "dnskey, cds, cdnskey", wanted.type);
		return;
	}
	control_zones(ctx, req, &wanted, ds_of);
}

/* \return The key tag; -1 if none is given; -2 after an answer that the text is no key tag. */
static int read_tag(ctl_request_t *req, const ctl_unit_t *unit)
{
	uint64_t tag;
	if (!argument_given(unit->type)) {
		return -1;
	}
	if (!argument_number(unit->type, UINT16_MAX, &tag)) {
		ctl_error(req, unit->zone, "\"%.40s\" is not a key tag", unit->type);
		return -2;
	}
	return (int)tag;
}

static void confirm(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit,
                    bool appear)
{
	confirm_t confirm = { .zone = name, .appear = appear, .keytag = read_tag(req, unit),
	                      .since = time(NULL), .who = "a person says" };
	if (confirm.keytag < -1) {
		return;
	}
	pthread_mutex_lock(&c->desk->lock);
	int count = confirm_ds(c->desk, &confirm);
	if (count == 0 && appear && recheck_believe(c->desk, name, confirm.since)) {
		log_about(LOG_INFO, (about_t){ .event = "ds-seen", .zone = name },
		          "the parent has the DS of all keys in use, %s",
		          confirm.who);
		count = 1;
	}
	if (count == 0 && !appear && confirm.keytag < 0) {
		count = confirm_no_ds(c->desk, name, confirm.since);
	}
	if (count == 0) {
		ctl_error(req, name, "no %s of this zone waits for its DS to %s the parent; "
		          "zone-status says what each key waits for",
		          confirm.keytag < 0 ? "key" : "such key", appear ? "be seen at"
		                                                          : "go from");
	} else if (count < 0) {
		ctl_error(req, name, "%s", db_error(c->desk->db));
	}
	pthread_mutex_unlock(&c->desk->lock);
}

static void seen(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	confirm(c, req, name, unit, true);
}

static void gone(context_t *c, ctl_request_t *req, const char *name, const ctl_unit_t *unit)
{
	confirm(c, req, name, unit, false);
}

void control_ds_seen(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	if (control_needs_zone(req, unit)) {
		control_zones(ctx, req, unit, seen);
		desk_wake(c->desk);
	}
}

void control_ds_gone(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	if (control_needs_zone(req, unit)) {
		control_zones(ctx, req, unit, gone);
		desk_wake(c->desk);
	}
}
