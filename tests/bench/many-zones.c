/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Stands in for a module with many zones, so that the policy engine is measured and not a signer:
 *
 *   many-zones SOCKET COUNT POLICY
 *
 * Each key set is in force at once. Prints what the engine does, each line behind its moment in
 * seconds: "listed" when it got all zones, "asked" when it got what is new, "all" when each zone
 * got a key set, anew after each "all". Ends by a signal. */

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/overview.h"
#include "control/server.h"
#include "keyset/facts.h"
#include "keyset/keyset.h"

typedef struct {
	uint64_t revision, generation;
	time_t since;
	unsigned round;
	char *keyset;
} zone_t;

/* Touched by the server's thread only. */
typedef struct {
	char *policy;
	zone_t *zones;
	size_t count, keysets;
	unsigned round;
	uint64_t generation;
} signer_t;

static void note(const char *what)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	printf("%lld.%06ld %s\n", (long long)now.tv_sec, now.tv_nsec / 1000, what);
	fflush(stdout);
}

static void show_zone(ctl_request_t *req, const signer_t *signer, size_t i)
{
	const zone_t *zone = &signer->zones[i];
	facts_t facts = {
		.policy = signer->policy, .revision = zone->revision, .pending = zone->revision,
		.revision_since = zone->since, .serial = 1, .published = zone->since,
		.max_ttl = 3600,
	};
	char name[32], *text = facts_write(&facts);
	snprintf(name, sizeof(name), "z%zu.test.", i);
	ctl_text(req, name, "facts", text);
	free(text);
}

static void do_facts(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	signer_t *signer = ctx;
	const uint64_t since = strtoull(unit->data, NULL, 10);
	for (size_t i = 0; since < signer->generation && i < signer->count; i++) {
		if (signer->zones[i].generation > since) {
			show_zone(req, signer, i);
		}
	}
	char generation[32];
	snprintf(generation, sizeof(generation), "%llu", (unsigned long long)signer->generation);
	ctl_reply(req, NULL, "generation", generation);
	note(since == 0 ? "listed" : "asked");
}

static void do_keyset(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	signer_t *signer = ctx;
	keyset_t set;
	char err[200];
	size_t i;
	if (keyset_read(unit->data, &set, err, sizeof(err)) != 0 ||
	    sscanf(unit->zone, "z%zu.", &i) != 1 || i >= signer->count) {
		ctl_error(req, unit->zone, "no key set for a zone of mine");
		return;
	}
	zone_t *zone = &signer->zones[i];
	zone->revision = set.revision;
	zone->since = time(NULL);
	zone->generation = ++signer->generation;
	keyset_deinit(&set);
	free(zone->keyset);
	zone->keyset = strdup(unit->data);
	if (zone->round != signer->round) {
		zone->round = signer->round;
		if (++signer->keysets == signer->count) {
			signer->keysets = 0;
			signer->round++;
			note("all");
		}
	}
}

static void do_read(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const signer_t *signer = ctx;
	size_t i;
	if (sscanf(unit->zone, "z%zu.", &i) == 1 && i < signer->count &&
	    signer->zones[i].keyset != NULL) {
		ctl_text(req, unit->zone, "keyset", signer->zones[i].keyset);
	} else {
		ctl_error(req, unit->zone, "no key set");
	}
}

/* A line of each zone, as of module/control/overview.h; each thousandth is held. */
static void do_overview(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	const signer_t *signer = ctx;
	overview_lines_t lines = { .text = NULL };
	(void)unit;
	for (size_t i = 0; i < signer->count; i++) {
		char name[32], until[24];
		snprintf(name, sizeof(name), "z%zu.test.", i);
		snprintf(until, sizeof(until), "%lld", (long long)time(NULL) + 864000 + (long long)i);
		overview_add(&lines, (const char *[]){ name, i % 1000 == 0 ? "held" : "ok",
			"2026113001", until, until, "2026113001", "0", "604800", "12", "3456",
			signer->policy, NULL });
	}
	overview_send_lines(req, &lines);
}

int main(int argc, char *argv[])
{
	static const ctl_command_t commands[] = {
		{ "zone-facts", do_facts }, { "zone-keyset", do_keyset },
		{ "zone-keyset-read", do_read }, { "zone-overview", do_overview }, { NULL, NULL }
	};
	if (argc != 4) {
		fprintf(stderr, "Usage: many-zones SOCKET COUNT POLICY\n");
		return 2;
	}
	signer_t signer = { .policy = argv[3], .count = strtoul(argv[2], NULL, 10), .round = 1,
	                    .generation = 1 };
	signer.zones = calloc(signer.count + 1, sizeof(zone_t));
	for (size_t i = 0; signer.zones != NULL && i < signer.count; i++) {
		signer.zones[i].generation = 1;
	}
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	ctl_server_t *server;
	char err[300] = "out of memory";
	if (signer.zones == NULL ||
	    ctl_server_start(&server, argv[1], commands, &signer, err, sizeof(err)) != 0) {
		fprintf(stderr, "many-zones: %s\n", err);
		return 1;
	}
	sigwaitinfo(&signals, NULL);
	ctl_server_stop(server);
	for (size_t i = 0; i < signer.count; i++) {
		free(signer.zones[i].keyset);
	}
	free(signer.zones);
	return 0;
}
