/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the engine says for looking ahead: the policies in force, and where the zones' keys
 * stand.
 */
#pragma once

#include "policy-engine/simulate/simulate.h"
#include "policy-engine/tool/ask.h"
#include "policy-engine/zone/standing.h"

/*! A zone. */
typedef struct {
	char *name;
	standing_t at;
} standing_zone_t;

typedef struct {
	policies_t policies;
	standing_zone_t *zones; /*!< In the order of names. */
	size_t count, size;
} standings_t;

/*!
 * Asks the engine. What is wrong is said.
 *
 * \param standings  To be freed by standings_deinit(), in any case.
 * \return 0, or -1.
 */
int standings_take(standings_t *standings, const invocation_t *run);

/*! \return The zone of that name, as the engine writes it; NULL if there is none. */
const standing_zone_t *standings_find(const standings_t *standings, const char *name);

/*!
 * Simulates a zone from now on.
 *
 * \param policy    That it has from now on.
 * \param timeline  To be freed by timeline_deinit(), in any case.
 * \return 0, or -1 if out of memory.
 */
int standing_simulate(const standing_zone_t *zone, const policy_t *policy, int64_t now, int64_t until,
                      timeline_t *timeline);

void standings_deinit(standings_t *standings);
