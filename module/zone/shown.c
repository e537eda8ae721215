/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zone/shown.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

void shown_deinit(shown_t *shown)
{
	free(shown->keys);
	memset(shown, 0, sizeof(*shown));
}

/*! All bytes are set, so that they can be compared. \param keys  Not copied. */
static void fill(shown_t *shown, const state_t *state, state_key_t *keys)
{
	memset(shown, 0, sizeof(*shown));
	shown->in = state->in;
	shown->serial = state->serial;
	shown->version = state->version;
	shown->revision = state->revision;
	shown->signed_at = state->signed_at;
	shown->taken_serial = state->taken_serial;
	shown->taken_expires = state->taken_expires;
	shown->taken_at = state->taken_at;
	shown->taken_revision = state->taken_revision;
	shown->revision_since = state->revision_since;
	shown->max_ttl = state->max_ttl;
	shown->bytes = state_bytes(state);
	shown->key_count = state->key_count;
	shown->keys = keys;
}

bool shown_is(const shown_t *shown, const state_t *state)
{
	shown_t other;
	fill(&other, state, shown->keys);
	return memcmp(&other, shown, sizeof(other)) == 0 &&
	       (other.key_count == 0 ||
	        memcmp(other.keys, state->keys, other.key_count * sizeof(*other.keys)) == 0);
}

int shown_set(shown_t *shown, const state_t *state)
{
	state_key_t *keys = NULL;
	if (state->key_count > 0) {
		keys = malloc(state->key_count * sizeof(*keys));
		if (keys == NULL) {
			return KNOT_ENOMEM;
		}
		memcpy(keys, state->keys, state->key_count * sizeof(*keys));
	}
	free(shown->keys);
	fill(shown, state, keys);
	return KNOT_EOK;
}
