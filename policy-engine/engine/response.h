/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A signed key response becomes the zone's: bundle.h takes it from there.
 */
#pragma once

#include "policy-engine/ceremony/skr.h"
#include "policy-engine/desk/desk.h"

/*! Who takes it. All is borrowed. */
typedef struct {
	desk_t *desk;
	kasp_zone_t *zone;      /*!< Gets the KSKs that it does not have yet: they wait for their bundles. */
	const policy_t *policy; /*!< Of which the KSK is offline. */
	int64_t now;
} response_t;

/*!
 * Puts the bundles of a response into the database, if they are good. Under the desk's lock, in a
 * transaction that the caller ends.
 *
 * \param why  Says on failure what is wrong.
 * \return 0, or -1: nothing is to be committed.
 */
int response_take(const response_t *to, const skr_t *skr, char *why, size_t why_size);
