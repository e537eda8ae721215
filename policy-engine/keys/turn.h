/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief When zones get the keys that were generated for them.
 *
 * They get them together. A token that looks at all its keys to find one (SoftHSM, for the module) does so
 * once for all that come at the same time; so the longer it takes to make them, the more come together.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	bool due;         /*!< Keys were generated since the last turn. */
	int64_t since;    /*!< Since when there have always been more to generate; 0: there are none. */
	int64_t taken_at; /*!< The last turn. */
} turn_t;

/*!
 * Tells whether it is their turn, and notes it.
 *
 * \param now   Seconds since 1970.
 * \param made  Keys have been generated since this was last asked.
 * \param left  Zones wait for more.
 */
bool turn_take(turn_t *turn, int64_t now, bool made, bool left);
