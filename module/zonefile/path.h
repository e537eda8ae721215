/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Where a zone's file is.
 */
#pragma once

#include <libknot/dname.h>

/*!
 * Tells where knotd would look for a zone's file: knot.conf's "file" with its formatters (%s, %c,
 * %l, %%; default "%s.zone"), under "storage" if relative.
 *
 * \param file     Value of the item, NULL if unset.
 * \param storage  Value of the item.
 * \return Path to be freed by free(); NULL if out of memory or file is malformed.
 */
char *zonefile_path(const char *file, const char *storage, const knot_dname_t *zone);
