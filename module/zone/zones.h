/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief All zones by name, and who uses them.
 *
 * All functions are called from any thread.
 */
#pragma once

#include "module/zone/reap.h"

/*! A zone that has gone away; the policy engine is told. */
typedef struct zones_gone {
	struct zones_gone *next;
	uint64_t generation;     /*!< Of the news. */
	knot_dname_t *name;
} zones_gone_t;

typedef struct {
	const zone_env_t *env;
	reap_t *reap;
	pthread_mutex_t lock;    /*!< Of what follows, and of the zones' users. */
	void *tree;              /*!< tsearch(3) tree of zone_t by name. */
	size_t count;
	zones_gone_t *gone;      /*!< Newest first. */
} zones_t;

/*! \param env, reap  Have to outlive the zones. */
void zones_init(zones_t *zones, const zone_env_t *env, reap_t *reap);

/*! There are no zones left. */
void zones_deinit(zones_t *zones);

size_t zones_count(zones_t *zones);

/*! Adds a zone, or a user to it. \return The zone; NULL if out of memory. */
zone_t *zones_add(zones_t *zones, const knot_dname_t *name);

/*! A user more, if there is such a zone. \return The zone; NULL if there is none. */
zone_t *zones_use(zones_t *zones, const knot_dname_t *name);

/*! A user less; the last one takes the zone away, and has its work stopped. Does not block. */
void zones_drop(zones_t *zones, zone_t *zone);

/*!
 * Calls a function for a zone, which cannot go away meanwhile; the function must not block.
 * \return Whether there is such a zone.
 */
bool zones_with(zones_t *zones, const knot_dname_t *name, void (*call)(void *ctx, zone_t *zone),
                void *ctx);

/*! Calls a function for each zone, in no order; it must not block. */
void zones_each(zones_t *zones, void (*call)(void *ctx, zone_t *zone), void *ctx);

/*! \return Whether there is such a zone. */
bool zones_has(zones_t *zones, const knot_dname_t *name);

/*!
 * Calls a function if there is no such zone, nor one still at work; none can come before the
 * function has returned.
 * \return Whether there is none.
 */
bool zones_without(zones_t *zones, const knot_dname_t *name, void (*call)(void *ctx), void *ctx);

/*! Calls a function for each zone that has gone away since a generation; it must not block. */
void zones_each_gone(zones_t *zones, uint64_t since,
                     void (*call)(void *ctx, const knot_dname_t *name), void *ctx);
