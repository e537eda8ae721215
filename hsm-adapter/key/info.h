/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a token says about itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hsm-adapter/hsm.h"

#define HSM_INFO_FAMILIES 3 /*!< RSA, ECDSA, EdDSA. */
#define HSM_INFO_UNKNOWN UINT64_MAX /*!< The token does not say how much memory it has. */

/*! What the token can do with one family of keys. */
typedef struct {
	const char *name;  /*!< "RSA", "ECDSA" or "EdDSA". */
	bool generates;
	bool signs;
	unsigned min_bits; /*!< Of keys that it generates; 0 if it does not say, as max_bits. */
	unsigned max_bits;
} hsm_info_family_t;

typedef struct {
	char label[33];
	char manufacturer[33];
	char model[17];
	char serial[17];
	bool read_only;        /*!< Keys are neither made nor removed. */
	uint64_t memory_total; /*!< Bytes for private objects; or HSM_INFO_UNKNOWN. */
	uint64_t memory_free;
	size_t keys;           /*!< All private keys in the token. */
	hsm_info_family_t families[HSM_INFO_FAMILIES];
} hsm_info_t;

/*! Asks the token of a repository. \retval as hsm_login() */
int hsm_info(hsm_t *hsm, const char *repository, hsm_info_t *info, hsm_error_t *err);
