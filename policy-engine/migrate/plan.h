/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writes the plan: what moves, what does not and why, what is to be done, in plain words.
 */
#pragma once

#include "policy-engine/migrate/layout.h"
#include "policy-engine/migrate/places.h"

/*! \param unused  Elements that are not taken, as files_note_unused() has them. */
void plan_write(FILE *out, const opendnssec_t *from, const layout_t *layout, const notes_t *unused,
                const places_t *places);
