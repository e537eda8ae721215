/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Numbers of keys, by kind: several entries of several policies may want the same kind.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy-engine/policy/policy.h"

/*! What keys have to have in common to be used in each other's place. */
typedef struct {
	const char *repository; /*!< Borrowed, unless its holder says otherwise. */
	uint8_t algorithm;
	unsigned bits;
} kind_t;

typedef struct {
	kind_t kind;   /*!< Borrowed. */
	uint64_t need; /*!< Keys. */
} kind_need_t;

/*! What is needed of several kinds. To be freed by free(kinds). */
typedef struct {
	kind_need_t *kinds;
	size_t count;
} kinds_t;

/*! \return The kind of key that a policy's entry wants; it borrows from the entry. */
kind_t kind_of(const policy_key_t *entry);

bool kind_is_same(const kind_t *a, const kind_t *b);

/*! Adds to what is needed of a kind. If memory is out, the number is left out. */
void kinds_add(kinds_t *all, const kind_t *kind, uint64_t need);
