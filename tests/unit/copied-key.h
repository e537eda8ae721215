/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A key pair that is written into tokens without the adapter, as an operator copies one.
 */
#pragma once

#include <stdint.h>

#define COPIED_ID "abcd"   /*!< Its CKA_ID in hexadecimal. */
#define COPIED_NUMBER 32   /*!< Bytes of a number of P-256. */

/*! A key pair of P-256. */
typedef struct {
	uint8_t point[3 + 2 * COPIED_NUMBER]; /*!< CKA_EC_POINT. */
	uint8_t secret[COPIED_NUMBER];
} copied_t;

copied_t copied_make(void);

/*! Writes both halves into a token. \param label  Of a token of test-hsm-token.h. */
void copied_import(const char *label, const copied_t *pair);
