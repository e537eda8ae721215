/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks the servers of a zone's parent whether they have the DS of a key.
 */
#pragma once

#include <stdbool.h>

#include "policy-engine/parent/resolver.h"
#include "policy-engine/parent/verdict.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/zone/kasp-zone.h"

#define PARENT_WHY_MAX 512

/*! What a DS says of its key. */
typedef struct {
	uint16_t keytag;
	uint8_t algorithm;
} parent_key_t;

/*! A question about one key, or about all DS; a copy of all that is needed, for another thread. */
typedef struct {
	char *zone;
	verdict_ds_t ds;
	parent_key_t *keys;   /*!< All of the zone's: a DS of any other is a stranger. */
	size_t key_count;
	servers_t servers;    /*!< As conf.xml says; none = to be found by the resolver. */
	resolver_t *resolver; /*!< A reference; NULL if it is not needed. */
	uint16_t port;
} parent_question_t;

typedef struct {
	parent_verdict_t verdict;
	bool whole;           /*!< All servers answered. */
	bool no_zone;         /*!< A server says that the zone does not exist. */
	char *ds;             /*!< All DS that some server has, as keyset/ds.h has them; NULL = not
	                           all servers answered. */
	core_shown_t shown;   /*!< The largest TTLs that some server showed. */
	char why[PARENT_WHY_MAX]; /*!< Which server says or does what; "" if the verdict needs no
	                               reason. */
} parent_result_t;

/*!
 * Makes a question about key i of a zone.
 *
 * \param resolver  Used if conf does not name the parent's servers.
 * \return To be freed by parent_question_free(); NULL if out of memory.
 */
parent_question_t *parent_question(const conf_watch_t *conf, resolver_t *resolver,
                                   const kasp_zone_t *zone, size_t i, parent_wish_t wish);

/*! Makes a question that only asks which DS there are. \param zone  As zone_name_canonical() makes
 *  it. \return As parent_question(). */
parent_question_t *parent_question_any(const conf_watch_t *conf, resolver_t *resolver,
                                       const char *zone);

/*! NULL is allowed. */
void parent_question_free(parent_question_t *question);

/*! \return The servers that conf names for the parent of a zone; NULL = none. Borrowed. */
const conf_parent_t *parent_servers(const conf_watch_t *conf, const char *zone);

/*!
 * Asks the servers, one after the other, until one does not answer.
 *
 * \param stop_fd  Becomes readable when the engine ends; -1 = none does.
 * \param result   To be freed by parent_result_deinit().
 */
void parent_check(const parent_question_t *question, int stop_fd, parent_result_t *result);

/*! Frees the contents. */
void parent_result_deinit(parent_result_t *result);
