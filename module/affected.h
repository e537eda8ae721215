/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which names a change of the input touches, and what they are to the zone.
 *
 * A name that comes or goes changes the NSEC before it; a delegation that comes or goes, all
 * names below it.
 */
#pragma once

#include "module/arena.h"
#include "module/build.h"
#include "module/store.h"

typedef struct {
	const uint8_t *key;
	size_t key_len;
} affected_key_t;

typedef struct {
	store_txn_t *txn;
	uint32_t zone_id;
	uint8_t apex[NODE_KEY_MAX];
	size_t apex_len;
	store_cursor_t input; /*!< To look around with. */
	arena_t arena;        /*!< Of the keys. */
	affected_key_t *keys; /*!< In canonical order, each once, after affected_find(). */
	size_t count, capacity;
} affected_t;

int affected_init(affected_t *affected, store_txn_t *txn, uint32_t zone_id,
                  const knot_dname_t *apex);
void affected_deinit(affected_t *affected);

/*!
 * Collects the names: those that are dirty, those with a signature that expires by a time, what
 * either touches, and the apex.
 */
int affected_find(affected_t *affected, uint32_t expires_by);

/*! Tells what a name is; NONE if there is nothing in the input. */
int affected_kind(affected_t *affected, const affected_key_t *name, build_kind_t *kind);

/*! Gives the next owner in the NSEC chain. */
int affected_next(affected_t *affected, const affected_key_t *name, knot_dname_storage_t next);
