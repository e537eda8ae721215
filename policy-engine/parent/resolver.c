/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/resolver.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include <libknot/libknot.h>
#include <unbound.h>

#include "common/clock.h"
#include "common/thread.h"
#include "policy-engine/parent/dsync.h"

#define LIMIT_S 30  /* Seconds for one question; libunbound tries several servers in that time. */
#define TICK_MS 100 /* How often a waiting thread looks whether the engine stops. */

/* A question to libunbound. */
typedef struct question {
	struct question *next;
	resolver_t *resolver;
	bool done, given_up;
	int code; /* What libunbound returned. */
	struct ub_result *result;
} question_t;

struct resolver {
	struct ub_ctx *ctx;
	pthread_t thread;
	bool started;
	int stop_fd;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	unsigned users;
	question_t *open; /* Handed to libunbound, and not answered yet. */
};

/* -- thread: takes answers from libunbound ------------------------------- */

static void *run(void *arg)
{
	resolver_t *r = arg;
	struct pollfd fds[2] = { { .fd = ub_fd(r->ctx), .events = POLLIN },
	                         { .fd = r->stop_fd, .events = POLLIN } };
	while (fds[1].revents == 0) {
		poll(fds, 2, -1);
		if (fds[0].revents != 0) {
			ub_process(r->ctx);
		}
	}
	return NULL;
}

static void question_free(question_t *question)
{
	ub_resolve_free(question->result);
	free(question);
}

static void unlink_question(question_t *question)
{
	question_t **place = &question->resolver->open;
	while (*place != question) {
		place = &(*place)->next;
	}
	*place = question->next;
}

static void take_answer(void *ctx, int code, struct ub_result *result)
{
	question_t *question = ctx;
	resolver_t *r = question->resolver;
	pthread_mutex_lock(&r->lock);
	unlink_question(question);
	question->code = code;
	question->result = result;
	question->done = true;
	if (question->given_up) {
		question_free(question);
	} else {
		pthread_cond_broadcast(&r->answered);
	}
	pthread_mutex_unlock(&r->lock);
}

/* -- start and end ------------------------------------------------------- */

static void end(resolver_t *r)
{
	if (r->started) {
		eventfd_write(r->stop_fd, 1);
		pthread_join(r->thread, NULL);
	}
	ub_ctx_delete(r->ctx);
	while (r->open != NULL) {
		question_t *question = r->open;
		r->open = question->next;
		question_free(question);
	}
	if (r->stop_fd >= 0) {
		close(r->stop_fd);
	}
	pthread_cond_destroy(&r->answered);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static int start_thread(resolver_t *r)
{
	r->started = thread_start(&r->thread, run, r) == KNOT_EOK;
	return r->started ? 0 : -1;
}

static int configure(resolver_t *r, const char *conf, char *why, size_t why_size)
{
	ub_ctx_debugout(r->ctx, NULL);
	int code = conf != NULL ? ub_ctx_config(r->ctx, conf) : 0;
	if (code != 0) {
		snprintf(why, why_size, "<ResolverConfig> %s: %s; unbound-checkconf says more", conf,
		         ub_strerror(code));
		return -1;
	}
	code = ub_ctx_async(r->ctx, 1);
	if (code != 0) {
		snprintf(why, why_size, "libunbound: %s", ub_strerror(code));
		return -1;
	}
	return 0;
}

resolver_t *resolver_start(const char *conf, char *why, size_t why_size)
{
	resolver_t *r = calloc(1, sizeof(*r));
	if (r == NULL) {
		snprintf(why, why_size, "out of memory");
		return NULL;
	}
	r->users = 1;
	pthread_mutex_init(&r->lock, NULL);
	monotonic_cond_init(&r->answered);
	r->stop_fd = eventfd(0, EFD_CLOEXEC);
	r->ctx = ub_ctx_create();
	if (r->ctx == NULL || r->stop_fd < 0) {
		snprintf(why, why_size, "libunbound does not start: out of memory");
		end(r);
		return NULL;
	}
	if (configure(r, conf, why, why_size) != 0) {
		end(r);
		return NULL;
	}
	if (start_thread(r) != 0) {
		snprintf(why, why_size, "cannot start a thread");
		end(r);
		return NULL;
	}
	return r;
}

resolver_t *resolver_ref(resolver_t *r)
{
	pthread_mutex_lock(&r->lock);
	r->users++;
	pthread_mutex_unlock(&r->lock);
	return r;
}

void resolver_unref(resolver_t *r)
{
	if (r == NULL) {
		return;
	}
	pthread_mutex_lock(&r->lock);
	bool last = --r->users == 0;
	pthread_mutex_unlock(&r->lock);
	if (last) {
		end(r);
	}
}

/* -- questions ----------------------------------------------------------- */

static bool is_stopped(int stop_fd)
{
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };
	return poll(&stop, 1, 0) > 0;
}

