/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief From one key set to the next: which chain, nodes and walk a new key set asks for, and the
 * switch to them when they are complete.
 */
#pragma once

#include "module/sign/args.h"
#include "module/store/state.h"

/*! \return The algorithms that sign all of the zone; bits by number. */
uint32_t changeover_algorithms(const keyset_t *set);

/*! \return Whether published nodes can stand beside those that a key set asks for, in one
 * version. */
bool changeover_goes_on(const state_t *state, const keyset_t *set);

/*!
 * Notes in the state what a change of the key set means for what is published.
 * \param before  The key set until now; NULL if it is not known.
 */
void changeover_adopt(state_t *state, const keyset_t *before, const keyset_t *set);

/*!
 * Sets what is to be prepared, and begins a walk if one is needed. What was prepared for another
 * key set is used if it can be, and dropped if not.
 *
 * The state is stored only if something is dropped; else the batch that follows stores it.
 *
 * \return KNOT_EOK, or an error of the store
 */
int changeover_run(const sign_args_t *args, state_t *state);

/*! Has all of the zone made anew, beside what there is, and published at once. With all signatures
 *  made anew, too, none of an older version is left. */
void changeover_afresh(state_t *state);

/*!
 * \return Whether what is planned fits the input: an input that was replaced as a whole, whose
 *         nodes are not marked as dirty, needs a plan of its own.
 */
bool changeover_fits(const state_t *state);

/*!
 * Puts what is prepared in the place of what is published.
 * \param txn  Write transaction in which all is stored.
 */
int changeover_switch(store_txn_t *txn, state_t *state, const keyset_t *set);

/*! Removes some of the entries that are no longer needed. \return KNOT_EOK, or an error of the
 * store */
int changeover_clean(const sign_args_t *args, state_t *state);
