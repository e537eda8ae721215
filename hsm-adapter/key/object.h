/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Objects in a token: finding them by class or CKA_ID, and reading their attributes.
 *
 * The caller holds the token's lock.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hsm-adapter/token/token.h"

#define HSM_ID_MAX 256 /*!< Bytes of the longest CKA_ID that is supported. */

/*! A CKA_ID. */
typedef struct {
	uint8_t data[HSM_ID_MAX];
	size_t len;
	char hex[2 * HSM_ID_MAX + 1]; /*!< Lower-case. */
} hsm_id_t;

/*! Takes 1 to HSM_ID_MAX bytes. \retval HSM_EOK, HSM_ENOKEY (too long, or none) */
int hsm_id_set(hsm_id_t *id, const uint8_t *data, size_t len);

/*! Takes hexadecimal digits of any case. \retval HSM_EOK, HSM_ENOKEY (no bytes in hexadecimal) */
int hsm_id_parse(hsm_id_t *id, const char *hex);

/*! Handles of objects; free() them. */
typedef struct {
	CK_OBJECT_HANDLE *handles;
	size_t count;
} hsm_objects_t;

/*!
 * Finds all keys of a class.
 *
 * \retval HSM_EOK (also if there are none), HSM_ENOMEM, or as hsm_rv_error()
 */
int hsm_objects_find(hsm_token_t *token, CK_OBJECT_CLASS class, hsm_objects_t *objects,
                     hsm_error_t *err);

/*! The objects of one CKA_ID. */
typedef struct {
	hsm_objects_t private_keys;
	hsm_objects_t public_keys;
} hsm_pair_t;

/*!
 * Finds the private and the public keys of a CKA_ID. It is one search, since a search takes long in
 * a token that has many objects.
 *
 * \param pair  To be freed by hsm_pair_free().
 * \retval HSM_EOK (also if there are none), HSM_ENOMEM, or as hsm_rv_error()
 */
int hsm_pair_find(hsm_token_t *token, const hsm_id_t *id, hsm_pair_t *pair, hsm_error_t *err);

void hsm_pair_free(hsm_pair_t *pair);

/*! Bytes of an attribute; free() them. */
typedef struct {
	uint8_t *data;
	size_t len;
} hsm_value_t;

/*! Reads an attribute. \return CK_RV; a value without bytes is CKR_ATTRIBUTE_TYPE_INVALID. */
CK_RV hsm_object_value(hsm_token_t *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                       hsm_value_t *value);

/*! Reads an attribute that is a number. \return CK_RV */
CK_RV hsm_object_number(hsm_token_t *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                        CK_ULONG *number);
