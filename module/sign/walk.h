/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A walk over all names of a zone, in the input or signed, in canonical order.
 */
#pragma once

#include "module/sign/affected.h"

typedef struct {
	store_cursor_t input, old;
	int input_ret, old_ret;     /*!< KNOT_EOK where the cursor is at an entry. */
	uint8_t apex[NODE_KEY_MAX];
	size_t apex_len;
	uint8_t cut[NODE_KEY_MAX];  /*!< The last delegation or DNAME; names below it are
	                                 occluded. */
	size_t cut_len;
} walk_t;

/*!
 * \param affected  Has the zone's ids, and finds a cut above the first name.
 * \param from      Key of the first name; from_len 0: from the beginning.
 */
int walk_open(walk_t *walk, affected_t *affected, const uint8_t *from, size_t from_len);
void walk_close(walk_t *walk);

/*! Gives the key of the next name; borrowed. \return Whether there is a next name. */
bool walk_at(const walk_t *walk, const uint8_t **key, size_t *key_len);

/*!
 * Reads that name, and moves on.
 *
 * \param bn     Filled, but for what build_node() makes; build_node_deinit() frees it.
 * \param owner  Memory for bn->owner.
 */
int walk_take(walk_t *walk, build_node_t *bn, knot_dname_storage_t owner);
