/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The zones that the module has now: what it said of them, and what holds them up.
 *
 * Kept in memory only; not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "keyset/facts.h"
#include "policy-engine/policy/policy.h"

typedef struct live_zone {
	TAILQ_ENTRY(live_zone) dirty_link, push_link, look_link;
	char *name;
	facts_t facts;
	unsigned round;     /*!< Of the listing that named it last. */
	bool dirty;         /*!< To be looked at in the next pass; see live_mark(). */
	bool wants;         /*!< Keys that nobody has for it yet; how many: */
	uint8_t lacks[POLICY_KEYS_MAX]; /*!< By the policy's entries. */
	bool force;         /*!< Its key set is to be pushed even if nothing changed. */
	bool waits;         /*!< For a person. */
	int64_t announced;  /*!< The rollover that was announced last is due then. */
	char *problem;      /*!< What keeps the zone from being looked after; NULL = nothing. */
	uint64_t revision;  /*!< Of the text below. */
	char *push;         /*!< Key set that the module has to get; NULL = none. */
	int64_t push_at;    /*!< When to try, or try again. */
	char *push_problem; /*!< Why the module did not take it; NULL = nothing. */
	int64_t look_at;    /*!< When to look whether the parent still has its DS; 0 = not queued. */
	bool looking;       /*!< That is being done. */
	bool look_asked;    /*!< A step of a key waits for it. */
	int64_t seen_at;    /*!< When all DS that count were seen last; 0 = not yet. */
	char *unseen;       /*!< Why they were not at the last look; NULL = they were. */
} live_zone_t;

typedef struct {
	void *tree;
	size_t count;
	TAILQ_HEAD(, live_zone) dirty;  /*!< Those that are. */
	TAILQ_HEAD(, live_zone) pushes; /*!< Those that have a key set to be pushed. */
	TAILQ_HEAD(, live_zone) looks;  /*!< Those that have a look_at. */
} live_t;

void live_init(live_t *live);

/*! \return The zone, NULL if the module does not have it. */
live_zone_t *live_find(const live_t *live, const char *name);

/*! \return The zone, new or not; NULL if out of memory. */
live_zone_t *live_add(live_t *live, const char *name);

/*! Forgets what keys the zone lacks. */
void live_lacks_nothing(live_zone_t *zone);

/*! Says whether a zone is to be looked at in the next pass. */
void live_mark(live_t *live, live_zone_t *zone, bool dirty);

/*! Sets the key set to be pushed, as the last of all; takes over text, NULL = none. */
void live_push(live_t *live, live_zone_t *zone, char *text);

/*! Sets when to look at the parent, as the last of all; 0 = not at all. */
void live_look(live_t *live, live_zone_t *zone, int64_t at);

void live_remove(live_t *live, live_zone_t *zone);

/*! Calls cb for each zone, in the order of names. It must not add or remove any. */
void live_each(const live_t *live, void (*cb)(void *ctx, live_zone_t *zone), void *ctx);

/*! Sets problem (or push_problem) to a copy of text, or to NULL. \return Whether it changed. */
bool live_set(char **problem, const char *text);

void live_deinit(live_t *live);
