/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The storage folder before LMDB opens what is in it: made, locked, and made safe to map.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FOLDER_DATA "data.mdb" /*!< LMDB's file in the folder. */

/*! A storage folder that this process has for itself. */
typedef struct {
	int lock_fd;  /*!< Of the lock; -1: none. The lock goes with the descriptor. */
	bool fresh;   /*!< There was no store in it. */
	bool unclean; /*!< The process that had it before has not given it back. */
} folder_t;

/*!
 * Makes the folder (mode 0770) if it is missing, takes its lock, and prepares the file of LMDB's
 * readers.
 *
 * \param err  Path, reason, remedy.
 * \return 0, or an errno: EBUSY (another process has the folder), EILSEQ (data.mdb is empty),
 * ENOSPC
 */
int folder_take(folder_t *folder, const char *path, char *err, size_t err_size);

/*! \return What to do about an errno of the folder, to go behind its text; "" = nothing is known. */
const char *folder_remedy(int code);

/*!
 * Gives the folder back.
 * \param failed  The store could not be opened: one that was begun is removed.
 */
void folder_leave(folder_t *folder, const char *path, bool failed);
