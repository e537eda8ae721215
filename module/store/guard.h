/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Keeps the process alive when the file behind a memory map is cut, or its disk fails.
 *
 * A read of the map then raises SIGBUS, which would end knotd with all of its zones. Instead the
 * rest of the map reads as zeros from then on, and the map counts as lost: nothing that was read
 * meanwhile may be used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*! A place in the table of guarded maps. */
typedef struct guard guard_t;

/*!
 * Guards the map that the process has just made of a file.
 *
 * \param name  End of the file's path.
 * \param size  Bytes of the map.
 * \return 0, or an errno: ENOENT (no such map), ENOSPC (too many maps)
 */
int guard_add(guard_t **guard, const char *name, size_t size);

/*! Before the map goes away. NULL is allowed. */
void guard_remove(guard_t *guard);

/*! \return Whether a part of the file could not be read. From any thread. NULL: no. */
bool guard_lost(const guard_t *guard);
