/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The way from BIND to here: policies, knot.conf, and a plan.
 *
 * named is asked for the zones, as it serves them; nothing of it is changed.
 */
#pragma once

#include "policy-engine/migrate/plan-bind.h"

/*!
 * Makes it. What is wrong is printed to standard error.
 *
 * \param moving  How many zones move.
 * \param total   Of how many that are signed.
 * \return 0; -1: nothing, or not all, was made.
 */
int from_bind_run(const from_bind_t *what, size_t *moving, size_t *total);
