/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Parses a zone file, and those that it includes, with libzscanner.
 */
#pragma once

#include "module/input/contents.h"

/*!
 * Takes the records of a file, and of those that it includes, into contents.
 *
 * \param path  As it is contents' origin.
 * \param err   Reason, unless it is in contents' report.
 * \return KNOT_EOK (errors of the contents are in the report), or as bytes_read()
 */
int parse_file(const char *path, const knot_dname_t *apex, contents_t *contents, char *err,
               size_t err_size);
