/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Finds key pairs in the tokens of conf.xml by their public half.
 *
 * All tokens are read once, when the first pair is looked for: that takes long if they have many
 * keys.
 */
#pragma once

#include "hsm-adapter/hsm.h"

/*! A key pair in a token. */
typedef struct {
	char *repository;
	char *cka_id; /*!< Hexadecimal. */
	uint8_t *public_key;
	size_t len;
} pair_t;

typedef struct {
	hsm_t *hsm;
	char **repositories;
	size_t repository_count;
	bool read; /*!< The tokens have been read. */
	pair_t *pairs;
	size_t count;
	char *problem; /*!< Which token could not be read, and why; NULL = none. */
} pairs_t;

/*! Opens the tokens; waits for none yet. \return HSM_EOK, or another code and err. */
int pairs_open(pairs_t *pairs, const hsm_conf_t *conf, hsm_error_t *err);

/*! \return The pair with that public key; NULL if no token that could be read has it. Borrowed. */
const pair_t *pairs_find(pairs_t *pairs, const uint8_t *public_key, size_t len);

void pairs_close(pairs_t *pairs);
