/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which keys a zone gets, and which go: a pure function of policy, keys and time.
 *
 * Each policy entry (<KSK>, <ZSK>, <CSK>) has one key in use, and as many on standby as it says. A
 * key is replaced when its lifetime is over, when somebody orders it, or when its key pair is gone.
 * It goes when its successor is in use, or when its entry left the policy, and never comes back.
 * core.h says when a key takes which step.
 */
#pragma once

#include "policy-engine/core/core.h"

/*! What plan_run() has done, or would have. */
typedef enum {
	PLAN_INTRODUCED,  /*!< A key came into use, new or from standby. */
	PLAN_STANDBY,     /*!< A key came on standby. */
	PLAN_REPLACED,    /*!< A key goes, since its successor is there. */
	PLAN_UNWANTED,    /*!< A key goes, since no entry of the policy wants it. */
	PLAN_FORGOTTEN,   /*!< A key that no cache can know any more is about to be removed. */
	PLAN_UNFINISHED,  /*!< A rollover by lifetime is due, but the one before has not ended. */
	PLAN_TOO_MANY,    /*!< A key is due, but caches may know CORE_KEYS_MAX already. */
} plan_event_t;

/*! A key that the zone needs. */
typedef struct {
	const policy_key_t *entry;
	bool standby;
	policy_roll_t roll;
	int64_t oldest;    /*!< A key that other zones have, too, serves if its use began then or
	                        later. */
} plan_want_t;

/*! What plan_run() has its caller do. */
typedef struct {
	/*! Adds such a key at the end of the zone's keys, as core_key_init() makes it, with bits
	 * and repository. \return Whether there was one. */
	bool (*introduce)(void *ctx, const plan_want_t *want);
	/*! Removes a key from the zone; the others keep their order. */
	void (*forget)(void *ctx, size_t key);
	/*! Called for each event; may be NULL. key is an index; SIZE_MAX = no key. entry is NULL
	 * if there is none. */
	void (*note)(void *ctx, plan_event_t event, size_t key, const policy_key_t *entry);
	void *ctx;
} plan_ops_t;

/*!
 * Brings the zone's keys in line with the policy.
 *
 * \return When to call again at the latest; CORE_NEVER = never, or when a key can be had.
 */
int64_t plan_run(core_zone_t *zone, const policy_t *policy, int64_t now, const plan_ops_t *ops);

/*!
 * Notes that the pair of key i is gone for good: plan_run() replaces it, and changes nothing else
 * until no cache knows it any more, or none has a DS. Instead of a key that has only begun to come the
 * one before stays in use, until another one comes. If nothing that is left can sign the zone, it is given
 * up (core_give_up()): new keys come when no cache has a DS any more.
 *
 * \return NULL; else why it cannot be replaced without it, and nothing changed.
 */
const char *plan_lose(core_zone_t *zone, const policy_t *policy, size_t i);

/*! \return Whether a key that is gone is being replaced. Nothing else changes then, unless the
 *          policy wants the zone unsigned: what signs in its place has to stay. */
bool plan_is_mourning(const core_zone_t *zone);

/*! \return The entry that wants a key; NULL if none does. */
const policy_key_t *plan_entry(const policy_t *policy, const core_key_t *key);

/*! \return When the lifetime of an entry's key in use ends; CORE_NEVER = never, or the zone has no
 *          such key. */
int64_t plan_due(const core_zone_t *zone, const policy_key_t *entry);
