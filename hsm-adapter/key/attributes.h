/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Attributes of an object that a token is to make.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/key/id.h"

#define ATTRIBUTES_MAX 24 /*!< An RSA key from elsewhere has most: 8 numbers, and 12 more. */

/*! All zero: none. What they point to is borrowed. */
typedef struct {
	CK_ATTRIBUTE list[ATTRIBUTES_MAX];
	CK_ULONG count;
} attributes_t;

void attributes_add(attributes_t *to, CK_ATTRIBUTE_TYPE type, const void *data, size_t len);

void attributes_add_flag(attributes_t *to, CK_ATTRIBUTE_TYPE type, bool on);

/*! Adds CKA_ID and CKA_LABEL. */
void attributes_add_id(attributes_t *to, const hsm_id_t *id);

/*! Adds what a private half is good for: signatures, and nothing else. */
void attributes_add_private(attributes_t *to, bool extractable);
