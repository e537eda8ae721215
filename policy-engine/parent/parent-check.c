/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/parent-check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/address.h"

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
                                   const zone_t *zone, size_t i, bool appear)
{
	parent_question_t *q = calloc(1, sizeof(*q));
	if (q == NULL) {
		return NULL;
	}
	dnskey_t key = zone_dnskey(zone, i);
	const conf_parent_t *parent = parent_servers(conf, zone->name);
	q->zone = strdup(zone->name);
	q->appear = appear;
	q->keytag = zone->core.keys[i].keytag;
	q->algorithm = zone->core.keys[i].algorithm;
	q->port = conf->port;
	for (size_t d = 0; d < 3; d++) {
		q->ds_len[d] = dnskey_ds(&key, digests[d], q->ds[d]);
	}
	q->resolver = parent == NULL && resolver != NULL ? resolver_ref(resolver) : NULL;
	if (q->zone == NULL || (parent != NULL && copy_servers(q, parent) != 0)) {
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

static const char *server_text(const server_t *server, char *buf, size_t size)
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
static bool is_reached(const servers_t *all, const bool *reached, const server_t *server)
{
	for (size_t i = 0; i < all->count; i++) {
		if (reached[i] && server->name[0] != '\0' &&
		    strcmp(all->servers[i].name, server->name) == 0) {
			return true;
		}
	}
	return false;
}

/* \return Whether to ask the next one. */
static bool check_server(const parent_question_t *q, const server_t *server, int stop_fd,
                         bool *reached, bool *no_route, parent_result_t *result)
{
	char name[RESOLVER_NAME_MAX + ADDRESS_TEXT_MAX + 4], why[200] = "";
	knot_dname_storage_t zone;
	ds_answer_t answer;
	if (knot_dname_from_str(zone, q->zone, sizeof(zone)) == NULL) {
		return false;
	}
	server_text(server, name, sizeof(name));
	ds_query_t ret = ds_query(&server->address, zone, LIMIT_S, stop_fd, &answer, why,
	                          sizeof(why));
	*no_route = ret == DS_QUERY_NO_ROUTE;
	if (ret != DS_QUERY_DONE) {
		snprintf(result->why, sizeof(result->why), "%s: %s", name, why);
		return *no_route;
	}
	*reached = true;
	result->ttl = answer.ttl > result->ttl ? answer.ttl : result->ttl;
	if (q->appear ? !has_usable(q, &answer) : has_any(q, &answer)) {
		result->verdict = PARENT_NOT_YET;
		snprintf(result->why, sizeof(result->why), "%s %s", name,
		         q->appear ? "does not have it yet" : "still has it");
		return false;
	}
	return true;
}

static void check_all(const parent_question_t *q, const servers_t *servers, int stop_fd,
                      parent_result_t *result)
{
	bool *flags = calloc(2 * servers->count, sizeof(*flags));
	bool *reached = flags, *no_route = flags != NULL ? flags + servers->count : NULL;
	if (flags == NULL) {
		snprintf(result->why, sizeof(result->why), "out of memory");
		return;
	}
	bool more = true;
	for (size_t i = 0; i < servers->count && more; i++) {
		more = check_server(q, &servers->servers[i], stop_fd, &reached[i], &no_route[i],
		                    result);
	}
	/* An address of a family that this machine cannot reach is the same server's as another. */
	for (size_t i = 0; i < servers->count && more; i++) {
		more = !no_route[i] || is_reached(servers, reached, &servers->servers[i]);
		if (!more) {
			char name[RESOLVER_NAME_MAX + ADDRESS_TEXT_MAX + 4];
			snprintf(result->why, sizeof(result->why), "%s: this machine has no way "
			         "there", server_text(&servers->servers[i], name, sizeof(name)));
		}
	}
	if (more) {
		result->verdict = PARENT_YES;
		result->why[0] = '\0';
	}
	free(flags);
}

void parent_check(const parent_question_t *question, int stop_fd, parent_result_t *result)
{
	servers_t found = { 0 };
	*result = (parent_result_t){ .verdict = PARENT_UNKNOWN };
	if (question->servers.count > 0) {
		check_all(question, &question->servers, stop_fd, result);
	} else if (question->resolver == NULL) {
		snprintf(result->why, sizeof(result->why), "libunbound does not work");
	} else if (resolver_parent(question->resolver, question->zone, question->port, stop_fd,
	                           &found, result->why, sizeof(result->why)) == 0) {
		check_all(question, &found, stop_fd, result);
	}
	servers_deinit(&found);
}
