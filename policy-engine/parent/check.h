/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks the servers of a zone's parent whether they have the DS of a key.
 */
#pragma once

#include <stdbool.h>

#include "policy-engine/parent/ds-query.h"
#include "policy-engine/parent/resolver.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/zone/kasp-zone.h"

#define PARENT_WHY_MAX 512

/*! What is expected of a DS. */
typedef enum {
	PARENT_COMES, /*!< All servers are to have it. */
	PARENT_GOES,  /*!< No server is to have it. */
	PARENT_STAYS, /*!< All servers had it, and should still have it. */
} parent_wish_t;

/*! What a DS says of its key. */
typedef struct {
	uint16_t keytag;
	uint8_t algorithm;
} parent_key_t;

/*! A question about one key; a copy of all that is needed, for another thread. */
typedef struct {
	char *zone;
	parent_wish_t wish;
	uint16_t keytag;
	uint8_t algorithm;
	parent_key_t *keys;   /*!< All keys of the zone: a DS of another key is a stranger. */
	size_t key_count;
	uint8_t ds[3][DNSKEY_DS_RDATA_MAX]; /*!< SHA-1, SHA-256, SHA-384. */
	int ds_len[3];
	servers_t servers;    /*!< As conf.xml says; none = the resolver has to find them. */
	resolver_t *resolver; /*!< A reference; NULL if it is not needed. */
	uint16_t port;
} parent_question_t;

typedef enum {
	PARENT_YES,     /*!< All servers are as wished. */
	PARENT_NOT_YET, /*!< A server is not as wished: why names it. */
	PARENT_GONE,    /*!< All servers should have the DS, and none has it. */
	PARENT_UNKNOWN, /*!< A server cannot be asked: why has the reason. */
} parent_verdict_t;

typedef struct {
	parent_verdict_t verdict;
	uint32_t ttl;         /*!< Seconds; the largest TTL of a DS RRset that was seen. */
	char why[PARENT_WHY_MAX];
} parent_result_t;

/*!
 * Makes a question about key i of a zone.
 *
 * \param resolver  Used if conf does not name the parent's servers.
 * \return To be freed by parent_question_free(); NULL if out of memory.
 */
parent_question_t *parent_question(const conf_watch_t *conf, resolver_t *resolver,
                                   const kasp_zone_t *zone, size_t i, parent_wish_t wish);

/*! NULL is allowed. */
void parent_question_free(parent_question_t *question);

/*! \return The servers that conf names for the parent of a zone; NULL = none. Borrowed. */
const conf_parent_t *parent_servers(const conf_watch_t *conf, const char *zone);

/*! Asks the servers, one after the other. \param stop_fd  Becomes readable when the engine ends. */
void parent_check(const parent_question_t *question, int stop_fd, parent_result_t *result);
