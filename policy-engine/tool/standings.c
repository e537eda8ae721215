/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/standings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/client.h"
#include "policy-engine/policy/kasp.h"

#define PATIENCE_MS 60000

/* What is being taken from the engine. */
typedef struct {
	standings_t *to;
	FILE *policies;        /* Gets their text. */
	char problem[512];
} taking_t;

static int add_zone(taking_t *taking, const ctl_unit_t *unit)
{
	standings_t *to = taking->to;
	if (to->count == to->size) {
		const size_t size = 2 * to->size + 64;
		standing_zone_t *zones = reallocarray(to->zones, size, sizeof(*zones));
		if (zones == NULL) {
			snprintf(taking->problem, sizeof(taking->problem), "out of memory");
			return -1;
		}
		to->zones = zones;
		to->size = size;
	}
	standing_zone_t *zone = &to->zones[to->count];
	*zone = (standing_zone_t){ .name = strdup(unit->zone) };
	if (zone->name == NULL || standing_read(unit->data, &zone->at) != 0) {
		snprintf(taking->problem, sizeof(taking->problem), "what the engine says of zone %.200s "
		         "cannot be read; are ods and ods-engine of the same version?", unit->zone);
		free(zone->name);
		return -1;
	}
	to->count++;
	return 0;
}

static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	taking_t *taking = ctx;
	(void)first;
	if (error != NULL) {
		snprintf(taking->problem, sizeof(taking->problem), "%s", error);
		return -1;
	}
	if (unit->type == NULL || unit->data == NULL) {
		return 0;
	}
	if (strcmp(unit->type, "policies") == 0) {
		fputs(unit->data, taking->policies);
	}
	return strcmp(unit->type, "standing") == 0 && unit->zone != NULL ? add_zone(taking, unit) : 0;
}

/* Asks one command. */
static int ask(taking_t *taking, const invocation_t *run, const ctl_unit_t *unit)
{
	char err[512] = "";
	char *socket = tool_socket(run);
	const ctl_call_t call = { .path = socket, .timeout_ms = PATIENCE_MS, .units = unit,
	                          .count = 1, .answer = take, .ctx = taking };
	const bool done = socket != NULL && ctl_client_call(&call, err, sizeof(err)) == 0 &&
	                  taking->problem[0] == '\0';
	if (!done && socket != NULL) {
		fprintf(stderr, "ods: %s%s\n", err,
		        taking->problem[0] != '\0' ? taking->problem
		                                   : "; is ods-engine running, and may you use its socket?");
	}
	free(socket);
	return done ? 0 : -1;
}

/* Reads the policies out of a file that has no name. */
static int read_policies(standings_t *to, FILE *file)
{
	char path[64];
	hsm_error_t err = { 0 };
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(file));
	if (fflush(file) != 0 || ferror(file)) {
		fprintf(stderr, "ods: out of memory\n");
		return -1;
	}
	if (kasp_read(path, NULL, &to->policies, NULL, NULL, &err) != HSM_EOK) {
		fprintf(stderr, "ods: the policies that are in force cannot be read: %s\n", err.text);
		return -1;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const standing_zone_t *left = a, *right = b;
	return strcmp(left->name, right->name);
}

int standings_take(standings_t *standings, const invocation_t *run)
{
	*standings = (standings_t){ .count = 0 };
	const int fd = memfd_create("policies", MFD_CLOEXEC);
	taking_t taking = { .to = standings, .policies = fd >= 0 ? fdopen(fd, "w") : NULL };
	if (taking.policies == NULL || fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
		perror("ods: memfd_create");
		return -1;
	}
	int ret = ask(&taking, run, &(ctl_unit_t){ .cmd = "policies" });
	ret = ret == 0 ? read_policies(standings, taking.policies) : ret;
	ret = ret == 0 ? ask(&taking, run, &(ctl_unit_t){ .cmd = "zone-standing" }) : ret;
	fclose(taking.policies);
	if (ret == 0 && standings->count > 0) {
		qsort(standings->zones, standings->count, sizeof(standings->zones[0]), compare);
	}
	return ret;
}

const standing_zone_t *standings_find(const standings_t *standings, const char *name)
{
	const standing_zone_t key = { .name = (char *)name };
	return standings->count > 0 ? bsearch(&key, standings->zones, standings->count,
	                                      sizeof(key), compare)
	                            : NULL;
}

int standing_simulate(const standing_zone_t *zone, const policy_t *policy, int64_t now, int64_t until,
                      timeline_t *timeline)
{
	const core_zone_t *core = &zone->at.zone.core;
	int64_t from = now;
	for (int role = 0; role < CORE_ROLES; role++) { /* A key as young as an order goes after it. */
		from = core->requests[role].at > from ? core->requests[role].at : from;
	}
	return simulate(&(simulate_t){ .policy = policy, .zone = core, .facts = &zone->at.facts,
	                               .from = from, .to = until }, timeline);
}

void standings_deinit(standings_t *standings)
{
	for (size_t i = 0; i < standings->count; i++) {
		free(standings->zones[i].name);
		standing_deinit(&standings->zones[i].at);
	}
	free(standings->zones);
	policies_deinit(&standings->policies);
	*standings = (standings_t){ .count = 0 };
}
