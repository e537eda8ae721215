/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "control/block.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of memory for one block: enough for the key sets of some 5,000 zones. */
#define BLOCK_MAX (16 * 1024 * 1024)

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

/* Where the items of the unit at hand are put together: memory for as much as there was of each. */
typedef struct {
	char *text[KNOT_CTL_IDX__COUNT];
	knot_ctl_data_t data;
} scratch_t;

static int read_item(scratch_t *scratch, unsigned index, wire_t *wire)
{
	uint8_t len[2];
	if (index >= KNOT_CTL_IDX__COUNT) {
		return KNOT_EMALF;
	}
	int ret = wire_read(wire, len, sizeof(len));
	if (ret != KNOT_EOK) {
		return ret;
	}
	const size_t size = (size_t)len[0] << 8 | len[1];
	char *text = realloc(scratch->text[index], size + 1);
	if (text == NULL) {
		return KNOT_ENOMEM;
	}
	scratch->text[index] = text;
	ret = wire_read(wire, text, size);
	text[ret == KNOT_EOK ? size : 0] = '\0';
	scratch->data[index] = text;
	return ret;
}

/* Reads a unit's items, and the code that ends them. */
static int read_items(scratch_t *scratch, wire_t *wire, uint8_t *next)
{
	memset(scratch->data, 0, sizeof(scratch->data));
	int ret;
	while ((ret = wire_read(wire, next, 1)) == KNOT_EOK && *next >= WIRE_ITEM) {
		ret = read_item(scratch, *next - WIRE_ITEM, wire);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return ret;
}

static int read_units(block_t *block, wire_t *wire, scratch_t *scratch)
{
	uint8_t code;
	int ret = wire_read(wire, &code, 1);
	while (ret == KNOT_EOK && (code == WIRE_DATA || code == WIRE_EXTRA)) {
		const bool is_data = code == WIRE_DATA;
		ret = read_items(scratch, wire, &code);
		if (ret == KNOT_EOK && is_data) {
			ret = add_unit(block, scratch->data);
		}
	}
	if (ret != KNOT_EOK || code == WIRE_BLOCK) {
		return ret;
	}
	return code == WIRE_END ? KNOT_EOF : KNOT_EMALF;
}

int block_read(block_t *block, wire_t *wire)
{
	scratch_t scratch = { .text = { NULL } };
	const int ret = read_units(block, wire, &scratch);
	for (int i = 0; i < KNOT_CTL_IDX__COUNT; i++) {
		free(scratch.text[i]);
	}
	return ret;
}

void block_deinit(block_t *block)
{
	while (block->first != NULL) {
		block_unit_t *next = block->first->next;
		free(block->first);
		block->first = next;
	}
}
