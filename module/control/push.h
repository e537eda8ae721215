/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Key sets that the policy engine sends, stored together: the engine waits for the disk
 *        once, not once for each zone.
 */
#pragma once

#include <stdint.h>

#include "module/zone/zone.h"

typedef struct {
	zone_t *zone;
	const char *text;    /*!< Of the key set. */
	uint64_t revision;
	int ret;             /*!< KNOT_EOK, KNOT_EMALF, KNOT_EINVAL (the zone cannot be signed with
	                          it), KNOT_EEXIST (older than the stored one), or an error of
	                          the store. */
	char err[640];       /*!< What is wrong, unless ret is KNOT_EOK. */
} push_t;

typedef struct {
	push_t *list;
	size_t count, capacity;
} pushes_t;

/*!
 * Adds a key set.
 * \param zone  Borrowed, as is text, until pushes_deinit().
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int pushes_add(pushes_t *pushes, zone_t *zone, const char *text);

/*!
 * Stores the sound ones as if one after the other, and has the zones signed with them soon. When it
 * returns they are on the disk, if ret of each says so.
 */
void pushes_store(pushes_t *pushes, store_t *store);

void pushes_deinit(pushes_t *pushes);
