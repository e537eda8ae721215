/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the control file of the shim says; see shim.c.
 */
#pragma once

#include <stdbool.h>

typedef struct {
	unsigned delay_ms, wrong, from, fail, wild;
	unsigned long long seed;
	bool hang;
} orders_t;

/*! Reads the file anew. */
orders_t read_orders(void);
