/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The key set that follows from a zone's keys and its policy.
 */
#pragma once

#include "policy-engine/zone/kasp-zone.h"

#define STEP_TEXT_MAX 160 /*!< Bytes; the longest text is about 100 long. */

/*! \return Whether the zone is to be published with signatures. */
bool zone_is_signed(const kasp_zone_t *zone);

/*!
 * Says in words what a key waits for, as core_run() left it.
 *
 * \param buf   "" if it waits for nothing.
 * \param when  0 if there is no date.
 */
void step_text(const core_key_t *key, char buf[STEP_TEXT_MAX], int64_t *when);

/*!
 * Writes the key set. Counts up the zone's revision if the content is new.
 *
 * \param zone   After core_run(); revision and digest change.
 * \param saved  Revision that the digest belongs to.
 * \param force  Count up even if nothing changed.
 * \return Text to be freed by free(); NULL if out of memory, or too long.
 */
char *publish(kasp_zone_t *zone, uint64_t saved, const policy_t *policy, const uint8_t *salt,
              size_t salt_len, bool force);
