/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which names a change of the input touches, and what these are to the zone.
 *
 * A delegation or DNAME that comes or goes touches all names below it.
 */
#pragma once

#include "module/base/arena.h"
#include "module/sign/build.h"
#include "module/store/state.h"

typedef struct {
	const uint8_t *key;
	size_t key_len;
} affected_key_t;

typedef struct {
	store_txn_t *txn;
	uint32_t zone_id;
	uint32_t input;       /*!< Id of the input's nodes. */
	uint32_t nodes;       /*!< Id of the signed nodes. */
	uint8_t apex[NODE_KEY_MAX];
	size_t apex_len;
	arena_t arena;        /*!< Has the keys. */
	affected_key_t *keys; /*!< In canonical order, each once, after affected_find(). */
	size_t count, capacity;
} affected_t;

/*! \param nodes  Id of the signed nodes. */
void affected_init(affected_t *affected, store_txn_t *txn, const state_t *state, uint32_t nodes,
                   const knot_dname_t *apex);
void affected_deinit(affected_t *affected);

/*!
 * Collects names: those that are dirty, what these touch, and those with a signature that expires
 * by a time.
 *
 * \param expires_by  Unix seconds.
 * \param due         Names with such signatures, at most; the first to expire are taken.
 * \param now         Unix seconds.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EMALF, or an error of the store
 */
int affected_find(affected_t *affected, uint32_t expires_by, size_t due, int64_t now);

/*! \return Whether a name is one of those collected. */
bool affected_has(const affected_t *affected, const uint8_t *key, size_t key_len);

/*! Tells what a name is; KIND_NONE if there is nothing in the input. */
int affected_kind(affected_t *affected, const affected_key_t *name, name_kind_t *kind);

/*!
 * Finds the highest delegation or DNAME above a name.
 * \param cut  The key of that name, NODE_KEY_MAX bytes; its length is 0 if there is none.
 */
int affected_cut(affected_t *affected, const uint8_t *key, size_t key_len, uint8_t *cut,
                 size_t *cut_len);
