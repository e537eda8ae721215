/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Parses a zone file, and those that it includes, with libzscanner.
 */
#pragma once

#include "module/zonefile/zonefile.h"

/*!
 * Takes the records of a file, and of those that it includes, into contents.
 *
 * \param args      The path is contents' origin.
 * \param err       Reason, unless it is in contents' report.
 * \return KNOT_EOK (errors of the contents are in the report), or as zonefile_read()
 */
int parse_file(const zonefile_args_t *args, contents_t *contents, char *err, size_t err_size);
