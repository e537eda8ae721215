/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/control/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void zone_names_add(zone_names_t *names, const knot_dname_t *name)
{
	size_t len = knot_dname_size(name);
	if (names->size - names->len < len) {
		size_t size = names->size * 2 + 4096;
		knot_dname_t *data = realloc(names->data, size);
		if (data == NULL) {
			return;
		}
		names->data = data;
		names->size = size;
	}
	memcpy(names->data + names->len, name, len);
	names->len += len;
	names->count++;
}

void zone_names_add_zone(void *ctx, zone_t *zone)
{
	zone_names_add(ctx, zone->name);
}

/*! Sends an error that lists some of the zones that there are. */
static void no_such_zone(ctl_request_t *req, control_t *control, const char *name)
{
	zone_names_t names = { 0 };
	char list[256] = "";
	size_t len = 0;
	zones_each(&control->server->zones, zone_names_add_zone, &names);
	const knot_dname_t *at = names.data;
	for (size_t i = 0; i < names.count; i++, at += knot_dname_size(at)) {
		knot_dname_txt_storage_t text;
		knot_dname_to_str(text, at, sizeof(text));
		if (len + strlen(text) + 8 > sizeof(list)) {
			snprintf(list + len, sizeof(list) - len, ", ...");
			break;
		}
		len += snprintf(list + len, sizeof(list) - len, "%s%s", len > 0 ? ", " : "", text);
	}
	ctl_error(req, name, "no such zone; %zu signed here%s%s", names.count, len > 0 ? ": " : "",
	          list);
	free(names.data);
}

zone_t *request_use_zone(ctl_request_t *req, control_t *control, const char *name)
{
	knot_dname_storage_t zone;
	zone_t *used = knot_dname_from_str(zone, name, sizeof(zone)) != NULL
	               ? zones_use(&control->server->zones, zone) : NULL;
	if (used == NULL) {
		no_such_zone(req, control, name);
	}
	return used;
}

void request_send_each(ctl_request_t *req, control_t *control, zone_names_t *names,
                       request_send_f send)
{
	const knot_dname_t *at = names->data;
	for (size_t i = 0; i < names->count; i++, at += knot_dname_size(at)) {
		send(req, control, at);
		ctl_flush(req);
	}
	free(names->data);
}

void request_for_zones(ctl_request_t *req, control_t *control, const ctl_unit_t *unit,
                       void (*call)(void *ctx, zone_t *zone), void *ctx)
{
	knot_dname_storage_t name;
	if (server_fault(control->server)[0] != '\0') {
		ctl_error(req, unit->zone, "%s", server_fault(control->server));
	} else if (unit->zone == NULL) {
		zones_each(&control->server->zones, call, ctx);
	} else if (knot_dname_from_str(name, unit->zone, sizeof(name)) == NULL ||
	           !zones_with(&control->server->zones, name, call, ctx)) {
		no_such_zone(req, control, unit->zone);
	}
}
