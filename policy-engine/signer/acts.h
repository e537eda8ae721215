/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What persons did by the module's control socket comes into the audit, too: the module
 * keeps it (module/store/acts.h) until the engine has fetched it.
 */
#pragma once

#include "policy-engine/desk/desk.h"

/*!
 * Notes the acts that the audit does not have yet. Main thread, not locked.
 *
 * \param last  Number of the module's last act.
 * \return 1: the audit has them all; 0: the module does not answer; -1: the database failed.
 */
int acts_take(desk_t *desk, int64_t last);
