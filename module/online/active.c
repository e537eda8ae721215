/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/online/active.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

/*! What the id is made of. */
typedef struct {
	uint8_t *data;
	size_t len, size;
} bytes_t;

/*! Adds to what fits; the caller sees by the length whether all did. */
static void add(bytes_t *bytes, const void *data, size_t len)
{
	if (bytes->len + len <= bytes->size) {
		memcpy(bytes->data + bytes->len, data, len);
	}
	bytes->len += len;
}

/*! Adds all by which one signature differs from another of the same RRset. */
static void describe(const active_t *active, bytes_t *bytes)
{
	const keyset_t *set = &active->ring->set;
	const uint32_t times[] = {
		set->refresh, set->validity_default, set->validity_denial, set->jitter,
		set->inception_offset,
	};
	add(bytes, active->zone, knot_dname_size(active->zone));
	add(bytes, times, sizeof(times));
	for (size_t i = 0; i < active->count; i++) {
		const keyset_key_t *key = active->keys[i]->info;
		const uint32_t head[] = { key->algorithm, key->role == KEYSET_ZSK, key->public_key_len };
		add(bytes, head, sizeof(head));
		add(bytes, key->public_key, key->public_key_len);
	}
}

static int make_id(active_t *active, const siphash_key_t secret[2])
{
	bytes_t bytes = { .data = NULL };
	describe(active, &bytes);
	bytes = (bytes_t) { .data = malloc(bytes.len), .size = bytes.len };
	if (bytes.data == NULL) {
		return KNOT_ENOMEM;
	}
	describe(active, &bytes);
	const uint64_t id[] = {
		siphash(secret[0], bytes.data, bytes.len), siphash(secret[1], bytes.data, bytes.len)
	};
	memcpy(active->id, id, sizeof(active->id));
	free(bytes.data);
	return KNOT_EOK;
}

active_t *active_new(const knot_dname_t *zone, keyring_t *ring, tokens_t *tokens,
                     signpool_verify_t verify, const siphash_key_t secret[2])
{
	active_t *active = calloc(1, sizeof(*active));
	if (active == NULL) {
		return NULL;
	}
	atomic_init(&active->users, 1);
	active->ring = keyring_use(ring);
	active->tokens = tokens_use(tokens);
	active->verify = verify;
	active->series = signpool_series(tokens->pool);
	atomic_init(&active->wrong, signpool_wrong(tokens->pool));
	active->zone = knot_dname_copy(zone, NULL);
	active->keys = calloc(ring->set.key_count + 1, sizeof(active->keys[0]));
	if (active->zone == NULL || active->keys == NULL) {
		active_leave(active);
		return NULL;
	}
	for (size_t i = 0; i < ring->set.key_count && !ring->set.passthrough; i++) {
		if (ring->keys[i].info->sign_zone) {
			active->keys[active->count++] = &ring->keys[i];
		}
	}
	if (make_id(active, secret) != KNOT_EOK) {
		active_leave(active);
		return NULL;
	}
	return active;
}

void active_leave(active_t *active)
{
	if (atomic_fetch_sub(&active->users, 1) == 1) {
		keyring_free(active->ring);
		knot_dname_free(active->zone, NULL);
		free(active->keys);
		tokens_leave(active->tokens);
		free(active);
	}
}
