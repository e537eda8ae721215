/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "control/block.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of memory for one block: enough for the key sets of some 20,000 zones. */
#define BLOCK_MAX (64 * 1024 * 1024)

static int add_unit(block_t *block, const knot_ctl_data_t data)
{
	size_t size = sizeof(block_unit_t);
	for (int i = 0; i < KNOT_CTL_IDX__COUNT; i++) {
		size += data[i] != NULL ? strlen(data[i]) + 1 : 0;
	}
	if (size > BLOCK_MAX - block->size) {
		return KNOT_ESPACE;
	}
	block_unit_t *new = malloc(size);
	if (new == NULL) {
		return KNOT_ENOMEM;
	}

	knot_ctl_data_t copy;
	char *end = new->text;
	for (int i = 0; i < KNOT_CTL_IDX__COUNT; i++) {
		copy[i] = NULL;
		if (data[i] != NULL) {
			copy[i] = end;
			end = stpcpy(end, data[i]) + 1;
		}
	}
	new->unit = ctl_unit_from_data(copy);
	new->next = NULL;

	*(block->first == NULL ? &block->first : &block->last->next) = new;
	block->last = new;
	block->size += size;
	return KNOT_EOK;
}

int block_read(block_t *block, knot_ctl_t *ctl, guard_t *guard)
{
	while (true) {
		knot_ctl_type_t type;
		knot_ctl_data_t data;
		guard_enter(guard);
		int ret = knot_ctl_receive(ctl, &type, &data);
		guard_leave(guard);

		if (ret == KNOT_EOK && type == KNOT_CTL_TYPE_DATA) {
			ret = add_unit(block, data);
		}
		if (ret != KNOT_EOK || type == KNOT_CTL_TYPE_BLOCK) {
			return ret;
		}
		if (type == KNOT_CTL_TYPE_END) {
			return KNOT_EOF;
		}
	}
}

void block_deinit(block_t *block)
{
	while (block->first != NULL) {
		block_unit_t *next = block->first->next;
		free(block->first);
		block->first = next;
	}
}
