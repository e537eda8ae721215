/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The keys that sign a zone now, as answers are signed with them.
 *
 * It does not change; other keys are another one. Queries read it under RCU, and signatures that are
 * being made use it.
 */
#pragma once

#include <stdatomic.h>

#include "module/online/siphash.h"
#include "module/keys/tokens.h"
#include "module/online/subject.h"

typedef struct active {
	struct active *next;     /*!< In a list of those that are gone. */
	atomic_uint users;
	keyring_t *ring;
	tokens_t *tokens;
	knot_dname_t *zone;
	uint8_t id[SUBJECT_KEYS];/*!< The same for the same keys, validities and zone, and for no others. */
	const keyring_key_t **keys; /*!< Those that sign the zone. */
	size_t count;            /*!< 0: the zone passes through. */
	signpool_verify_t verify;
	uint64_t series;         /*!< Of the pool, for what is signed with it. */
	atomic_uint_least64_t wrong; /*!< signpool_wrong() when that was looked at. */
} active_t;

/*!
 * \param ring, tokens  Used by one more until there are no users.
 * \param secret        Two keys, always the same, for the id.
 * \return With one user; NULL if out of memory.
 */
active_t *active_new(const knot_dname_t *zone, keyring_t *ring, tokens_t *tokens,
                     signpool_verify_t verify, const siphash_key_t secret[2]);

/*! Removes a user; the last one frees it. Does not wait for a token. */
void active_leave(active_t *active);
