/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Finds key pairs in tokens by what other signers know of them: their public half, or their CKA_ID, and
 *        not in which token they are.
 */
#pragma once

#include "hsm-adapter/hsm.h"
#include "policy-engine/import/ods-db.h"

typedef struct locate locate_t;

/*! Whether a token works; if not, why says why. */
typedef bool (*locate_usable_f)(void *ctx, const char *repository, char *why, size_t why_size);

/*!
 * Starts to look in the repositories of a policy.
 *
 * \param hsm     Borrowed.
 * \param usable  NULL = each is tried.
 * \return NULL if out of memory; to be freed by locate_free().
 */
locate_t *locate_new(const policy_t *policy, hsm_t *hsm, locate_usable_f usable, void *ctx);

/*!
 * Finds a pair, and notes in it where it is, and its size.
 *
 * The first time that a public half is looked for, all keys of the repositories are read.
 *
 * \param key   To be freed by hsm_key_free().
 * \param why   Why it was not found.
 * \return 0, or -1.
 */
int locate_pair(locate_t *locate, ods_pair_t *pair, hsm_key_t **key, char *why, size_t why_size);

/*! NULL is allowed. */
void locate_free(locate_t *locate);
