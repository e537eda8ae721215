/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The rule "shrink": an input that has lost most of the zone's names or delegations is held
 *        until an operator lets it through.
 */
#pragma once

#include "module/input/measure.h"
#include "module/source/source.h"

/*! An input that is to take the place of another. */
typedef struct {
	const char *what;      /*!< Names it, as held_set(). */
	const char *origin;    /*!< File, or primary, for messages. */
	measure_t before, after;
} shrink_t;

/*! \return Whether the input lost too much, and is not let through. */
bool shrink_is_lost(source_t *source, const shrink_t *shrink);

/*! Holds an input that has lost too much; without a transaction. */
void shrink_hold(source_t *source, const shrink_t *shrink);

/*!
 * Judges contents that are to take the place of the input, for the worker or the fetcher.
 *
 * \param shrink  What and origin are set.
 * \param held    Whether they are held.
 * \return KNOT_EOK, KNOT_ENOMEM, or an error of the store
 */
int shrink_judge(source_t *source, const state_t *state, const contents_t *contents,
                 shrink_t *shrink, bool *held);

/*! \return Delegations that have to be removed at least before it is worth counting all of them. */
uint64_t shrink_worth(source_t *source);
