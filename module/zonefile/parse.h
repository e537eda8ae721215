/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Parses a zone file, and those that it includes.
 */
#pragma once

#include "module/input/contents.h"
#include "module/zonefile/folders.h"

/*! A file to be read; all is borrowed. */
typedef struct {
	const char *path;          /*!< Absolute; relative $INCLUDE counts from its folder, when
	                                links are followed. */
	const knot_dname_t *apex;  /*!< Zone name, lower case. */
	const folders_t *folders;  /*!< Where it, and what it includes, may be beside its own
	                                folder. NULL: nowhere. */
	size_t size_max;           /*!< Bytes that the zone may have, as contents_size(). */
	bool all;                  /*!< Log all warnings, and each error; there has to be a log. */
	log_t *log;                /*!< For warnings (at most 20 a file, then how many more). May be
	                                NULL. */
} zonefile_args_t;

/*!
 * Takes the records of a file, and of those that it includes, into contents.
 *
 * \param args      The path is contents' origin.
 * \param err       Reason, unless it is in contents' report.
 * \return KNOT_EOK (errors of the contents are in the report), or as zonefile_read()
 */
int parse_file(const zonefile_args_t *args, contents_t *contents, char *err, size_t err_size);
