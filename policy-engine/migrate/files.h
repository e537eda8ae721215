/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writes conf.xml and kasp.xml: what of OpenDNSSEC's is taken, with paths and sockets of our own.
 */
#pragma once

#include "policy-engine/migrate/opendnssec.h"
#include "policy-engine/migrate/places.h"

/*! Notes each element of conf.xml that is not taken, and why. */
void files_note_unused(const opendnssec_t *from, notes_t *notes);

/*! Writes conf.xml, which may have PINs. */
void files_write_conf(FILE *out, const opendnssec_t *from, const places_t *places);

/*! Writes kasp.xml: theirs, without the policies that are wrong. */
void files_write_kasp(FILE *out, const opendnssec_t *from);
