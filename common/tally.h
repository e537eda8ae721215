/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How many zones are in which state, and for which cause, kept as the zones change: to say it
 * costs what there is to say, not what there are zones.
 *
 * Zones with the same state and the same cause are a group, and its most urgent zone is known. All
 * functions are called from any thread; the lock is held over no other.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tally_group tally_group_t;

/*! A zone's place; to be embedded in the zone, zeroed. Under the tally's lock. */
typedef struct {
	tally_group_t *group;       /*!< NULL: it is not counted. */
	size_t at;                  /*!< Index in the group. */
	int64_t rank;               /*!< The smaller, the more urgent. */
	uint64_t turn;              /*!< Of what is known of the zone. */
} tally_member_t;

/*! A group is a heap by rank: the most urgent member is the first. */
struct tally_group {
	unsigned state;             /*!< The caller's own number. */
	char *cause;                /*!< As of cause_common(); "" = none. */
	tally_member_t **members;
	size_t count, size;         /*!< At least one. */
};

typedef struct {
	pthread_mutex_t lock;       /*!< Of what follows. */
	void *groups;               /*!< tsearch(3) tree by state and cause. */
	size_t count;               /*!< Members of all groups. */
	uint64_t turn;
} tally_t;

/*! How a zone is. */
typedef struct {
	unsigned state;
	const char *cause;          /*!< Borrowed. */
	int64_t rank;
	uint64_t turn;              /*!< As of tally_turn(), taken before the zone was looked at. */
} tally_entry_t;

void tally_init(tally_t *tally);

/*! There are no members left. */
void tally_deinit(tally_t *tally);

/*! \return A number that tells an earlier look at a zone from a later one. */
uint64_t tally_turn(tally_t *tally);

/*! Begins to count a zone. \return false: out of memory. */
bool tally_enter(tally_t *tally, tally_member_t *member, const tally_entry_t *entry);

/*! Counts a zone anew, unless it is not counted, or a later look was counted already; out of
 *  memory, it stays where it is. */
void tally_put(tally_t *tally, tally_member_t *member, const tally_entry_t *entry);

/*! The zone is counted no more. */
void tally_leave(tally_t *tally, tally_member_t *member);

/*! Tells in which state the zone is counted, and its rank. \return Whether it is counted; if not,
 *  they are left alone. */
bool tally_read(tally_t *tally, const tally_member_t *member, unsigned *state, int64_t *rank);

/*! Calls a function for each group, by state, with the lock held; it must not block. */
void tally_each(tally_t *tally, void (*call)(void *ctx, const tally_group_t *group), void *ctx);
