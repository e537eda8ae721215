/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/control/served.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <libknot/libknot.h>

#include "module/publish/served.h"

/* Milliseconds that knotd may take to answer: it does so at once, unless it serves an operator's
 * long command. */
#define TIMEOUT_MS 2000

/*! \return The unit's zone, to be dropped by zones_drop(); NULL: the error is sent. */
static zone_t *use_zone(ctl_request_t *req, control_t *control, const ctl_unit_t *unit)
{
	if (server_fault(control->server)[0] != '\0') {
		ctl_error(req, unit->zone, "%s", server_fault(control->server));
		return NULL;
	}
	if (unit->zone == NULL) {
		ctl_error(req, NULL, "a zone has to be named");
		return NULL;
	}
	return request_use_zone(req, control, unit->zone);
}

void served_keyset(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	zone_t *zone = use_zone(req, control, unit);
	if (zone == NULL) {
		return;
	}
	char *text = NULL;
	const int ret = keys_stored(&zone->keys, &text);
	if (ret == KNOT_EOK) {
		ctl_text(req, unit->zone, "keyset", text);
	} else if (ret == KNOT_ENOENT) {
		ctl_error(req, unit->zone, "the store has no key set of this zone");
	} else {
		ctl_error(req, unit->zone, "store: %s", store_strerror(ret));
	}
	free(text);
	zones_drop(&control->server->zones, zone);
}

static void reply_number(ctl_request_t *req, const char *zone, const char *type, int64_t number)
{
	char text[32];
	snprintf(text, sizeof(text), "%" PRId64, number);
	ctl_reply(req, zone, type, text);
}

static void reply_keys(ctl_request_t *req, const char *zone, const apex_t *apex)
{
	for (size_t i = 0; i < apex->key_count; i++) {
		char *text = apex_key_text(&apex->keys[i]);
		if (text != NULL) {
			ctl_reply(req, zone, "dnskey", text);
		} else {
			ctl_error(req, zone, "out of memory");
		}
		free(text);
	}
}

static void reply_signers(ctl_request_t *req, const char *zone, const apex_t *apex)
{
	for (size_t i = 0; i < apex->signer_count; i++) {
		const apex_signer_t *signer = &apex->signers[i];
		char *text = NULL;
		if (signer->covered != KNOT_RRTYPE_SOA) {
			continue;
		}
		if (asprintf(&text, "%u %u %s", signer->algorithm, signer->keytag,
		             signer->signature) >= 0) {
			ctl_reply(req, zone, "signer", text);
			free(text);
		} else {
			ctl_error(req, zone, "out of memory");
		}
	}
}

static void reply_apex(ctl_request_t *req, const char *zone, const apex_t *apex)
{
	if (!apex->has_soa) {
		return;
	}
	reply_number(req, zone, "serial", apex->serial);
	reply_number(req, zone, "soa-ttl", apex->soa_ttl);
	if (apex->key_count > 0) {
		reply_number(req, zone, "dnskey-ttl", apex->dnskey_ttl);
	}
	reply_keys(req, zone, apex);
	reply_signers(req, zone, apex);
	if (apex->expiration > 0) {
		reply_number(req, zone, "expires", apex->expiration);
	}
}

void served_zone(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	control_t *control = ctx;
	knot_dname_txt_storage_t name;
	served_t served = { 0 };
	char err[256] = "out of memory";
	zone_t *zone = use_zone(req, control, unit);
	if (zone == NULL) {
		return;
	}
	knot_dname_to_str(name, zone->name, sizeof(name));
	char *path = trigger_path(control->server->env.asker);
	if (path != NULL &&
	    served_ask(path, name, TIMEOUT_MS, &served, err, sizeof(err)) == KNOT_EOK) {
		reply_apex(req, unit->zone, &served.apex);
	} else {
		ctl_error(req, unit->zone, "%s", err);
	}
	served_deinit(&served);
	free(path);
	zones_drop(&control->server->zones, zone);
}