/* Waits for the answer; under the lock. \return Whether it came. */
static bool wait_answer(resolver_t *r, const question_t *question, int stop_fd)
{
	int64_t now = monotonic_ms();
	const int64_t limit = now + LIMIT_S * 1000;
	while (!question->done && now < limit && !is_stopped(stop_fd)) {
		(void)monotonic_wait(&r->answered, &r->lock, now + TICK_MS);
		now = monotonic_ms();
	}
	return question->done;
}

static question_t *ask(resolver_t *r, const char *name, uint16_t type)
{
	question_t *question = calloc(1, sizeof(*question));
	if (question == NULL) {
		return NULL;
	}
	question->resolver = r;
	pthread_mutex_lock(&r->lock);
	question->next = r->open;
	r->open = question;
	pthread_mutex_unlock(&r->lock);
	int code = ub_resolve_async(r->ctx, name, type, KNOT_CLASS_IN, question, take_answer, NULL);
	if (code != 0) {
		pthread_mutex_lock(&r->lock);
		unlink_question(question);
		pthread_mutex_unlock(&r->lock);
		free(question);
		return NULL;
	}
	return question;
}

/* The search for the servers of one zone's parent. */
typedef struct {
	resolver_t *resolver;
	const resolver_child_t *child;
	servers_t servers; /* What was found so far. */
	uint32_t ttl;      /* The largest of what was found. */
	char *why;
	size_t why_size;
} hunt_t;

/* \return The answer, to be freed by ub_resolve_free(); NULL on failure, hunt->why says why. */
static struct ub_result *resolve(const hunt_t *hunt, const char *name, uint16_t type)
{
	resolver_t *r = hunt->resolver;
	char *why = hunt->why;
	const size_t why_size = hunt->why_size;
	char type_name[16] = "";
	knot_rrtype_to_string(type, type_name, sizeof(type_name));
	question_t *question = ask(r, name, type);
	if (question == NULL) {
		snprintf(why, why_size, "%s %s: out of memory", name, type_name);
		return NULL;
	}
	pthread_mutex_lock(&r->lock);
	struct ub_result *result = NULL;
	if (!wait_answer(r, question, hunt->child->stop_fd)) {
		question->given_up = true;
		snprintf(why, why_size, "%s %s: no answer", name, type_name);
		pthread_mutex_unlock(&r->lock);
		return NULL;
	}
	pthread_mutex_unlock(&r->lock);
	result = question->result;
	question->result = NULL;
	if (question->code != 0) {
		snprintf(why, why_size, "%s %s: %s", name, type_name, ub_strerror(question->code));
	} else if (result->bogus || (result->rcode != KNOT_RCODE_NOERROR &&
	                             result->rcode != KNOT_RCODE_NXDOMAIN)) {
		const knot_lookup_t *rcode = knot_lookup_by_id(knot_rcode_names, result->rcode);
		snprintf(why, why_size, "%s %s: %s", name, type_name,
		         result->bogus ? "bogus" : rcode != NULL ? rcode->name : "an error");
		ub_resolve_free(result);
		result = NULL;
	}
	question_free(question);
	return result;
}

int servers_add(servers_t *servers, const char *name, const struct sockaddr_storage *address)
{
	parent_server_t *grown = reallocarray(servers->servers, servers->count + 1, sizeof(*grown));
	if (grown == NULL) {
		return -1;
	}
	servers->servers = grown;
	parent_server_t *server = &grown[servers->count++];
	snprintf(server->name, sizeof(server->name), "%.*s", RESOLVER_NAME_MAX - 1, name);
	server->address = *address;
	return 0;
}

