/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How many keys have which record in which state, kept as the zones change: to say it costs
 * no walk over zones.
 */
#pragma once

#include <stdint.h>

#include "policy-engine/core/state.h"

#define KEY_STATES (KEYSET_UNRETENTIVE + 1) /*!< Values of keyset_state_t. */

/*! Of a zone, which has no more than CORE_KEYS_MAX keys. */
typedef struct {
	uint8_t of[CORE_ROLES][KEYSET_RECORDS][KEY_STATES];
} key_count_t;

/*! Of all zones. */
typedef struct {
	uint64_t of[CORE_ROLES][KEYSET_RECORDS][KEY_STATES];
} key_total_t;

/*! Counts a zone anew. \param counted  What the total has of it until now; zeroed: nothing.
 *  \param zone  NULL: it is counted no more. */
void key_total_change(key_total_t *total, key_count_t *counted, const core_zone_t *zone);
