/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What is left of a zone: in the database, in the module, at knotd, in tokens, at the
 * parent.
 */
#pragma once

#include "policy-engine/desk/desk.h"
#include "policy-engine/parent/asker.h"
#include "policy-engine/recover/pairs.h"
#include "policy-engine/signer/query.h"

#define EVIDENCE_WHY_MAX 512

typedef struct {
	char *zone;         /*!< As zone_name_canonical() makes it. */
	char *policy;       /*!< As knot.conf names it. */
	uint64_t database;  /*!< Revision in the database; 0 = it has no keys. */
	bool live;          /*!< The module has the zone. */
	uint64_t pending;   /*!< The module's newest key set; 0 = it has none. */
	uint64_t published; /*!< The one that the module published by last; 0 = by none. */
	bool chain;         /*!< The module holds it by its rule "chain". */
	bool learns;        /*!< The engine is about to learn the zone from the module. */
	bool unlearnt;      /*!< That failed. */
	query_served_t served;
	char served_why[EVIDENCE_WHY_MAX];   /*!< Why it is not known what knotd serves; "" = it is.
	                                      */
	const pair_t *pairs[QUERY_KEYS_MAX]; /*!< Of served.keys; NULL = in no token. */
	bool asked;                          /*!< conf.xml has the engine look at the parent. */
	char *ds; /*!< What the parent has now, as keyset/ds.h has it; NULL = unknown. */
	char ds_why[EVIDENCE_WHY_MAX]; /*!< Why it is unknown. */
} evidence_t;

/*!
 * Gathers it. Any thread, not locked; waits for the module, tokens and the parent's servers.
 *
 * \param evidence  To be freed by evidence_deinit(), in any case.
 * \return 1; 0 if the database has no such zone; -1 if it failed.
 */
int evidence_gather(desk_t *desk, const asker_t *asker, pairs_t *pairs, const char *zone,
                    evidence_t *evidence);

void evidence_deinit(evidence_t *evidence);
