/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which keys a zone gets, and which go: a pure function of policy, keys and time.
 *
 * Each policy entry (<KSK>, <ZSK>, <CSK>) has one key in use, and so many on standby as it says.
 * A key is replaced when its lifetime is over or somebody asked for it, and leaves when its
 * successor is there or its entry left the policy; when it takes what steps is the business of
 * core.h. A key never comes back.
 */
#pragma once

#include "policy-engine/core/core.h"

/*! What is done, or would be. */
typedef enum {
	PLAN_INTRODUCED,  /*!< A key came into use, new or from standby. */
	PLAN_STANDBY,     /*!< A key came on standby. */
	PLAN_REPLACED,    /*!< A key goes, since its successor is there. */
	PLAN_UNWANTED,    /*!< A key goes, since no entry of the policy wants it. */
	PLAN_FORGOTTEN,   /*!< A key that no cache can know any more is about to be removed. */
	PLAN_UNFINISHED,  /*!< A rollover by lifetime is due, and waits for the end of the last. */
	PLAN_TOO_MANY,    /*!< A key is due, and the zone has too many that caches may know. */
} plan_event_t;

/*! A key that is to be had. */
typedef struct {
	const policy_key_t *entry;
	bool standby;
	policy_roll_t roll;
	int64_t oldest;    /*!< Inception of the oldest key that would do, if it is a shared one. */
} plan_want_t;

/*! What the caller does. */
typedef struct {
	/*! Adds a key to the zone as wanted, in the state of core_key_init(), its bits and
	 * repository set. \return Whether there was one. */
	bool (*introduce)(void *ctx, const plan_want_t *want);
	/*! Removes a key from the zone; the others keep their order. */
	void (*forget)(void *ctx, size_t key);
	/*! Hears of what is done. key is CORE_KEYS_MAX or more, and entry NULL, if there is none;
	 * may be NULL. */
	void (*note)(void *ctx, plan_event_t event, size_t key, const policy_key_t *entry);
	void *ctx;
} plan_ops_t;

/*!
 * Brings the zone's keys in line with the policy.
 *
 * \return When to call again at the latest; CORE_NEVER = never, or when a key can be had.
 */
int64_t plan_run(core_zone_t *zone, const policy_t *policy, int64_t now, const plan_ops_t *ops);

/*! \return The entry that a key is of; NULL if none wants it. */
const policy_key_t *plan_entry(const policy_t *policy, const core_key_t *key);

/*! \return When the key in use of an entry is to be replaced by age; CORE_NEVER = never, or there
 *          is none. */
int64_t plan_due(const core_zone_t *zone, const policy_key_t *entry);
