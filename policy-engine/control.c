/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/client.h"
#include "policy-engine/confirm.h"
#include "policy-engine/engine-internal.h"
#include "policy-engine/status.h"

#define RELOAD_WAIT_S 30
#define SIGNER_TIMEOUT_MS 5000
#define LISTED_MAX 8 /* Zones named in an error. */

/* The names of zones, copied, so that the lock need not be held while they are worked on. */
typedef struct {
	char **names;
	size_t count, size;
} names_t;

static int add_name(void *ctx, const char *name)
{
	names_t *all = ctx;
	if (all->count == all->size) {
		size_t size = all->size > 0 ? 2 * all->size : 16;
		char **names = reallocarray(all->names, size, sizeof(*names));
		if (names == NULL) {
			return 1;
		}
		all->names = names;
		all->size = size;
	}
	all->names[all->count] = strdup(name);
	if (all->names[all->count] == NULL) {
		return 1;
	}
	all->count++;
	return 0;
}

static void names_deinit(names_t *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->names[i]);
	}
	free(all->names);
}

static void get_names(engine_t *e, names_t *all)
{
	pthread_mutex_lock(&e->lock);
	store_zones(e->store, add_name, all);
	pthread_mutex_unlock(&e->lock);
}

static void refuse_unknown(engine_t *e, ctl_request_t *req, const char *zone)
{
	names_t all = { 0 };
	char list[1024] = "";
	get_names(e, &all);
	for (size_t i = 0; i < all.count && i < LISTED_MAX; i++) {
		size_t used = strlen(list);
		snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", all.names[i]);
	}
	if (all.count == 0) {
		ctl_error(req, zone, "no such zone; the signer has not named any yet");
	} else if (all.count <= LISTED_MAX) {
		ctl_error(req, zone, "no such zone; there are: %s", list);
	} else {
		ctl_error(req, zone, "no such zone; there are %zu: %s, …", all.count, list);
	}
	names_deinit(&all);
}

/* Calls work for the unit's zone, or for all zones if it names none. */
static void for_zones(engine_t *e, ctl_request_t *req, const ctl_unit_t *unit,
                      void (*work)(engine_t *e, ctl_request_t *req, const char *name))
{
	names_t all = { 0 };
	if (unit->zone == NULL || unit->zone[0] == '\0') {
		get_names(e, &all);
	} else {
		char *name = zone_name(unit->zone);
		zone_t zone = { 0 };
		pthread_mutex_lock(&e->lock);
		int found = name != NULL ? store_zone_get(e->store, name, &zone) : 0;
		pthread_mutex_unlock(&e->lock);
		zone_deinit(&zone);
		if (found <= 0 || add_name(&all, name) != 0) {
			refuse_unknown(e, req, unit->zone);
		}
		free(name);
	}
	for (size_t i = 0; i < all.count; i++) {
		work(e, req, all.names[i]);
	}
	names_deinit(&all);
}

static void do_status(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	if (unit->type != NULL && strcmp(unit->type, "version") == 0) {
		ctl_reply(req, NULL, NULL, PACKAGE_VERSION);
	} else if (unit->type != NULL && unit->type[0] != '\0') {
		ctl_error(req, NULL, "status %.40s is not known; there are status and "
		          "status version",
		          unit->type);
	} else {
		status_engine(ctx, req);
	}
}

static void do_zone_status(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	for_zones(ctx, req, unit, status_zone);
}

static void push_again(engine_t *e, ctl_request_t *req, const char *name)
{
	pthread_mutex_lock(&e->lock);
	live_zone_t *live = live_find(&e->live, name);
	if (live != NULL) {
		live->force = true;
		live_mark(&e->live, live, true);
	} else {
		ctl_error(req, name, "the signer does not have this zone now");
	}
	pthread_mutex_unlock(&e->lock);
}

static void do_keys_load(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	for_zones(ctx, req, unit, push_again);
	engine_wake(ctx);
}

static int relay(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	ctl_request_t *req = ctx;
	if (error != NULL) {
		ctl_error(req, unit->zone, "%s", error);
	} else if (first && unit->data != NULL) {
		ctl_reply(req, unit->zone, unit->type, unit->data);
	}
	return 0;
}

/* The signer's business; here for those who have this socket before them. */
static void do_zone_sign(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	engine_t *e = ctx;
	char err[512];
	pthread_mutex_lock(&e->lock);
	char *path = strdup(e->conf.signer_socket);
	pthread_mutex_unlock(&e->lock);
	if (path == NULL) {
		ctl_error(req, unit->zone, "out of memory");
	} else if (ctl_client_call(path, SIGNER_TIMEOUT_MS, unit, 1, relay, req, err,
	                           sizeof(err)) != 0) {
		ctl_error(req, unit->zone, "signer: %s", err);
	}
	free(path);
}

static void ksk_submitted(engine_t *e, ctl_request_t *req, const char *name)
{
	confirm_t confirm = { .zone = name, .appear = true, .keytag = -1, .since = time(NULL),
	                      .who = "a person says" };
	pthread_mutex_lock(&e->lock);
	int count = confirm_ds(e, &confirm);
	if (count == 0) {
		ctl_error(req, name, "no key of this zone waits for its DS to be seen at the "
		          "parent; zone-status says what each key waits for");
	} else if (count < 0) {
		ctl_error(req, name, "%s", store_error(e->store));
	}
	pthread_mutex_unlock(&e->lock);
}

static void do_ksk_submitted(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	if (unit->zone == NULL || unit->zone[0] == '\0') {
		ctl_error(req, NULL, "name the zone");
		return;
	}
	for_zones(ctx, req, unit, ksk_submitted);
	engine_wake(ctx);
}

static void do_reload(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)unit;
	engine_t *e = ctx;
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += RELOAD_WAIT_S;

	pthread_mutex_lock(&e->lock);
	e->reload = RELOAD_WANTED;
	engine_wake(e);
	int ret = 0;
	while (e->reload == RELOAD_WANTED && ret != ETIMEDOUT) {
		ret = pthread_cond_timedwait(&e->reload_done, &e->lock, &until);
	}
	if (e->reload == RELOAD_WANTED) {
		ctl_error(req, NULL, "the engine is busy, the reload comes later; see its log");
	} else if (e->reload_problem[0] != '\0') {
		ctl_error(req, NULL, "%s", e->reload_problem);
	}
	pthread_mutex_unlock(&e->lock);
}

static void do_stop(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	(void)ctx;
	(void)req;
	(void)unit;
	kill(getpid(), SIGTERM);
}

const ctl_command_t control_commands[] = {
	{ "status", do_status },
	{ "zone-status", do_zone_status },
	{ "zone-keys-load", do_keys_load },
	{ "zone-sign", do_zone_sign },
	{ "zone-ksk-submitted", do_ksk_submitted },
	{ "reload", do_reload },
	{ "stop", do_stop },
	{ NULL, NULL },
};
