/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/address.h"
#include "policy-engine/parent/ds-query.h"
#include "policy-engine/parent/ds-set.h"

#define LIMIT_S 5 /* Seconds for one server; resolvers do not wait longer, either. */
#define DNS_PORT 53

const conf_parent_t *parent_servers(const conf_watch_t *conf, const char *zone)
{
	const conf_parent_t *best = NULL;
	size_t best_len = 0, zone_len = strlen(zone);
	for (size_t i = 0; i < conf->count; i++) {
		const char *name = conf->parents[i].name;
		size_t len = strcmp(name, ".") == 0 ? 0 : strlen(name);
		bool below = zone_len > len && strcmp(zone + zone_len - len, name) == 0 &&
		             zone[zone_len - len - 1] == '.';
		if ((below || (len == 0 && zone_len > 1)) && (best == NULL || len > best_len)) {
			best = &conf->parents[i];
			best_len = len;
		}
	}
	return best;
}

static int copy_servers(parent_question_t *question, const conf_parent_t *parent)
{
	for (size_t i = 0; i < parent->count; i++) {
		struct sockaddr_storage address;
		if (address_parse(parent->servers[i], DNS_PORT, &address) != 0 ||
		    servers_add(&question->servers, "", &address) != 0) {
			return -1;
		}
	}
	return 0;
}

/* Makes a question that does not say yet about which key. */
static parent_question_t *question_new(const conf_watch_t *conf, resolver_t *resolver,
                                       const char *zone)
{
	parent_question_t *q = calloc(1, sizeof(*q));
	if (q == NULL) {
		return NULL;
	}
	const conf_parent_t *parent = parent_servers(conf, zone);
	q->zone = strdup(zone);
	q->port = conf->port;
	q->resolver = parent == NULL && resolver != NULL ? resolver_ref(resolver) : NULL;
	if (q->zone == NULL || (parent != NULL && copy_servers(q, parent) != 0)) {
		parent_question_free(q);
		return NULL;
	}
	return q;
}

parent_question_t *parent_question_any(const conf_watch_t *conf, resolver_t *resolver,
                                       const char *zone)
{
	parent_question_t *q = question_new(conf, resolver, zone);
	if (q != NULL) {
		q->ds.wish = PARENT_GOES; /* Of no key: so nothing is wrong with any answer. */
	}
	return q;
}

parent_question_t *parent_question(const conf_watch_t *conf, resolver_t *resolver,
                                   const kasp_zone_t *zone, size_t i, parent_wish_t wish)
{
	parent_question_t *q = question_new(conf, resolver, zone->name);
	if (q == NULL) {
		return NULL;
	}
	dnskey_t key = kasp_zone_dnskey(zone, i);
	q->ds = (verdict_ds_t){ .wish = wish, .keytag = zone->core.keys[i].keytag,
	                        .algorithm = zone->core.keys[i].algorithm };
	for (size_t d = 0; d < VERDICT_DIGESTS; d++) {
		q->ds.ds_len[d] = dnskey_ds(&key, verdict_digests[d], q->ds.ds[d]);
	}
	q->keys = calloc(zone->core.count, sizeof(*q->keys));
	for (size_t k = 0; q->keys != NULL && k < zone->core.count; k++) {
		const core_key_t *core = &zone->core.keys[k];
		q->keys[q->key_count++] = (parent_key_t){ core->keytag, core->algorithm };
	}
	if (q->keys == NULL) {
		parent_question_free(q);
		return NULL;
	}
	return q;
}

void parent_question_free(parent_question_t *question)
{
	if (question != NULL) {
		resolver_unref(question->resolver);
		servers_deinit(&question->servers);
		free(question->keys);
		free(question->zone);
		free(question);
	}
}

static const char *server_text(const parent_server_t *server, char *buf, size_t size)
{
	char address[ADDRESS_TEXT_MAX];
	address_text(&server->address, address);
	if (server->name[0] == '\0') {
		snprintf(buf, size, "%s", address);
	} else {
		snprintf(buf, size, "%s (%s)", server->name, address);
	}
	return buf;
}

/* Whether a server of that name answered at another address. */
static bool is_reached(const servers_t *all, const bool *reached, const parent_server_t *server)
{
	for (size_t i = 0; i < all->count; i++) {
		if (reached[i] && server->name[0] != '\0' &&
		    strcmp(all->servers[i].name, server->name) == 0) {
			return true;
		}
	}
	return false;
}

