/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/tsig.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

const knot_tsig_key_t *tsig_find(const tsig_keys_t *keys, const knot_dname_t *name)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (knot_dname_is_case_equal(keys->keys[i].name, name)) {
			return &keys->keys[i];
		}
	}
	return NULL;
}

int tsig_add(tsig_keys_t *keys, const knot_tsig_key_t *key)
{
	if (tsig_find(keys, key->name) != NULL) {
		return KNOT_EOK;
	}
	knot_tsig_key_t *more = calloc(keys->count + 1, sizeof(*more));
	if (more == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = knot_tsig_key_copy(&more[keys->count], key);
	if (ret != KNOT_EOK) {
		free(more);
		return ret;
	}
	if (keys->count > 0) {
		memcpy(more, keys->keys, keys->count * sizeof(*more));
	}
	free(keys->keys);
	keys->keys = more;
	keys->count++;
	return KNOT_EOK;
}

void tsig_deinit(tsig_keys_t *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		knot_tsig_key_deinit(&keys->keys[i]);
	}
	free(keys->keys);
	memset(keys, 0, sizeof(*keys));
}
