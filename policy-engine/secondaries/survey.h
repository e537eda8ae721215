/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks each address of each name server of a zone whether it serves the version that knotd
 *        serves: of those that the parent delegates to, and of those that the zone names.
 *
 * What cannot be asked does not serve it. The version is known by a signature of its SOA: the signer
 * that a zone was imported from may give the same serials.
 */
#pragma once

#include <stdbool.h>

#include "policy-engine/base/errands.h"
#include "policy-engine/parent/asker.h"
#include "policy-engine/signer/query.h"

/*! Says what knotd serves: query_served(). Any thread. */
typedef int (*survey_served_f)(const char *path, const char *zone, query_served_t *served,
                               char *err, size_t err_size);

#define SURVEY_WHY_MAX 400

/*! A job for errands.h. All that it needs is its own. */
typedef struct {
	parent_question_t *parent; /*!< Has the parent's servers, or finds them; and the zone. */
	resolver_t *resolver;      /*!< A reference. */
	survey_served_f served;
	char *module;              /*!< Its socket. */
	bool known;                /*!< knotd has said what it serves; otherwise nothing is concluded. */
	uint32_t serial;           /*!< It serves that. */
	bool begun;                /*!< All have served our version before... */
	uint32_t oldest;           /*!< ...with that serial: who has one since then is behind. */
	bool all;                  /*!< All serve it, or are behind. */
	bool late;                 /*!< Some are behind. */
	size_t count;              /*!< How many addresses were asked. */
	uint32_t wait;             /*!< Seconds until whoever was told of other servers, or has an older
	                                copy, has asked again: TTLs, the SOA's refresh. */
	char why[SURVEY_WHY_MAX];  /*!< Which server does not serve it; "" if all do. */
} survey_t;

/*! How the job is done and freed. */
extern const errands_kind_t survey_kind;

/*! Makes the job. Under the desk's lock. \param oldest  As above; NULL = not begun. \return NULL if out of
 *  memory, or if conf.xml does not have the engine look at parents. */
survey_t *survey_new(const asker_t *asker, const char *zone, const uint32_t *oldest,
                     survey_served_f served);
