/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/served.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "control/client.h"

ctl_unit_t served_question(const char *zone)
{
	/* The whole apex at once, so that all is of one version. */
	return (ctl_unit_t) { .cmd = "zone-read", .zone = zone, .owner = "@" };
}

void served_take(served_t *served, const ctl_unit_t *unit, const char *error)
{
	if (error != NULL) {
		/* A zone that is configured and not loaded has no apex. */
		served->nothing = strcmp(error, knot_strerror(KNOT_ENONODE)) == 0;
		(void)snprintf(served->error, sizeof(served->error), "%s",
		               served->nothing ? "" : error);
		return;
	}
	if (unit->type == NULL || unit->data == NULL || served->ret != KNOT_EOK) {
		return;
	}
	served->ret = apex_add(&served->apex, unit->type, unit->ttl != NULL ? unit->ttl : "0",
	                       unit->data);
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

void served_take_status(served_t *served, const ctl_unit_t *unit, const char *error)
{
	if (error != NULL) {
		(void)snprintf(served->error, sizeof(served->error), "%s", error);
	} else if (unit->type == NULL || unit->data == NULL) {
		return;
	} else if (strcmp(unit->type, "serial") == 0) {
		char *end = NULL;
		served->apex.serial = strtoul(unit->data, &end, 10);
		served->apex.has_soa = end != unit->data;
	} else if (strcmp(unit->type, "load") == 0) {
		/* With how long it takes so far, in newer ones. The serial came before. */
		served->loading = !served->apex.has_soa &&
		                  (begins_with(unit->data, "pending") || begins_with(unit->data, "running"));
	}
}

int served_check(const served_t *served)
{
	return served->ret == KNOT_EOK && !served->nothing && !served->apex.has_soa
	       ? KNOT_EMALF : served->ret;
}

static int take_status(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	(void)first;
	served_take_status(ctx, unit, error);
	return 0;
}

/*! \return KNOT_EBUSY while knotd loads the zone. An error of knotd's is that of the question itself. */
static int ask_loading(const char *path, const char *zone, int timeout_ms, char *err, size_t err_size)
{
	served_t status = { 0 };
	const ctl_unit_t question = { .cmd = "zone-status", .zone = zone };
	const ctl_call_t call = { .path = path, .timeout_ms = timeout_ms, .units = &question,
	                          .count = 1, .answer = take_status, .ctx = &status };
	int ret = ctl_client_call(&call, err, err_size);
	if (ret == KNOT_EOK && status.loading) {
		snprintf(err, err_size, "knotd is still loading the zone; ask again when it has");
		ret = KNOT_EBUSY;
	}
	served_deinit(&status);
	return ret;
}

static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	(void)first;
	served_take(ctx, unit, error);
	return 0;
}

int served_ask(const char *path, const char *zone, int timeout_ms, served_t *served, char *err,
               size_t err_size)
{
	const ctl_unit_t question = served_question(zone);
	const ctl_call_t call = { .path = path, .timeout_ms = timeout_ms, .units = &question,
	                          .count = 1, .answer = take, .ctx = served };
	memset(served, 0, sizeof(*served));
	int ret = ask_loading(path, zone, timeout_ms, err, err_size);
	if (ret == KNOT_EOK) {
		ret = ctl_client_call(&call, err, err_size);
	}
	if (ret == KNOT_EOK && served->error[0] != '\0') {
		snprintf(err, err_size, "knotd says: %s", served->error);
		return KNOT_ERROR;
	}
	if (ret == KNOT_EOK && (ret = served_check(served)) != KNOT_EOK) {
		snprintf(err, err_size, "knotd's answer cannot be read: %s", knot_strerror(ret));
	}
	return ret;
}

void served_deinit(served_t *served)
{
	apex_deinit(&served->apex);
	memset(served, 0, sizeof(*served));
}
