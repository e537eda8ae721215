/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writes scripts for sh.
 */
#pragma once

#include "policy-engine/migrate/layout.h"
#include "policy-engine/migrate/places.h"

/*! Writes the commands, for root, by which the servers' user may read and write what it has to. */
void scripts_write_permissions(FILE *out, const opendnssec_t *from, const layout_t *layout,
                       const places_t *places);

/*! Writes a check of each zone's file. */
void scripts_write_checks(FILE *out, const layout_t *layout);

/*! Writes a text as one word of sh. */
void scripts_write_quoted(FILE *out, const char *text);
