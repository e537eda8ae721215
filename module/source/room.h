/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether knotd has room for what a change makes of the signed zone: an estimate. One that
 * is too low does no harm, since knotd then refuses the version; one that is too high would refuse
 *        changes that fit.
 */
#pragma once

#include "module/input/edit.h"
#include "module/store/state.h"

/*!
 * \param growth  What the change adds to the input.
 * \param room    Bytes that knot.conf allows.
 * \return Whether the change makes the zone larger, and surely too large
 */
bool room_lacks(const state_t *state, const knot_dname_t *zone, const edit_growth_t *growth,
                size_t room);
