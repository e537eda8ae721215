/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks the module for the key sets that it has. Any thread; waits for the module.
 */
#pragma once

#include <stddef.h>

#define QUERY_MAX 32 /*!< Zones in one call; other clients of the module wait meanwhile. */

/*! A zone's key set in the module. */
typedef struct {
	const char *zone; /*!< As zone_name_canonical() makes it. Borrowed. */
	char *text;       /*!< The key set; NULL = the module gave none. To be freed. */
	char *problem;    /*!< Why; NULL = it says nothing. To be freed. */
} query_keyset_t;

/*!
 * Asks for the key sets of some zones.
 *
 * \param path   The module's socket.
 * \param sets   text and problem are filled.
 * \param count  1 to QUERY_MAX.
 * \param err    Why the module could not be asked.
 * \return 0, or -1.
 */
int query_keysets(const char *path, query_keyset_t *sets, size_t count, char *err, size_t err_size);

/*! Frees text and problem of all. */
void query_keysets_deinit(query_keyset_t *sets, size_t count);
