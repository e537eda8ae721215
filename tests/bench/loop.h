/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The bare loop beside which first signings are measured: C_SignInit and C_Sign of the library,
 *        past the adapter, and nothing else.
 */
#pragma once

#include <stdbool.h>

#define LOOP_THREADS_MAX 64

typedef struct {
	unsigned threads; /*!< At most LOOP_THREADS_MAX. */
	unsigned each;    /*!< Signatures a thread. */
	const char *module; /*!< The library's path; NULL: SoftHSM. */
	bool verify;      /*!< Verify each, too. */
} loop_t;

/*! Signs by the ZSK of signing_begin(). \return Signatures a second. */
double loop_rate(const loop_t *args);
