/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Where a zone's keys stand, as a text: all that a simulation goes on from. The engine writes
 * it, and ods reads it.
 *
 * Lines: "standing 1", "policy NAME", "frozen TIME", "revision NUMBER", "memory TEXT" (memory.h); for
 * each key "key ROLE ALGORITHM TAG STATE STATE STATE STATE REPOSITORY" and its "memory TEXT"; then the
 * facts, as keyset/facts.h has them.
 */
#pragma once

#include "keyset/facts.h"
#include "policy-engine/zone/kasp-zone.h"

/*! What was read. */
typedef struct {
	kasp_zone_t zone;  /*!< Policy, frozen, and core; of keys the repository alone. */
	facts_t facts;     /*!< What the module says of the zone. */
} standing_t;

/*! \return The text, to be freed by free(); NULL if out of memory. */
char *standing_write(const kasp_zone_t *zone, const facts_t *facts);

/*!
 * Reads a text.
 *
 * \param standing  Filled on success only; standing_deinit() frees its contents.
 * \return 0; -1 if it is no such text, or out of memory.
 */
int standing_read(const char *text, standing_t *standing);

void standing_deinit(standing_t *standing);
