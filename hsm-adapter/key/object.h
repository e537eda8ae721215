/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief An object in a token that is half of a key pair: its attributes, read in few calls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/key/id.h"

/*! Bytes of an attribute; none if the object does not have it. */
typedef struct {
	uint8_t *data;
	size_t len;
} hsm_value_t;

/*! Attributes that are read. */
enum {
	HSM_ID,       /*!< CKA_ID */
	HSM_MODULUS,  /*!< RSA: CKA_MODULUS */
	HSM_EXPONENT, /*!< RSA: CKA_PUBLIC_EXPONENT */
	HSM_CURVE,    /*!< Curves: CKA_EC_PARAMS */
	HSM_POINT,    /*!< Curves: CKA_EC_POINT; of a private key only by hsm_object_point(), and
	                   that, or CKA_PUBLIC_KEY_INFO */
	HSM_VALUES,
};

#define HSM_TYPE_UNKNOWN CK_UNAVAILABLE_INFORMATION /*!< A key type that was not asked for yet. */

/*! An object. */
typedef struct {
	CK_OBJECT_HANDLE handle;
	CK_OBJECT_CLASS class; /*!< CKO_PRIVATE_KEY or CKO_PUBLIC_KEY. */
	CK_KEY_TYPE type;
	hsm_value_t values[HSM_VALUES]; /*!< Owned; hsm_object_free(). */
} hsm_object_t;

/*!
 * Reads the attributes of an object whose handle, class and type are known; if the type is not, both
 * class and type are read, too.
 *
 * \param module   The library, and a session that nobody else uses meanwhile.
 * \return CK_RV: CKR_OK also if the object lacks some of them; CKR_ATTRIBUTE_TYPE_INVALID if it is no
 *         half of a key pair
 */
CK_RV hsm_object_read(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, hsm_object_t *object);

/*! Reads the point of a private key, which stands for a public object that is not there.
 *  \return CK_RV: CKR_OK also if it has none */
CK_RV hsm_object_point(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, hsm_object_t *object);

/*! Frees the values. */
void hsm_object_free(hsm_object_t *object);

/*! Orders by CKA_ID, and of one CKA_ID private keys first; for qsort() and bsearch(). */
int hsm_object_compare(const void *a, const void *b);

/*! Orders by handle, and of one handle an unknown type last; for qsort(). */
int hsm_object_by_handle(const void *a, const void *b);

/*! \return Whether an object has that CKA_ID. */
bool hsm_object_has_id(const hsm_object_t *object, const hsm_id_t *id);

/*! \return Whether two objects have the same CKA_ID. */
bool hsm_object_same_id(const hsm_object_t *a, const hsm_object_t *b);
