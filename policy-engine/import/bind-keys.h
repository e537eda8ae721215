/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reads a key-directory of BIND: K*.key, and K*.state of dnssec-policy.
 *
 * A K*.state has the four records of a key, in the states that the engine has, too: BIND's are of OpenDNSSEC's
 * kind. Of a key without one its times in K*.key say what BIND does with it, and not what caches know.
 * K*.private is not read.
 */
#pragma once

#include "policy-engine/import/ods-db.h"
#include "policy-engine/import/source.h"

/*! As source_kind_t has it. A file that is half or wrong is a fault of its zone. */
int bind_keys_read(const source_t *source, ods_db_t *db, char *err, size_t err_size);
