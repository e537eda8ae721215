/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What becomes of each key in a simulation, by a few dates; for comparing two simulations.
 */
#pragma once

#include "policy-engine/simulate/simulate.h"

/*! Steps of a key's life, in order. */
typedef enum {
	OUTCOME_COMES,   /*!< It comes into use. */
	OUTCOME_DS,      /*!< Its DS is to be given to the parent. */
	OUTCOME_KNOWN,   /*!< All caches may use each of its records. */
	OUTCOME_LEAVES,  /*!< Its goal is to go. */
	OUTCOME_NO_DS,   /*!< Its DS is to be removed from the parent. */
	OUTCOME_GONE,    /*!< No cache has anything of it. */
	OUTCOME_STEPS,
} outcome_step_t;

/*! A key. */
typedef struct {
	keyset_role_t role;
	uint8_t algorithm;
	unsigned bits;
	uint16_t keytag;  /*!< 0 = it is still to come. */
	unsigned nth;     /*!< Of those to come that have the same role, algorithm and size, from 0. */
	int64_t at[OUTCOME_STEPS]; /*!< Unix seconds; 0 = not within the simulation. */
} outcome_t;

/*!
 * Sums up a simulation.
 *
 * \return An outcome for each key of the timeline, to be freed by free(); NULL if out of memory.
 */
outcome_t *outcomes_of(const timeline_t *timeline);

/*! \return The outcome of the same key, in another simulation of the zone; NULL if there is none. */
const outcome_t *outcome_find(const outcome_t *outcomes, size_t count, const outcome_t *key);

/*! \return A step in words, behind the key's name. */
const char *outcome_words(outcome_step_t step);
