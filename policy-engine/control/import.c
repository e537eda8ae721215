/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/handlers.h"

#include <string.h>

#include "policy-engine/base/address.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/control/context.h"
#include "policy-engine/control/row.h"
#include "policy-engine/import/back.h"
#include "policy-engine/import/import.h"
#include "policy-engine/import/source-kinds.h"

#define DNS_PORT 53

static void send_row(void *ctx, const import_row_t *row)
{
	row_t out = { .req = ctx, .zone = row->zone };
	row_column(&out, "result", import_result_name(row->result));
	row_column(&out, "serial", row->serial);
	row_column(&out, "keys", row->keys);
	row_column(&out, "why", row->why);
}

void control_import(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	char err[1024];
	uint64_t number = 0;
	struct sockaddr_storage server;
	const bool has_server = argument_given(unit->id) && address_parse(unit->id, DNS_PORT, &server) == 0;
	const bool has_serial = argument_given(unit->id) && !has_server;
	bool has_zone = argument_given(unit->zone);
	const source_kind_t *from = source_kind(argument_given(unit->owner) ? unit->owner : NULL);
	if (unit->section == NULL || from == NULL || (from->has_policies && unit->item == NULL)) {
		ctl_error(req, NULL, "name OpenDNSSEC's kasp.db, and its signer's directory; or another "
		          "signer, what it has left, and a policy");
		return;
	}
	if (has_serial && (!has_zone || !argument_number(unit->id, UINT32_MAX, &number))) {
		ctl_error(req, unit->zone, "\"%.40s\" is neither the serial of one zone nor the address of a "
		          "server", unit->id);
		return;
	}
	const uint32_t serial = (uint32_t)number;
	number = SOURCE_TTL;
	if (argument_given(unit->ttl) && !argument_number(unit->ttl, INT32_MAX, &number)) {
		ctl_error(req, NULL, "\"%.40s\" is no TTL", unit->ttl);
		return;
	}
	import_t what = {
		.from = from,
		.database = unit->section,
		.policy = from->has_policies || !argument_given(unit->item) ? NULL : unit->item,
		.ttl = (uint32_t)number,
		.signer_dir = unit->item,
		.zone = has_zone ? unit->zone : NULL,
		.serial = has_serial ? &serial : NULL,
		.server = has_server ? &server : NULL,
		.plan = unit->data != NULL && strcmp(unit->data, "plan") == 0,
		.beside = unit->type != NULL && strcmp(unit->type, "beside") == 0,
		.again = unit->type != NULL && strcmp(unit->type, "again") == 0,
		.to = { send_row, req },
	};
	if (import_run(c->desk, c->keys, &what, err, sizeof(err)) != 0) {
		ctl_error(req, NULL, "%s", err);
	}
	desk_wake(c->desk);
}

typedef struct {
	ctl_request_t *req;
	bool sql; /* It is wanted. */
} back_answer_t;

static void send_back(void *ctx, const back_row_t *back)
{
	const back_answer_t *to = ctx;
	row_t out = { .req = to->req, .zone = back->zone };
	row_column(&out, "back", !back->open ? "closed" : back->sql != NULL ? "by SQL" : "open");
	if (back->open) {
		row_number(&out, "next-serial", (uint32_t)(back->serial + 1));
	}
	row_column(&out, "why", back->why);
	if (to->sql) {
		row_column(&out, "sql", back->sql != NULL ? back->sql : "");
	}
}

void control_back(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const context_t *c = ctx;
	char err[1024];
	back_answer_t to = { req, unit->type != NULL && strcmp(unit->type, "sql") == 0 };
	const back_t what = { .database = unit->section,
	                      .zone = argument_given(unit->zone) ? unit->zone : NULL,
	                      .report = send_back, .ctx = &to };
	if (unit->section == NULL) {
		ctl_error(req, NULL, "name OpenDNSSEC's kasp.db");
	} else if (back_run(c->desk, &what, err, sizeof(err)) != 0) {
		ctl_error(req, NULL, "%s", err);
	}
}
