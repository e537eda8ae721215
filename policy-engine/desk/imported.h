/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether kasp.xml has changed the policy of a zone since it was imported, and as long as it is frozen.
 */
#pragma once

#include "policy-engine/desk/desk.h"

/*!
 * Compares the forms of the policy, see policy_form(). Under the desk's lock.
 *
 * \param text  Set, if it is not NULL, to how it was and is, in words, if it has changed; to be freed by free(); NULL
 *              if out of memory.
 * \return 1 if it has changed; 0 if not, and if the zone is not frozen since an import; -1 if the database failed.
 */
int imported_changed(const desk_t *desk, const char *zone, char **text);
