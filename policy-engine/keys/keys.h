/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the engine knows of the keys in the tokens, and of those that are to come.
 *
 * The desk's lock covers all but what is marked. The main thread makes the passes: generate.h,
 * stock.h, retire.h, salts.h.
 */
#pragma once

#include "policy-engine/desk/desk.h"
#include "policy-engine/keys/proofs.h"
#include "policy-engine/keys/repos.h"
#include "policy-engine/keys/turn.h"
#include "policy-engine/keys/wants.h"

typedef struct {
	desk_t *desk;
	bool verbose;       /*!< Log each generated key. */
	repos_t *tokens;    /*!< The main thread replaces it, and so may use it without the lock. */
	bool intents;       /*!< Main thread only. A generation may have been interrupted. */
	wants_t wants;      /*!< Main thread only. */
	unsigned want_left; /*!< How many keys the last pass left to be generated. */
	turn_t turn;        /*!< Main thread only. */
	wants_t orders;     /*!< For the next pass to add to wants. */
	bool adopt;         /*!< For the next pass: there are keys that a person has adopted. */
	proofs_t proofs;    /*!< Main thread only. */
	int64_t stock_at;   /*!< When to see whether there are enough keys in advance. */
	int64_t salt_at;    /*!< When to see whether a policy needs a new salt. */
	int64_t retire_at;  /*!< Main thread only. When to look for keys that no zone has. */
} keys_t;

/*! \param verbose  Log details, too. */
void keys_init(keys_t *keys, desk_t *desk, bool verbose);

/*! Logs out of the tokens, and frees all. */
void keys_deinit(keys_t *keys);

/*!
 * Goes on with the tokens of a conf.xml, and the policies of a kasp.xml, that were read anew. Main
 * thread, under the lock.
 *
 * \param tokens  Taken over.
 * \return The tokens so far; the caller frees them by repos_leave(), without the lock.
 */
repos_t *keys_replace_tokens(keys_t *keys, repos_t *tokens);

/*! Logs in to tokens where that is due. If a token works again, all that may wait for it is tried
 *  again. Main thread, not locked. */
void keys_check_tokens(keys_t *keys, int64_t now);
