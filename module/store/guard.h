/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Keeps the process alive when the file behind a memory map is cut or written over, or its
 * disk fails.
 *
 * A read of the map then raises SIGBUS, or LMDB finds what cannot be and aborts; either would end
 * knotd with all of its zones. Instead the rest of a map that was cut reads as zeros from then on,
 * what LMDB was doing fails, and the map counts as lost: nothing that was read meanwhile may be
 * used.
 */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

#include <lmdb.h>

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

/*! Where a thread goes on if LMDB gives up. */
typedef struct guard_way {
	jmp_buf at;
	struct guard_way *before;  /*!< Of a call around this one. */
} guard_way_t;

/*! For mdb_env_set_assert(): leads the thread to its way. */
void guard_give_up(MDB_env *env, const char *what);

/*! For guarded(): the thread's way begins, and ends. */
void guard_enter(guard_way_t *way);
void guard_leave(guard_way_t *way);

/*! Sees from what LMDB returns whether the map is lost. \param guard  May be NULL. \return ret */
int guard_note(guard_t *guard, int ret);

/*! Calls a function of LMDB. \return What it does, MDB_CORRUPTED if it gives up. */
#define guarded(guard, call) __extension__({ \
	guard_way_t guarded_way; \
	int guarded_ret; \
	guard_enter(&guarded_way); \
	if (setjmp(guarded_way.at) == 0) { \
		guarded_ret = (call); \
	} else { \
		guarded_ret = MDB_CORRUPTED; \
	} \
	guard_leave(&guarded_way); \
	guard_note(guard, guarded_ret); \
})

/*! \return Whether a part of the file could not be read. From any thread. NULL: no. */
bool guard_lost(const guard_t *guard);
