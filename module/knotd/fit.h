/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether knotd is the one that the module was made for.
 *
 * Minor versions of Knot differ in what a module shares with knotd, but not always in the number
 * of their ABI: 3.4 and 3.5 have the same. Each has a libknot of its own, though.
 */
#pragma once

#include <stdbool.h>

/*!
 * Looks which libknot knotd uses. Called while the module is being loaded, before knotd looks at
 * anything in it.
 *
 * \return Whether it is the module's own; if not, standard error says what to do.
 */
bool fit_check(void);
