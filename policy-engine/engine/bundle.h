/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief From bundle to bundle: what was signed ahead is published at its time, if the rules of the core
 *        allow it.
 */
#pragma once

#include "policy-engine/desk/desk.h"

#define BUNDLE_WHY_MAX 800 /*!< Bytes. */

/*! What is looked at. All is borrowed. */
typedef struct {
	desk_t *desk;
	kasp_zone_t *zone;
	const policy_t *policy; /*!< Of which the KSK is offline. */
	const facts_t *facts;
	int64_t now;
	bool frozen;            /*!< No key may take a step: only signatures become newer. */
} bundle_look_t;

/*! What came of it. */
typedef struct {
	char why[BUNDLE_WHY_MAX]; /*!< What a person has to know; "" = all is well. */
	bool urgent;            /*!< ...and has to do something about. */
	bool waits;             /*!< A newer bundle is due, and its keys may not come or go yet. */
	bool look;              /*!< A step relies on a DS that has to be seen at the parent. */
	int64_t next;           /*!< When to look again at the latest; CORE_NEVER = no date. */
} bundle_seen_t;

/*!
 * Takes the newest bundle that is due, and that the rules allow: the zone's bundle, its keys that come with
 * it, and what the core is offered are then those. Else the one in force stays.
 *
 * \return 0, or -1 if the database failed.
 */
int bundle_follow(const bundle_look_t *look, bundle_seen_t *seen);

/*! Looks at the bundle in force alone, when none can take its place. */
void bundle_stay(const kasp_zone_t *zone, int64_t now, bundle_seen_t *seen);

/*! \return The TTL of a zone's DNSKEY RRset: the policy's, or that of a bundle in force, if larger. */
uint32_t bundle_ttl(const kasp_zone_t *zone, const policy_t *policy);
