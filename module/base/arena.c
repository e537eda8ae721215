/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Bytes got from the system at once, at least: few for the first, twice as many each time. */
#define BLOCK_MIN ((size_t)1 << 12)
#define BLOCK_MAX ((size_t)1 << 20)

struct arena_block {
	arena_block_t *next;
	uint64_t data[]; /* Of this type for its alignment. */
};

static size_t next_block_size(const arena_t *arena)
{
	if (arena->blocks == NULL) {
		return BLOCK_MIN;
	}
	return arena->size < BLOCK_MAX / 2 ? 2 * arena->size : BLOCK_MAX;
}

static void *add_block(arena_t *arena, size_t least)
{
	const size_t next = next_block_size(arena), size = least > next ? least : next;
	arena_block_t *block = malloc(sizeof(*block) + size);
	if (block != NULL) {
		block->next = arena->blocks;
		arena->blocks = block;
		arena->size = size;
		arena->used = 0;
	}
	return block;
}

void *arena_alloc(arena_t *arena, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if ((arena->blocks == NULL || arena->size - arena->used < size) && add_block(arena, size) == NULL) {
		return NULL;
	}
	void *memory = (uint8_t *)arena->blocks->data + arena->used;
	arena->used += size;
	return memory;
}

void *arena_copy(arena_t *arena, const void *data, size_t size)
{
	void *copy = arena_alloc(arena, size);
	if (copy != NULL && size > 0) {
		memcpy(copy, data, size);
	}
	return copy;
}

void arena_free(arena_t *arena)
{
	while (arena->blocks != NULL) {
		arena_block_t *next = arena->blocks->next;
		free(arena->blocks);
		arena->blocks = next;
	}
	memset(arena, 0, sizeof(*arena));
}
