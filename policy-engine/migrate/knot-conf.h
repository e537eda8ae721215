/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writes knot.conf: a template for each policy and form of adapters, zones, remotes, keys, ACLs.
 */
#pragma once

#include "policy-engine/migrate/layout.h"
#include "policy-engine/migrate/places.h"

/*! Writes it; the caller sees whether that failed. */
void knot_conf_write(FILE *out, const layout_t *layout, const places_t *places);
