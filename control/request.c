/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "control/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/text.h"
#include "control/block.h"

/* Milliseconds until a request has come as a whole, and until its answer has gone. A client needs a
 * few; but a person may look at a long answer page by page. */
#define REQUEST_MS 5000
#define ANSWER_MS  60000

/* So much of an answer is gathered before ctl_flush() sends it. */
#define FLUSH_BYTES (256 * 1024)

/* Bytes of an error text; knotc prints it as one line. */
#define ERROR_MAX  4096

struct ctl_request {
	const ctl_service_t *service;
	wire_t *wire;
	void *kept;
	bool silent;           /* No unit is sent: it would make the client abort. */
	bool answered;
	bool refused;          /* A unit of the block was. */
	bool unit_refused;     /* That which is being answered was. */
	bool broken;           /* Nothing can be sent any more. */
};

/* -- answers ------------------------------------------------------------- */

static void add_raw(ctl_request_t *req, uint8_t code, const knot_ctl_data_t data)
{
	req->broken = req->broken || wire_add(req->wire, code, data) != KNOT_EOK;
}

static void flush(ctl_request_t *req)
{
	wire_begin(req->wire, ANSWER_MS);
	req->broken = req->broken || wire_flush(req->wire) != KNOT_EOK;
}

void ctl_flush(ctl_request_t *req)
{
	if (wire_unsent(req->wire) >= FLUSH_BYTES) {
		flush(req);
	}
}

bool ctl_refused(const ctl_request_t *req)
{
	return req->unit_refused;
}

uid_t ctl_peer(const ctl_request_t *req)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	const int ret = getsockopt(req->wire->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	return ret == 0 ? peer.uid : (uid_t)-1;
}

void **ctl_kept(ctl_request_t *req)
{
	return &req->kept;
}

/* Sends a unit as it is. */
static void send_data(ctl_request_t *req, uint8_t code, knot_ctl_data_t data)
{
	for (int i = 0; i < KNOT_CTL_IDX__COUNT; i++) {
		if (data[i] != NULL && strlen(data[i]) > UINT16_MAX) {
			memset(data, 0, sizeof(knot_ctl_data_t));
			data[KNOT_CTL_IDX_ERROR] = "the answer is longer than 65535 bytes";
		}
	}

	req->answered = true;
	req->unit_refused |= data[KNOT_CTL_IDX_ERROR] != NULL;
	req->refused |= req->unit_refused;
	if (!req->silent) {
		add_raw(req, code, data);
	}
}

/* Sends a unit for a person: knotc shows it on the terminal as it is. */
static void send_unit(ctl_request_t *req, uint8_t code, knot_ctl_data_t data)
{
	char *tame[KNOT_CTL_IDX__COUNT] = { NULL };
	for (int i = 0; i < KNOT_CTL_IDX__COUNT; i++) {
		if (data[i] != NULL && !text_is_tame(data[i])) {
			tame[i] = strdup(data[i]);
			req->broken |= tame[i] == NULL;
			if (tame[i] != NULL) {
				text_tame(tame[i]);
			}
			data[i] = tame[i];
		}
	}
	send_data(req, code, data);
	for (int i = 0; i < KNOT_CTL_IDX__COUNT; i++) {
		free(tame[i]);
	}
}

void ctl_reply(ctl_request_t *req, const char *zone, const char *type, const char *data)
{
	knot_ctl_data_t unit = {
		[KNOT_CTL_IDX_ZONE] = zone,
		[KNOT_CTL_IDX_TYPE] = type,
		[KNOT_CTL_IDX_DATA] = data,
	};
	send_unit(req, WIRE_DATA, unit);
}

void ctl_text(ctl_request_t *req, const char *zone, const char *type, const char *text)
{
	knot_ctl_data_t unit = {
		[KNOT_CTL_IDX_ZONE] = zone,
		[KNOT_CTL_IDX_TYPE] = type,
		[KNOT_CTL_IDX_DATA] = text,
	};
	send_data(req, WIRE_DATA, unit);
}

void ctl_extra(ctl_request_t *req, const char *type, const char *data)
{
	knot_ctl_data_t unit = {
		[KNOT_CTL_IDX_TYPE] = type,
		[KNOT_CTL_IDX_DATA] = data,
	};
	send_unit(req, WIRE_EXTRA, unit);
}