void servers_deinit(servers_t *servers)
{
	free(servers->servers);
	*servers = (servers_t){ 0 };
}

static int add_address(servers_t *servers, const char *name, uint16_t type, const char *data,
                       int len, uint16_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_storage address = { 0 };
	if (type == KNOT_RRTYPE_A && len == sizeof(v4.sin_addr)) {
		memcpy(&v4.sin_addr, data, sizeof(v4.sin_addr));
		memcpy(&address, &v4, sizeof(v4));
	} else if (type == KNOT_RRTYPE_AAAA && len == sizeof(v6.sin6_addr)) {
		memcpy(&v6.sin6_addr, data, sizeof(v6.sin6_addr));
		memcpy(&address, &v6, sizeof(v6));
	} else {
		return 0;
	}
	return servers_add(servers, name, &address);
}

static void see_ttl(hunt_t *hunt, const struct ub_result *result)
{
	const uint32_t ttl = result->ttl > 0 ? (uint32_t)result->ttl : 0;
	hunt->ttl = ttl > hunt->ttl ? ttl : hunt->ttl;
}

static bool is_known(const servers_t *servers, const char *name)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (strcasecmp(servers->servers[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* Adds all addresses of a server. A server without an address is left out: no resolver can ask it,
 * either. */
static int add_server(hunt_t *hunt, const char *name)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	const bool known = is_known(&hunt->servers, name);
	for (size_t t = 0; t < 2 && !known; t++) {
		struct ub_result *result = resolve(hunt, name, types[t]);
		if (result == NULL) {
			return -1;
		}
		int ret = 0;
		see_ttl(hunt, result);
		for (size_t i = 0; result->data[i] != NULL && ret == 0; i++) {
			ret = add_address(&hunt->servers, name, types[t], result->data[i],
			                  result->len[i], hunt->child->port);
		}
		ub_resolve_free(result);
		if (ret != 0) {
			snprintf(hunt->why, hunt->why_size, "out of memory");
			return -1;
		}
	}
	return 0;
}

static int add_servers(hunt_t *hunt, const struct ub_result *names)
{
	int ret = 0;
	for (size_t i = 0; names->data[i] != NULL && ret == 0; i++) {
		char name[KNOT_DNAME_TXT_MAXLEN + 1];
		if (names->len[i] > 0 &&
		    knot_dname_wire_check((const uint8_t *)names->data[i],
		                          (const uint8_t *)names->data[i] + names->len[i],
		                          NULL) > 0 &&
		    knot_dname_to_str(name, (const uint8_t *)names->data[i], sizeof(name)) != NULL) {
			ret = add_server(hunt, name);
		}
	}
	if (ret == 0 && hunt->servers.count == 0) {
		snprintf(hunt->why, hunt->why_size, "no name server of %s has an address",
		         names->qname);
		ret = -1;
	}
	return ret;
}

/* Whether the name itself has the records, and not another name to which an alias leads. */
static bool has_data(const struct ub_result *result)
{
	const char *alias = result->canonname;
	size_t len = strlen(result->qname);
	len -= len > 1 && result->qname[len - 1] == '.' ? 1 : 0;
	return result->havedata && result->data[0] != NULL &&
	       (alias == NULL || alias[0] == '\0' || strncasecmp(alias, result->qname, len) == 0);
}

/* The name without its first label; NULL at the root. */
static const knot_dname_t *next_label(const knot_dname_t *name)
{
	return *name != 0 ? name + *name + 1 : NULL;
}

/* Finds the closest zone above the child. \return Its name servers, to be freed by ub_resolve_free(),
 * and its name; NULL on failure. */
static struct ub_result *zone_above(const hunt_t *hunt, char text[KNOT_DNAME_TXT_MAXLEN + 1])
{
	knot_dname_storage_t dname;
	if (knot_dname_from_str(dname, hunt->child->zone, sizeof(dname)) == NULL) {
		snprintf(hunt->why, hunt->why_size, "%s is not a domain name", hunt->child->zone);
		return NULL;
	}
	const knot_dname_t *name = dname;
	while ((name = next_label(name)) != NULL) {
		knot_dname_to_str(text, name, KNOT_DNAME_TXT_MAXLEN + 1);
		struct ub_result *names = resolve(hunt, text, KNOT_RRTYPE_NS);
		if (names == NULL || has_data(names)) {
			return names;
		}
		ub_resolve_free(names);
	}
	snprintf(hunt->why, hunt->why_size, "no zone above %s has name servers", hunt->child->zone);
	return NULL;
}

int resolver_parent(resolver_t *r, const resolver_child_t *child, servers_t *servers, char *why,
                    size_t why_size)
{
	hunt_t hunt = { .resolver = r, .child = child, .why = why, .why_size = why_size };
	char parent[KNOT_DNAME_TXT_MAXLEN + 1];
	struct ub_result *names = zone_above(&hunt, parent);
	const int ret = names != NULL ? add_servers(&hunt, names) : -1;
	ub_resolve_free(names);
	if (ret != 0) {
		servers_deinit(&hunt.servers);
		return -1;
	}
	*servers = hunt.servers;
	return 0;
}

/* Adds the addresses that the DSYNC records of a name lead to. \return 1; 0 if there are no such
 * records; -1. */
static int add_endpoints(hunt_t *hunt, const char *name)
{
	struct ub_result *found = resolve(hunt, name, DSYNC_TYPE);
	int ret = found != NULL ? 0 : -1;
	for (size_t i = 0; ret >= 0 && found->havedata && found->data[i] != NULL; i++) {
		dsync_t dsync;
		if (found->len[i] <= 0 ||
		    dsync_read((const uint8_t *)found->data[i], (size_t)found->len[i], &dsync) != 0) {
			continue;
		}
		const resolver_child_t child = { hunt->child->zone, dsync.port, hunt->child->stop_fd };
		hunt_t target = *hunt;
		target.child = &child;
		ret = add_server(&target, dsync.target) == 0 ? 1 : -1;
		hunt->servers = target.servers;
	}
	ub_resolve_free(found);
	return ret;
}

int resolver_endpoint(resolver_t *r, const resolver_child_t *child, servers_t *servers, char *why,
                      size_t why_size)
{
	hunt_t hunt = { .resolver = r, .child = child, .why = why, .why_size = why_size };
	char parent[KNOT_DNAME_TXT_MAXLEN + 1], name[DSYNC_NAME_MAX] = "";
	struct ub_result *names = zone_above(&hunt, parent);
	int ret = names != NULL ? 0 : -1;
	ub_resolve_free(names);
	for (int own = 1; own >= 0 && ret == 0; own--) {
		ret = dsync_name(child->zone, parent, own, name) == 0 ? add_endpoints(&hunt, name) : 0;
	}
	if (ret == 0) {
		snprintf(why, why_size, "%s has no DSYNC record for CDS", name);
	}
	if (ret <= 0) {
		servers_deinit(&hunt.servers);
		return ret;
	}
	*servers = hunt.servers;
	return 1;
}

int resolver_zone(resolver_t *r, const resolver_zone_t *zone, servers_t *servers, uint32_t *ttl,
                  char *why, size_t why_size)
{
	hunt_t hunt = { .resolver = r, .child = &zone->zone, .why = why, .why_size = why_size };
	struct ub_result *names = resolve(&hunt, zone->zone.zone, KNOT_RRTYPE_NS);
	if (names == NULL) {
		return -1;
	}
	int ret = has_data(names) ? add_servers(&hunt, names) : -1;
	if (!has_data(names)) {
		snprintf(why, why_size, "%s has no name servers", zone->zone.zone);
	}
	see_ttl(&hunt, names);
	ub_resolve_free(names);
	for (size_t i = 0; i < zone->count && ret == 0; i++) {
		ret = add_server(&hunt, zone->names[i]);
	}
	if (ret != 0) {
		servers_deinit(&hunt.servers);
		return -1;
	}
	*servers = hunt.servers;
	*ttl = hunt.ttl;
	return 0;
}
