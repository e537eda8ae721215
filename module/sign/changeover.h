/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a key set asks for beside what is published: another chain, another walk.
 */
#pragma once

#include "module/sign/args.h"
#include "module/store/state.h"

/*! \return Bits by number: the algorithms that sign all of the zone. */
uint32_t changeover_algorithms(const keyset_t *set);

/*! \return Whether nodes as they are published can stand beside those that a key set asks for. */
bool changeover_goes_on(const state_t *state, const keyset_t *set);

/*!
 * Sees what a change of the key set means for what is published.
 * \param before  The set until now; NULL if it is not known.
 */
void changeover_adopt(state_t *state, const keyset_t *before, const keyset_t *set);

/*!
 * Sets what is to be prepared, and begins a walk if there is need for one. Stores the state only if
 * something is dropped; else that is left to the batch that follows.
 *
 * What was prepared for another key set and can still be used is; the rest is dropped.
 *
 * \return KNOT_EOK, or an error of the store
 */
int changeover_run(const sign_args_t *args, state_t *state);

/*!
 * \return Whether what is planned is for the input as it is: one that is new as a whole, without any
 *         mark at its nodes, needs a plan of its own.
 */
bool changeover_fits(const state_t *state);

/*!
 * Puts what is prepared in the place of what is published.
 * \param txn  Write transaction in which all is stored.
 */
int changeover_switch(store_txn_t *txn, state_t *state, const keyset_t *set);

/*! Removes some of what is no longer needed. \return KNOT_EOK, or an error of the store */
int changeover_clean(const sign_args_t *args, state_t *state);
