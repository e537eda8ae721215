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

/*! What a key set is made of beside the zone. All is borrowed. */
typedef struct {
	const policy_t *policy;
	const uint8_t *salt;
	size_t salt_len;
	uint64_t saved;     /*!< Revision that the zone's digest belongs to. */
	bool watched;       /*!< The engine looks at the parent: what it saw goes along. */
	bool force;         /*!< Count up even if nothing changed. */
	uint64_t known;     /*!< The newest revision that the module has, or is about to get: up to
	                         this one no text is needed. */
} compose_t;

/*!
 * Writes the key set, if the module does not know it. Counts up the zone's revision if the content is
 * new; the engine's memory, but for a freeze, and what the parent has do not count as content.
 *
 * \param zone  After core_run(); revision and digest change.
 * \param text  To be freed by free(); NULL if the module knows the key set.
 * \return 0; -1 if out of memory, or too long.
 */
int publish(kasp_zone_t *zone, const compose_t *with, char **text);

/*!
 * Makes the digest of a key set's content.
 *
 * \return 0; -1 if out of memory.
 */
int compose_digest(const keyset_t *set, uint8_t digest[ZONE_DIGEST_LEN]);
