/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A list of keys that are to be generated. Not thread-safe.
 */
#pragma once

#include "policy-engine/keys/kinds.h"

/*! Keys to be generated: so many of one kind. */
typedef struct {
	kind_t kind;    /*!< The repository's name belongs to the list. */
	unsigned count; /*!< Keys still to be generated. */
	bool ordered;   /*!< A person, or the stock, ordered the keys; else zones wait for them. */
	bool failed;    /*!< The token could not make one. */
} want_t;

/*! All zero is an empty list. */
typedef struct {
	want_t *wants;
	size_t count;
} wants_t;

/*! Sets how many keys of a kind zones wait for. \return Whether memory sufficed. */
bool wants_set(wants_t *all, const kind_t *kind, unsigned count);

/*! Adds to the keys of a kind that are ordered. \return Whether memory sufficed. */
bool wants_order(wants_t *all, const kind_t *kind, unsigned count);

/*! \return How many keys of a kind are ordered. */
uint64_t wants_ordered(const wants_t *all, const kind_t *kind);

/*! \return Whether keys for waiting zones are still to be generated in the repository; NULL: in any. */
bool wants_left(const wants_t *all, const char *repository);

/*!
 * Drops entries that are finished, and those that failed.
 *
 * \param failed  Set if keys were dropped that zones wait for; left alone otherwise.
 * \return How many keys are still to be generated.
 */
unsigned wants_drop(wants_t *all, bool *failed);

/*! Empties the list. */
void wants_deinit(wants_t *all);
