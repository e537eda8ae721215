/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a key set in the module says of a zone, in the engine's terms: a pure function.
 *
 * The key set has the engine's memory (zone/memory.h). What memory does not say is taken so that no
 * state is further than is certain: the states of the key set hold, and each wait begins anew when
 * the module says what is public.
 */
#pragma once

#include "keyset/keyset.h"
#include "policy-engine/recover/rebuilt.h"

/*!
 * Makes the zone that a key set is of.
 *
 * \param set     Borrowed by the result.
 * \param policy  Of the zone.
 * \param out     Its keys are to be freed; its digest is left alone.
 * \param whole   Set to whether memory says all of it.
 * \param why     Why the key set cannot be used; REBUILT_WHY_MAX bytes.
 * \return 0, or -1 and why.
 */
int remember(const keyset_t *set, const policy_t *policy, int64_t now, rebuilt_t *out, bool *whole,
             char *why);
