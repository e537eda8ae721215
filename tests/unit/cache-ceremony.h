/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone of cache-world.h whose KSK is offline.
 *
 * Ceremonies are held early, late, and wrongly. What they make has real signatures; the engine's own code says
 * what is asked for, which response is taken, and which bundle is published when.
 */
#pragma once

#include "tests/unit/cache-run.h"

typedef struct ceremony ceremony_t;

/*! Opens a database for one zone after the other, and makes the key pairs that all have. */
ceremony_t *ceremony_open(void);

void ceremony_close(ceremony_t *c);

/*!
 * Has a zone live for some years with a seed.
 *
 * With every second seed nobody is late, and what was signed well ahead may never end in a cache; with the
 * others whatever can be late is, and keys come and go as validly as ever.
 *
 * \return What was wrong; "" = all was well.
 */
const char *ceremony_years(ceremony_t *c, uint64_t seed);

/*! Tells how many responses were taken, and refused, in all. */
void ceremony_count(const ceremony_t *c, unsigned *taken, unsigned *refused);
