/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A key signing request: the ZSKs that a zone will have, and when, for the ceremony that signs
 *        them; as a text of Knot's keymgr.
 */
#pragma once

#include "keyset/facts.h"
#include "policy-engine/zone/kasp-zone.h"

/*! What is asked for. All is borrowed. */
typedef struct {
	const kasp_zone_t *zone;  /*!< With ZSKs on standby for the rollovers to come, the next one first. */
	const policy_t *policy;   /*!< Of which the KSK is offline. */
	const facts_t *facts;     /*!< What the module says of the zone. */
	int64_t now;
	int64_t from, until;      /*!< From not before now, until after it. */
} ksr_t;

/*!
 * Makes a request by a simulation of the policy.
 *
 * A ZSK goes later than the simulation has it, by <Resign> and the zone's propagation delay: nobody is as
 * fast as there.
 *
 * \param text    To be freed by free(); NULL if there are too few ZSKs on standby.
 * \param needed  How many have to be on standby.
 * \return 0, or -1 if out of memory
 */
int ksr_make(const ksr_t *ksr, char **text, unsigned *needed);
