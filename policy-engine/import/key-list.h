/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reads lists of keys in JSON: those of Knot's keymgr, and those of PowerDNS's API.
 *
 * Knot's has times at which a key began to be used in some way, PowerDNS's whether it is active, and published. No
 * times say what caches know: keymgr can set any.
 */
#pragma once

#include "policy-engine/import/ods-db.h"
#include "policy-engine/import/source.h"

/*! Reads what "keymgr --json ZONE list" has printed, of Knot 3.2 and later; as source_kind_t has it. */
int key_list_read_knot(const source_t *source, ods_db_t *db, char *err, size_t err_size);

/*! Reads ".../zones/ZONE/cryptokeys" of the API of PowerDNS 4, which does not say its zone: source has to. As
 *  source_kind_t has it. */
int key_list_read_powerdns(const source_t *source, ods_db_t *db, char *err, size_t err_size);
