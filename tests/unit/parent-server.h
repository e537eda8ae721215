/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Two knotds, 0 and 1, at 127.0.0.1 and 127.0.0.2, that serve the zone "net.", of which
 * both are name servers.
 */
#pragma once

#include <stdint.h>

/*! Makes a directory, and finds a port; starts no server yet. A fixture. */
void parents_start(void);

/*! Ends all, and removes the directory. A fixture. */
void parents_end(void);

/*! Starts one with these records, too: one a line, "example" is delegated already. */
void parent_serve(int i, const char *records);

/*! Has one serve this zone file as "example.net.", too, when it is started next; NULL = not. Borrowed. */
void parent_child(int i, const char *zone);

void parent_end(int i);

const char *parents_dir(void);
const char *parent_address(int i); /*!< ADDRESS@PORT. */
uint16_t parent_port(void);
