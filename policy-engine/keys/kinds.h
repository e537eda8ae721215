/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Numbers of keys, by kind: several entries of several policies may want the same.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy-engine/policy/policy.h"

/*! Keys of the same repository, algorithm and size. */
typedef struct {
	const policy_key_t *key; /*!< One that is of that kind; borrowed. */
	uint64_t need;
} kind_t;

/*! To be freed by free(kinds). */
typedef struct {
	kind_t *kinds;
	size_t count;
} kinds_t;

/*! \return Whether a key is of that kind. */
bool kind_is(const policy_key_t *key, const char *repository, uint8_t algorithm, unsigned bits);

/*! Adds to what is needed of the key's kind; out of memory, it is left out. */
void kinds_add(kinds_t *all, const policy_key_t *key, uint64_t need);
