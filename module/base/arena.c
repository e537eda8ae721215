/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)1 << 20) /* Bytes got from the system at once, at least. */

struct arena_block {
	arena_block_t *next;
	uint64_t data[]; /* Of this type for its alignment. */
};

static void *add_block(arena_t *arena, size_t size)
{
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
	if (arena->blocks == NULL || arena->size - arena->used < size) {
		if (add_block(arena, size > BLOCK_SIZE ? size : BLOCK_SIZE) == NULL) {
			return NULL;
		}
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
