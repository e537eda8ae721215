/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How long what is served of a zone lasts if it is not signed on: until its first signature
 *        expires, and, once knotd is gone, as long as its secondaries serve it.
 */
#pragma once

#include "module/store/state.h"

typedef struct {
	int64_t until;     /*!< When the first signature that knotd serves expires, Unix seconds; 0
	                        = none does, or it is not known. */
	int64_t alarm;     /*!< With fewer seconds left than these, it should have been signed. */
	uint32_t least;    /*!< Seconds that each signature has left while the policy is kept; 0 =
	                        not known. */
	uint32_t max_ttl;  /*!< Largest TTL that caches may have, seconds. */
	uint32_t expire;   /*!< Seconds for which secondaries serve it when knotd does not answer:
	                        the expire of its SOA; 0 = there is no version. */
} lasting_t;

/*! \return Fewer seconds than a signature has left while a policy's Refresh and Resign are kept:
 *  half of Refresh, or less if Resign comes near it. */
int64_t lasting_alarm(uint32_t refresh, uint32_t resign);

/*! \return Seconds that a signature has left at least when it is made anew: Refresh less Resign. */
uint32_t lasting_least(uint32_t refresh, uint32_t resign);

/*!
 * Finds until when a zone lasts; its cost does not depend on the zone's size. Alarm and least stay
 * as they are.
 * \return KNOT_EOK, or an error of the store; then the whole stays as it is
 */
int lasting_read(lasting_t *lasting, store_t *store, const knot_dname_t *zone,
                 const state_t *state, int64_t now);

/*! \return From when on less is left than should be, Unix seconds; 0 = never. */
int64_t lasting_alarm_at(const lasting_t *lasting);

/*! \return Whether less is left than should be. */
bool lasting_is_short(const lasting_t *lasting, int64_t now);

/*! \return Until when secondaries answer with signatures that are good, if knotd stops now; 0 = not
 *  known. \param in  The zone's input: a primary may have set an earlier end. */
int64_t lasting_secondaries(const lasting_t *lasting, const state_input_t *in, int64_t now);

/*!
 * Tells whether secondaries that have lost touch with knotd can serve signatures that have expired:
 * they serve for as long as the SOA's expire says, and caches keep that for the TTL (RFC 6781,
 * section 4.4.2.1).
 */
bool lasting_warning(const lasting_t *lasting, char *text, size_t size);
