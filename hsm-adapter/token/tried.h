/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What was last tried with a token, when, and what came of it.
 *
 * It has a lock of its own, which nobody holds while a token works: it tells of a token that hangs,
 * too. All functions are called from any thread.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "hsm-adapter/hsm.h"

typedef struct {
	pthread_mutex_t lock;
	unsigned open;           /*!< Calls that have not come to their end. */
	int64_t progress;        /*!< When the first of them began, or the last of all ended; Unix
	                              seconds. */
	int64_t when;            /*!< When the last one ended; 0 = none has. */
	bool signed_last;        /*!< That one was to sign. */
	int code;                /*!< What came of it. */
	hsm_error_t err;         /*!< Why, unless it is HSM_EOK. */
} tried_t;

void tried_init(tried_t *tried);
void tried_deinit(tried_t *tried);

/*! A call to the token begins. */
void tried_begin(tried_t *tried);

/*!
 * It ends.
 * \param code  Of hsm-adapter/error.h; what says nothing of the token itself counts as an answer.
 * \param err   Why; NULL: not known.
 */
void tried_end(tried_t *tried, bool to_sign, int code, const hsm_error_t *err);

/*! Copies all but the repository. */
void tried_read(tried_t *tried, hsm_last_t *last);
