/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Memory that is freed all at once, at the end of a piece of work.
 */
#pragma once

#include <stddef.h>

typedef struct arena_block arena_block_t;

/*! All zero at first. For one thread at a time. */
typedef struct {
	arena_block_t *blocks; /*!< Newest first. */
	size_t used, size;     /*!< Bytes of the newest block. */
} arena_t;

/*! \return Memory aligned to eight bytes, not cleared; NULL if out of memory. */
void *arena_alloc(arena_t *arena, size_t size);

/*! \return A copy in the arena; NULL if out of memory. */
void *arena_copy(arena_t *arena, const void *data, size_t size);

/*! Frees everything. The arena can be used again. */
void arena_free(arena_t *arena);
