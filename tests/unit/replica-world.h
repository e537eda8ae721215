/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Replicas: "both" has the keys of the tokens "one", which is SoftHSM's, and "two", behind the shim. A
 *        key pair is written into them without the adapter, as an operator copies one.
 */
#pragma once

#include <stdint.h>

#include "hsm-adapter/hsm.h"

/*! Makes the tokens, and a file of orders for the shim. A fixture. */
void replica_make(void);

/*! Removes all. A fixture. */
void replica_unmake(void);

/*! Orders a fault of the second token; "" ends it. */
void replica_order(const char *what);

/*! \return All three repositories; static. */
hsm_conf_t *replica_conf(void);

/*! Opens them, and logs in to both tokens. */
hsm_t *replica_open(void);

#define COPIED_ID "abcd"   /*!< CKA_ID of the key pair, in hexadecimal. */
#define COPIED_NUMBER 32   /*!< Bytes of a number of P-256. */

/*! A key pair of P-256. */
typedef struct {
	uint8_t point[3 + 2 * COPIED_NUMBER]; /*!< CKA_EC_POINT. */
	uint8_t secret[COPIED_NUMBER];
} copied_t;

copied_t copied_make(void);

/*! Writes both halves into a token. \param label  Of a token of test-hsm-token.h. */
void copied_import(const char *label, const copied_t *pair);

/*! Makes a key pair, and writes it into both tokens. */
void copied_to_both(void);
