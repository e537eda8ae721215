/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/address.h"

#define LIMIT_S 5 /* For one server. */
#define DNS_PORT 53

static const unsigned digests[3] = { 1, 2, 4 };

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

parent_question_t *parent_question(const conf_watch_t *conf, resolver_t *resolver,
                                   const kasp_zone_t *zone, size_t i, parent_wish_t wish)
{
	parent_question_t *q = calloc(1, sizeof(*q));
	if (q == NULL) {
		return NULL;
	}
	dnskey_t key = kasp_zone_dnskey(zone, i);
	const conf_parent_t *parent = parent_servers(conf, zone->name);
	q->zone = strdup(zone->name);
	q->wish = wish;
	q->keytag = zone->core.keys[i].keytag;
	q->algorithm = zone->core.keys[i].algorithm;
	q->port = conf->port;
	for (size_t d = 0; d < 3; d++) {
		q->ds_len[d] = dnskey_ds(&key, digests[d], q->ds[d]);
	}
	q->keys = calloc(zone->core.count, sizeof(*q->keys));
	for (size_t k = 0; q->keys != NULL && k < zone->core.count; k++) {
		const core_key_t *core = &zone->core.keys[k];
		q->keys[q->key_count++] = (parent_key_t){ core->keytag, core->algorithm };
	}
	q->resolver = parent == NULL && resolver != NULL ? resolver_ref(resolver) : NULL;
	if (q->zone == NULL || q->keys == NULL || (parent != NULL && copy_servers(q, parent) != 0)) {
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

/* Whether a server has a DS of the key that a resolver can use; a SHA-1 alone may not do. */
static bool has_usable(const parent_question_t *q, const ds_answer_t *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		for (size_t d = 1; d < 3; d++) {
			if (q->ds_len[d] > 0 && answer->ds[i].len == (size_t)q->ds_len[d] &&
			    memcmp(answer->ds[i].rdata, q->ds[d], answer->ds[i].len) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* Whether a server has anything that may be a DS of the key. */
static bool has_any(const parent_question_t *q, const ds_answer_t *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		const uint8_t *rdata = answer->ds[i].rdata;
		if (answer->ds[i].len < 4 || (rdata[0] << 8 | rdata[1]) != q->keytag ||
		    rdata[2] != q->algorithm) {
			continue;
		}
		bool known = false, same = false;
		for (size_t d = 0; d < 3; d++) {
			bool kind = rdata[3] == digests[d] && q->ds_len[d] > 0;
			known = known || kind;
			same = same || (kind && answer->ds[i].len == (size_t)q->ds_len[d] &&
			                memcmp(rdata, q->ds[d], answer->ds[i].len) == 0);
		}
		if (same || !known) {
			return true;
		}
	}
	return false;
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

/* Says which DS are there if none is of a key that the zone has: then no validator accepts it. */
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
			    (tag != q->keytag || algorithm != q->algorithm || has_any(q, answer))) {
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

/* What the servers that were asked so far have said. */
typedef struct {
	bool *reached, *no_route; /* By server. */
	bool there, absent;       /* Some have it; some do not. */
} tally_t;

/* Counts what a server said. \return What is wrong with it; NULL if it may be as is wished. */
static const char *judge(const parent_question_t *q, const ds_answer_t *answer, tally_t *tally)
{
	bool usable = has_usable(q, answer), any = has_any(q, answer);
	tally->there = tally->there || usable;
	tally->absent = tally->absent || !any;
	switch (q->wish) {
	case PARENT_COMES:
		return usable ? NULL : "does not have it yet";
	case PARENT_GOES:
		return any ? "still has it" : NULL;
	default:
		break;
	}
	if (tally->there && tally->absent) {
		return usable ? "has it, and others do not" : "does not have it, and others do";
	}
	return usable || !any ? NULL : "has it with a digest that resolvers need not accept";
}

/* \return Whether to ask the next one. */
static bool check_server(const parent_question_t *q, const servers_t *servers, size_t i,
                         int stop_fd, tally_t *tally, parent_result_t *result)
{
	char name[RESOLVER_NAME_MAX + ADDRESS_TEXT_MAX + 4], why[200] = "";
	const parent_server_t *server = &servers->servers[i];
	knot_dname_storage_t zone;
	ds_answer_t answer;
	if (knot_dname_from_str(zone, q->zone, sizeof(zone)) == NULL) {
		return false;
	}
	server_text(server, name, sizeof(name));
	const ds_question_t question = { &server->address, zone, LIMIT_S, stop_fd };
	ds_query_t ret = ds_query(&question, &answer, why, sizeof(why));
	tally->no_route[i] = ret == DS_QUERY_NO_ROUTE;
	if (ret != DS_QUERY_DONE) {
		snprintf(result->why, sizeof(result->why), "%s: %s", name, why);
		return tally->no_route[i];
	}
	tally->reached[i] = true;
	result->ttl = answer.ttl > result->ttl ? answer.ttl : result->ttl;
	const char *wrong = judge(q, &answer, tally);
	if (wrong != NULL) {
		result->verdict = PARENT_NOT_YET;
		snprintf(result->why, sizeof(result->why), "%s %s", name, wrong);
		if (q->wish == PARENT_COMES) {
			add_strangers(q, &answer, result->why, sizeof(result->why));
		}
	}
	return wrong == NULL;
}

static void check_all(const parent_question_t *q, const servers_t *servers, int stop_fd,
                      parent_result_t *result)
{
	bool *flags = calloc(2 * servers->count, sizeof(*flags));
	if (flags == NULL) {
		snprintf(result->why, sizeof(result->why), "out of memory");
		return;
	}
	tally_t tally = { .reached = flags, .no_route = flags + servers->count };
	bool more = true;
	for (size_t i = 0; i < servers->count && more; i++) {
		more = check_server(q, servers, i, stop_fd, &tally, result);
	}
	/* An address of a family that this machine cannot reach is the same server's as another. */
	for (size_t i = 0; i < servers->count && more; i++) {
		more = !tally.no_route[i] ||
		       is_reached(servers, tally.reached, &servers->servers[i]);
		if (!more) {
			char name[RESOLVER_NAME_MAX + ADDRESS_TEXT_MAX + 4];
			snprintf(result->why, sizeof(result->why), "%s: this machine has no way "
			         "there", server_text(&servers->servers[i], name, sizeof(name)));
		}
	}
	if (more) {
		result->verdict = q->wish == PARENT_STAYS && tally.absent ? PARENT_GONE
		                                                          : PARENT_YES;
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
