/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Recovers zones whose database and key set are lost, or too old: ods recover.
 */
#pragma once

#include "policy-engine/recover/judge.h"

/*! Gets a line about a zone; valid during the call. */
typedef void (*recover_say_f)(void *ctx, const char *zone, const char *what, const char *text);

/*! What is to be recovered. All is borrowed. */
typedef struct {
	desk_t *desk;
	const asker_t *asker;
	const char *zone;  /*!< As zone_name_canonical() makes it; NULL = all that need it. */
	bool plan;         /*!< Only say what would be done. */
	recover_say_f say; /*!< Called in the caller's thread. */
	void *ctx;
} recover_t;

/*!
 * Recovers zones, each in a transaction of its own. Any thread, not locked.
 *
 * \param err  Why nothing was done.
 * \return How many zones were recovered, or would be; -1 and err.
 */
int recover_run(const recover_t *what, char *err, size_t err_size);
