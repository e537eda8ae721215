/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Makes questions to the parent's servers, as conf.xml says now.
 */
#pragma once

#include "policy-engine/desk/desk.h"
#include "policy-engine/parent/check.h"

/*! Under the desk's lock. */
typedef struct {
	const desk_t *desk;
	resolver_t *resolver; /*!< NULL = conf.xml does not want it, or it did not start. */
} asker_t;

/*! Starts the resolver, if conf.xml has the engine look at the parent; logs a failure. */
void asker_init(asker_t *asker, const desk_t *desk);

/*! Replaces the resolver: conf.xml was read anew. Questions being asked go on with the old one. */
void asker_reset(asker_t *asker);

void asker_deinit(asker_t *asker);

/*! Makes a question about key i of a zone, as parent_question(). */
parent_question_t *asker_question(const asker_t *asker, const kasp_zone_t *zone, size_t i,
                                  parent_wish_t wish);

/*! Makes a question about all DS of a zone, as parent_question_any(). */
parent_question_t *asker_question_any(const asker_t *asker, const char *zone);
