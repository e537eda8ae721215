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
 * An enforcer counts if it has the database open, a signer if it works in the signer's directory. A
 * process counts, too, if it cannot be seen whether that is so.
 *
 * \param who  Name and process number, if one runs.
 * \return Whether one runs.
 */
bool ods_is_running(const char *database, const char *signer_dir, char *who, size_t who_size);
