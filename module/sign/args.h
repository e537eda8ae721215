/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a sign run is given by its caller.
 */
#pragma once

#include "common/clock-mark.h"
#include "module/keys/pool.h"
#include "module/rr/serial.h"
#include "module/store/store.h"

/*!
 * Nodes and chain entries that a version changes at most. With so many, memory and the time of a
 * write transaction stay small; and what each version costs beside them hardly counts.
 */
#define SIGN_BATCH 20000

typedef struct {
	store_t *store;
	signpool_t *pool;
	const knot_dname_t *zone;
	const keyring_t *ring;
	const uint32_t *served; /*!< Serial that knotd serves; NULL: none, or not known. */
	const serial_shown_t *shown; /*!< What a secondary has that is above all else; NULL: none
	                            is. */
	clock_span_t now;      /*!< Signatures are good from its beginning on, and expire as
	                            reckoned from its end. */
	/*! Reads the clock again before a version is published, Unix seconds; NULL: it is not. */
	int64_t (*clock)(void);
	bool renew;            /*!< Make all signatures anew. */
	signpool_verify_t verify;
	size_t batch;          /*!< Nodes and entries that a version changes at most, SIGN_BATCH or
	                            less; those that changes of the input touch are not counted. */
	const atomic_bool *stop; /*!< Once true, the run fails soon. */
	void (*progress)(void *ctx, size_t done); /*!< Called with the signatures made so far. */
	void *ctx;             /*!< Of progress. */
} sign_args_t;