/* Says which DS the parent has, if none of them is of a key of the zone: then the zone is bogus. */
static void add_strangers(const parent_question_t *q, const ds_answer_t *answer, char *why,
                          size_t size)
{
	char text[PARENT_WHY_MAX / 2] = "";
	for (size_t i = 0; i < answer->count; i++) {
		const uint8_t *rdata = answer->ds[i].rdata;
		size_t used = strlen(text);
		unsigned tag = answer->ds[i].len < 4 ? 0 : (unsigned)(rdata[0] << 8 | rdata[1]);
		unsigned algorithm = answer->ds[i].len < 4 ? 0 : rdata[2];
		for (size_t k = 0; k < q->key_count; k++) {
			if (q->keys[k].keytag == tag && q->keys[k].algorithm == algorithm &&
			    (tag != q->ds.keytag || algorithm != q->ds.algorithm ||
			     verdict_has_any(&q->ds, answer))) {
				return;
			}
		}
		snprintf(text + used, sizeof(text) - used, "%s%u (algorithm %u)",
		         used > 0 ? ", " : "", tag, algorithm);
	}
	size_t used = strlen(why);
	if (text[0] != '\0') {
		snprintf(why + used, size - used, ", but only DS that fit no key of this zone, which "
		         "make it bogus: %s", text);
	}
}

/* The servers being asked. */
typedef struct {
	const servers_t *servers;
	bool *reached, *no_route; /* By server. */
	int stop_fd;
	verdict_tally_t tally;
	ds_set_t ds;
} round_t;

/* \return Whether the server answered, or cannot be reached from this machine. */
static bool check_server(const parent_question_t *q, round_t *round, size_t i,
                         parent_result_t *result)
{
	char name[RESOLVER_NAME_MAX + ADDRESS_TEXT_MAX + 4], why[200] = "";
	const parent_server_t *server = &round->servers->servers[i];
	const bool first = !round->tally.wrong;
	knot_dname_storage_t zone;
	ds_answer_t answer;
	if (knot_dname_from_str(zone, q->zone, sizeof(zone)) == NULL) {
		return false;
	}
	server_text(server, name, sizeof(name));
	const ds_question_t question = { &server->address, zone, LIMIT_S, round->stop_fd };
	ds_query_t ret = ds_query(&question, &answer, why, sizeof(why));
	round->no_route[i] = ret == DS_QUERY_NO_ROUTE;
	result->no_zone = result->no_zone || ret == DS_QUERY_NO_ZONE;
	if (ret != DS_QUERY_DONE) {
		if (first) {
			snprintf(result->why, sizeof(result->why), "%s: %s", name, why);
		}
		return round->no_route[i];
	}
	round->reached[i] = true;
	ds_set_add(&round->ds, &answer);
	const char *wrong = verdict_count(&q->ds, &answer, &round->tally);
	if (wrong != NULL && first) {
		snprintf(result->why, sizeof(result->why), "%s %s", name, wrong);
		if (q->ds.wish == PARENT_COMES) {
			add_strangers(q, &answer, result->why, sizeof(result->why));
		}
	}
	return true;
}

/* An address of a family that this machine cannot reach is the same server's as another. */
static bool all_reached(const round_t *round, parent_result_t *result)
{
	for (size_t i = 0; i < round->servers->count; i++) {
		const parent_server_t *server = &round->servers->servers[i];
		if (!round->no_route[i] || is_reached(round->servers, round->reached, server)) {
			continue;
		}
		char name[RESOLVER_NAME_MAX + ADDRESS_TEXT_MAX + 4];
		if (!round->tally.wrong) {
			snprintf(result->why, sizeof(result->why), "%s: this machine has no way "
			         "there", server_text(server, name, sizeof(name)));
		}
		return false;
	}
	return true;
}

/* Asks all, even if one shows that it is not so: each may show a larger TTL. */
static void check_all(const parent_question_t *q, const servers_t *servers, int stop_fd,
                      parent_result_t *result)
{
	bool *flags = calloc(2 * servers->count, sizeof(*flags));
	if (flags == NULL) {
		snprintf(result->why, sizeof(result->why), "out of memory");
		return;
	}
	round_t round = { .servers = servers, .reached = flags, .no_route = flags + servers->count,
	                  .stop_fd = stop_fd };
	bool whole = true;
	for (size_t i = 0; i < servers->count && whole; i++) {
		whole = check_server(q, &round, i, result);
	}
	result->whole = whole && all_reached(&round, result);
	result->ds = result->whole ? ds_set_text(&round.ds) : NULL;
	result->shown = round.tally.shown;
	result->verdict = verdict_reach(&q->ds, &round.tally, result->whole);
	if (result->verdict == PARENT_YES || result->verdict == PARENT_GONE) {
		result->why[0] = '\0';
	}
	free(flags);
}

void parent_check(const parent_question_t *question, int stop_fd, parent_result_t *result)
{
	servers_t found = { 0 };
	const resolver_child_t child = { question->zone, question->port, stop_fd };
	*result = (parent_result_t){ .verdict = PARENT_UNKNOWN };
	if (question->servers.count > 0) {
		check_all(question, &question->servers, stop_fd, result);
	} else if (question->resolver == NULL) {
		snprintf(result->why, sizeof(result->why), "libunbound does not work");
	} else if (resolver_parent(question->resolver, &child, &found, result->why,
	                           sizeof(result->why)) == 0) {
		check_all(question, &found, stop_fd, result);
	}
	servers_deinit(&found);
}

void parent_result_deinit(parent_result_t *result)
{
	free(result->ds);
	result->ds = NULL;
}
