/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Key pairs that come into a token from elsewhere, or leave it.
 */
#pragma once

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/hsm.h"

#define HSM_PARTS_MAX 10
#define HSM_WRAPPING_LEN 32 /*!< Bytes of the key that wraps another: AES-256. */

/*! A part of a key pair: an attribute of its objects. */
typedef struct {
	CK_ATTRIBUTE_TYPE type;
	uint8_t *data;
	size_t len;
	bool of_private, of_public; /*!< Whose it is. */
} hsm_part_t;

typedef struct {
	hsm_part_t list[HSM_PARTS_MAX];
	size_t count;
} hsm_parts_t;

/*!
 * Writes a key pair into the repository's token, as hsm_key_generate() would have made it.
 *
 * \param spec   Which key it is; its bits are not looked at.
 * \param parts  But for class, type and curve.
 * \retval as hsm_key_generate(); HSM_EDEVICE if the token takes no keys from elsewhere
 */
int hsm_key_import(hsm_t *hsm, const hsm_key_spec_t *spec, const hsm_parts_t *parts,
                   hsm_key_t **key, hsm_error_t *err);

/*!
 * Takes a private key out of its token, wrapped by AES-256 (RFC 5649): a PrivateKeyInfo (RFC 5958).
 *
 * \param by       The key that wraps it.
 * \param wrapped  To be freed.
 * \retval HSM_EOK, HSM_EDEVICE (it is not extractable, or the token does not do that), or as
 *         hsm_key_find()
 */
int hsm_key_export(hsm_t *hsm, const hsm_wanted_t *wanted, const uint8_t by[HSM_WRAPPING_LEN],
                   dnssec_binary_t *wrapped, hsm_error_t *err);
