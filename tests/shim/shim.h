/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the control file of the shim says; see shim.c.
 */
#pragma once

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

#define ORDERS_MAX 16 /* Lines about calls, at most. */

/*! What a call has instead of being made, or before it is. */
typedef struct {
	char call[32];           /*!< "C_Sign"; "all" */
	CK_RV rv;                /*!< What it comes to; CKR_OK: it is made. */
	unsigned long times;     /*!< Calls that come to that, since the file is there; 0 = all. */
	unsigned delay_ms;
	bool hangs;              /*!< It waits until the line has gone. */
} order_t;

typedef struct {
	order_t list[ORDERS_MAX];
	unsigned count;
	unsigned wrong, from, fail, wild;
	unsigned long slots;     /*!< By that the numbers of the slots are higher. */
	unsigned long long seed;
	bool cut, other, keyless, logged_out, stale;
	unsigned long long file; /*!< Another number for each file. */
} orders_t;

/*! Reads the file anew. */
orders_t read_orders(void);
