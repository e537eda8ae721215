/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/secondaries/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/base/address.h"
#include "policy-engine/parent/tcp-query.h"
#include "policy-engine/secondaries/said.h"

#define LIMIT_S 5 /* Seconds for one server; resolvers do not wait longer, either. */

/* A survey while it is made. */
typedef struct {
	survey_t *survey;
	int stop_fd;
	knot_dname_storage_t zone;
	query_served_t ours;
	said_ns_t names; /* As the parent has them. */
} round_t;

static void see_wait(survey_t *survey, uint32_t wait)
{
	survey->wait = wait > survey->wait ? wait : survey->wait;
}

/* Says what is wrong with a server. \return -1 */
static int complain(survey_t *survey, const parent_server_t *server, const char *what)
{
	char address[ADDRESS_TEXT_MAX];
	address_text(&server->address, address);
	snprintf(survey->why, sizeof(survey->why), "%s%s%s: %s", server->name,
	         server->name[0] != '\0' ? " " : "", address, what);
	return -1;
}

/* \return 0 and a message, to be freed; -1, and it is said why. */
static int ask(const round_t *round, const parent_server_t *server, uint16_t type, tcp_answer_t *answer)
{
	char why[200] = "";
	const tcp_question_t question = {
		.server = &server->address, .name = round->zone, .type = type,
		.dnssec = type == KNOT_RRTYPE_SOA, .limit_s = LIMIT_S, .stop_fd = round->stop_fd,
	};
	return tcp_query(&question, answer, why, sizeof(why)) == TCP_QUERY_DONE
	               ? 0 : complain(round->survey, server, why);
}

/* Asks a server of the parent where it delegates the zone to. \return 0, or -1. */
static int ask_parent(round_t *round, const parent_server_t *server)
{
	tcp_answer_t answer;
	char why[200];
	if (ask(round, server, KNOT_RRTYPE_NS, &answer) != 0) {
		return -1;
	}
	const reply_t said = { answer.wire, answer.len, round->zone, answer.id };
	const int ret = said_ns(&said, &round->names, why, sizeof(why));
	free(answer.wire);
	return ret == 0 ? 0 : complain(round->survey, server, why);
}

/* By serial number arithmetic (RFC 1982). */
static bool is_behind(const survey_t *survey, uint32_t serial)
{
	return survey->begun && (int32_t)(serial - survey->oldest) >= 0 &&
	       (int32_t)(survey->serial - serial) > 0;
}

/* Asks a server of the zone for its serial. \return 0, or -1. */
static int ask_server(round_t *round, const parent_server_t *server)
{
	survey_t *survey = round->survey;
	tcp_answer_t answer;
	said_soa_t soa;
	char why[200];
	if (ask(round, server, KNOT_RRTYPE_SOA, &answer) != 0) {
		return -1;
	}
	const reply_t said = { answer.wire, answer.len, round->zone, answer.id };
	int ret = said_soa(&said, &round->ours, &soa, why, sizeof(why));
	free(answer.wire);
	if (ret == 0 && soa.serial != survey->serial) {
		snprintf(why, sizeof(why), "it has serial %u, and ours is %u", soa.serial, survey->serial);
		complain(survey, server, why);
		survey->late = is_behind(survey, soa.serial);
		return survey->late ? 0 : -1;
	}
	if (ret == 0 && !soa.ours) {
		snprintf(why, sizeof(why), "it has our serial %u, but with another signature: "
		         "it follows another signer", soa.serial);
		ret = -1;
	}
	if (ret != 0) {
		return complain(survey, server, why);
	}
	see_wait(survey, soa.refresh);
	see_wait(survey, soa.ttl);
	survey->count++;
	return 0;
}

static int each(round_t *round, const servers_t *servers,
                int (*call)(round_t *round, const parent_server_t *server))
{
	int ret = 0;
	for (size_t i = 0; i < servers->count && ret == 0; i++) {
		ret = call(round, &servers->servers[i]);
	}
	return ret;
}

/* Asks the parent's servers, all of them: each may delegate to others. \return 0, or -1. */
static int ask_parents(round_t *round, const resolver_child_t *child)
{
	survey_t *survey = round->survey;
	if (survey->parent->servers.count > 0) {
		return each(round, &survey->parent->servers, ask_parent);
	}
	servers_t found = { 0 };
	if (resolver_parent(survey->resolver, child, &found, survey->why, sizeof(survey->why)) != 0) {
		return -1;
	}
	const int ret = each(round, &found, ask_parent);
	servers_deinit(&found);
	return ret;
}

/* Asks all name servers of the zone, those that the parent named and those that it names itself.
 * \return 0, or -1. */
static int ask_servers(round_t *round, const resolver_child_t *child)
{
	survey_t *survey = round->survey;
	char *texts[SAID_NAMES_MAX] = { NULL };
	bool good = true;
	for (size_t i = 0; i < round->names.count; i++) {
		texts[i] = knot_dname_to_str_alloc(round->names.names[i]);
		good = good && texts[i] != NULL;
	}
	const resolver_zone_t zone = { *child, (const char *const *)texts, round->names.count };
	servers_t found = { 0 };
	uint32_t ttl = 0;
	int ret = good ? resolver_zone(survey->resolver, &zone, &found, &ttl, survey->why,
	                               sizeof(survey->why)) : -1;
	if (!good) {
		snprintf(survey->why, sizeof(survey->why), "out of memory");
	}
	ret = ret == 0 ? each(round, &found, ask_server) : ret;
	see_wait(survey, ttl);
	servers_deinit(&found);
	for (size_t i = 0; i < round->names.count; i++) {
		free(texts[i]);
	}
	return ret;
}

static void survey_work(void *arg, int stop_fd)
{
	survey_t *survey = arg;
	round_t round = { .survey = survey, .stop_fd = stop_fd };
	const resolver_child_t child = { survey->parent->zone, survey->parent->port, stop_fd };
	survey->known = knot_dname_from_str(round.zone, survey->parent->zone, sizeof(round.zone)) != NULL &&
	                survey->served(survey->module, survey->parent->zone, &round.ours, survey->why,
	                               sizeof(survey->why)) == 0 && round.ours.there;
	survey->serial = round.ours.serial;
	survey->all = survey->known && ask_parents(&round, &child) == 0 && ask_servers(&round, &child) == 0;
	see_wait(survey, round.names.ttl);
	said_ns_deinit(&round.names);
	query_served_deinit(&round.ours);
}

static void survey_free(void *arg)
{
	survey_t *survey = arg;
	parent_question_free(survey->parent);
	free(survey->module);
	resolver_unref(survey->resolver);
	free(survey);
}

const errands_kind_t survey_kind = { survey_work, survey_free };

survey_t *survey_new(const asker_t *asker, const char *zone, const uint32_t *oldest,
                     survey_served_f served)
{
	survey_t *survey = asker->resolver != NULL ? calloc(1, sizeof(*survey)) : NULL;
	if (survey == NULL) {
		return NULL;
	}
	survey->begun = oldest != NULL;
	survey->oldest = oldest != NULL ? *oldest : 0;
	survey->served = served;
	survey->resolver = resolver_ref(asker->resolver);
	survey->parent = asker_question_any(asker, zone);
	survey->module = strdup(asker->desk->conf.signer_socket);
	if (survey->parent == NULL || survey->module == NULL) {
		survey_free(survey);
		return NULL;
	}
	return survey;
}
