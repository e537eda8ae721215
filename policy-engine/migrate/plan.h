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

/* What it has in common with that of a BIND: */

/*! \return How many zones move. */
size_t plan_count(const layout_t *layout);

/*! Writes the zones that move, and those that do not. */
void plan_write_zones(FILE *out, const layout_t *layout);

/*! Writes them below a head, if there are any. */
void plan_write_notes(FILE *out, const char *head, const notes_t *notes);

/*! Writes what secondaries have to do. */
void plan_write_secondaries(FILE *out, const layout_t *layout, const places_t *places);