void ctl_counter(ctl_request_t *req, const char *zone, const char *section, const char *item,
                 const char *id, const char *value)
{
	knot_ctl_data_t unit = {
		[KNOT_CTL_IDX_ZONE] = zone,
		[KNOT_CTL_IDX_SECTION] = section,
		[KNOT_CTL_IDX_ITEM] = item,
		[KNOT_CTL_IDX_ID] = id,
		[KNOT_CTL_IDX_DATA] = value,
	};
	send_unit(req, WIRE_DATA, unit);
}

void ctl_error(ctl_request_t *req, const char *zone, const char *fmt, ...)
{
	char text[ERROR_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	knot_ctl_data_t unit = {
		[KNOT_CTL_IDX_ZONE] = zone,
		[KNOT_CTL_IDX_ERROR] = text,
	};
	send_unit(req, WIRE_DATA, unit);
}

/* -- requests ------------------------------------------------------------ */

static const ctl_command_t *find_command(const ctl_service_t *service, const char *name)
{
	for (const ctl_command_t *cmd = service->commands; cmd->name != NULL; cmd++) {
		if (strcmp(cmd->name, name) == 0) {
			return cmd;
		}
	}
	return NULL;
}

static void refuse_command(ctl_request_t *req, const ctl_unit_t *unit)
{
	char known[ERROR_MAX / 2] = "";
	size_t len = 0;
	for (const ctl_command_t *cmd = req->service->commands; cmd->name != NULL; cmd++) {
		int ret = snprintf(known + len, sizeof(known) - len, "%s%s",
		                   len > 0 ? ", " : "", cmd->name);
		len += (size_t)ret < sizeof(known) - len ? (size_t)ret : 0;
	}
	ctl_error(req, unit->zone, "unknown command '%.100s'; known here: %s", unit->cmd, known);
}

/* \return Whether the next unit has the same command, and will be answered. */
static bool goes_on(const ctl_request_t *req, const block_unit_t *it)
{
	const char *next = it->next != NULL ? it->next->unit.cmd : NULL;
	return it->next != NULL && (next == NULL || strcmp(next, it->unit.cmd) == 0) &&
	       !req->broken && !atomic_load(req->service->stopping);
}

/* A unit without a command has that of the unit before; Knot's own clients always send one. */
static void answer_units(ctl_request_t *req, block_t *block)
{
	const char *name = "";
	for (block_unit_t *it = block->first; it != NULL; it = it->next) {
		if (it->unit.cmd == NULL) {
			it->unit.cmd = name;
		}
		name = it->unit.cmd;

		/* knotc up to 3.5 aborts on any unit in the answer to these. */
		req->silent = strcmp(name, "zone-xfr-freeze") == 0 ||
		              strcmp(name, "zone-xfr-thaw") == 0;

		const ctl_command_t *cmd = find_command(req->service, name);
		if (cmd == NULL) {
			refuse_command(req, &it->unit);
			return;
		}
		it->unit.more = goes_on(req, it);
		req->unit_refused = false;
		cmd->handler(req->service->ctx, req, &it->unit);
		ctl_flush(req);

		if (it->unit.more) {
			continue;
		}
		if (req->broken) {
			return;
		}
		if (atomic_load(req->service->stopping)) {
			break; /* This unit may be what stops the server: its answer is still sent. */
		}
	}

	/* knotc from 3.5 on prints "Running" only if the answer has a unit. */
	if (strcmp(name, "status") == 0 && !req->answered) {
		ctl_reply(req, NULL, NULL, NULL);
	}
}

bool request_serve(const ctl_service_t *service, wire_t *wire)
{
	ctl_request_t req = { .service = service, .wire = wire };
	block_t block = { 0 };

	wire_begin(wire, REQUEST_MS);
	int ret = block_read(&block, wire);
	if (ret == KNOT_EOK) {
		answer_units(&req, &block);
		/* END, where BLOCK is due, is an error that any knotc reports. */
		bool end = req.silent && req.refused;
		add_raw(&req, end ? WIRE_END : WIRE_BLOCK, NULL);
		flush(&req);
	} else if (ret == KNOT_ESPACE || ret == KNOT_ENOMEM) {
		request_refuse(wire, "the request is too large, send fewer zones at once");
	}
	block_deinit(&block);

	return ret == KNOT_EOK && !req.broken;
}

void request_refuse(wire_t *wire, const char *text)
{
	ctl_request_t req = { .wire = wire };
	ctl_error(&req, NULL, "%s", text);
	add_raw(&req, WIRE_BLOCK, NULL);
	if (!req.broken) {
		wire_begin(wire, 0); /* No wait. */
		(void)wire_flush(wire);
	}
}
