/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether OpenDNSSEC's daemons still run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*!
 * Looks for a process of the enforcer, or of the signer.
 *
 * One counts if it has the database open, or works in the signer's directory; so does one of which
 * that cannot be seen.
 *
 * \param who  Its name and number, if there is one.
 */
bool ods_is_running(const char *database, const char *signer_dir, char *who, size_t who_size);
