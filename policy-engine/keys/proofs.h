/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which unused key pairs have shown of late that they work: a zone gets no other.
 *
 * A pair is made long before it is used: it may be lost by then, as when an older copy of the token was
 * restored; and of a repository with replicas, each of these has to have it.
 *
 * Main thread, as all of it.
 */
#pragma once

#include <stdint.h>

#include "policy-engine/keys/wants.h"

typedef enum {
	PROOF_LACKS, /*!< It is not known. */
	PROOF_GOOD,
	PROOF_BAD,
} proof_state_t;

typedef struct {
	char *cka_id;    /*!< Owned. */
	proof_state_t state;
	int64_t until;   /*!< Until when it counts, Unix seconds. */
} proof_t;

/*! All zero is an empty list. */
typedef struct {
	proof_t *list;   /*!< Sorted by CKA_ID. */
	size_t count;
	bool any_bad;    /*!< Some of them may be PROOF_BAD. */
	wants_t asked;   /*!< Kinds of which zones want a pair. */
	int64_t again;   /*!< When those that failed are tried again. */
	char why[512];   /*!< Of the last that failed. */
} proofs_t;

void proofs_deinit(proofs_t *proofs);

/*! \return What is known of a pair. */
proof_state_t proofs_look(const proofs_t *proofs, const char *cka_id, int64_t now);

/*! Notes what was found. \param until  As in proof_t. \return Whether memory sufficed. */
bool proofs_note(proofs_t *proofs, const char *cka_id, proof_state_t state, int64_t until);

/*! A zone has the pair now. */
void proofs_drop(proofs_t *proofs, const char *cka_id);

/*! Drops what does not count any more. */
void proofs_expire(proofs_t *proofs, int64_t now);
