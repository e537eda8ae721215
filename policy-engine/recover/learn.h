/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Zones of which the module has a newer key set than the database: the engine learns their
 * keys from there.
 *
 * The database was lost, or it is an older copy. Until a zone is learnt, the engine gives it no
 * keys, and sends nothing.
 */
#pragma once

#include "policy-engine/desk/desk.h"

/*! Main thread only. */
typedef struct {
	desk_t *desk;
	bool distrusted; /*!< The database is known to be an older copy: db_keys_distrust(). */
} learn_t;

/*!
 * Learns zones that are due, for about a second. Main thread, not locked.
 *
 * \param more  Set if the next round should follow at once; left alone otherwise.
 * \return 0, or -1 if the database failed.
 */
int learn_pass(learn_t *learn, int64_t now, bool *more);
