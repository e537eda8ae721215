/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Puts a saved copy of the database in its place: ods restore. The engine is stopped
 * meanwhile.
 *
 * What is newer in the module than in the copy is learnt when the engine starts: learn.h.
 */
#pragma once

#include "policy-engine/policy/conf.h"

#define RESTORE_TEXT_MAX 1024

/*! A copy that was checked, and waits beside the database. */
typedef struct {
	const engine_conf_t *conf;
	char *fresh; /*!< Path of the copy. */
	size_t zones;
	size_t pairs;   /*!< Key pairs of zones that are in their tokens. */
	size_t missing; /*!< Those that are not: the zones may have got others since, or the token
	                     is not the one. */
	char first[RESTORE_TEXT_MAX]; /*!< Which is the first that is missing, and why. */
} restore_t;

/*!
 * Checks a saved copy: that it can be read, and that the tokens have its key pairs. It is refused
 * if they have none of them.
 *
 * \param folder  As save.h makes it.
 * \param err     Why it is refused, and what to do; RESTORE_TEXT_MAX bytes.
 * \return 0; -1 and err.
 */
int restore_check(restore_t *restore, const engine_conf_t *conf, const char *folder, char *err);

/*!
 * Puts the copy in the place of the database, which is kept beside it.
 *
 * \param kept  Path of the former database; "" = there was none. RESTORE_TEXT_MAX bytes.
 * \return 0; -1 and err.
 */
int restore_put(restore_t *restore, char *kept, char *err);

/*! Removes a copy that was not put in place. */
void restore_deinit(restore_t *restore);
