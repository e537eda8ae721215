/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/state.h"

#include <stddef.h>
#include <string.h>

#include <libknot/errcode.h>

/* The stored form is the struct, as this machine has it in memory. A zone whose record has another
 * number, or another size, is signed anew: so STATE_FORM changes when a field moves or means something
 * else, and the asserts below hold fields where they are until it does. */

typedef struct {
	uint32_t form;
	state_t state;
} stored_t;

typedef struct {
	uint32_t form, id;
	state_input_t in;
} stored_input_t;

/* Where 64-bit numbers are aligned to less, as on i386, the offsets are others. */
struct alignment { char octet; uint64_t number; };
#define OTHERWISE (offsetof(struct alignment, number) != 8)

#define IS_AT(type, field, at) \
	_Static_assert(OTHERWISE || offsetof(type, field) == (at), "a stored field has moved")
#define HAS_SIZE(type, size) \
	_Static_assert(OTHERWISE || sizeof(type) == (size), "a stored struct has another size")

IS_AT(state_file_t, mtime_ns, 0);
IS_AT(state_file_t, size, 8);
IS_AT(state_file_t, inode, 16);
IS_AT(state_file_t, device, 24);
HAS_SIZE(state_file_t, 32);

IS_AT(state_key_t, signatures, 0);
IS_AT(state_key_t, chained, 8);
IS_AT(state_key_t, next, 16);
IS_AT(state_key_t, next_chained, 24);
IS_AT(state_key_t, last_gone, 32);
IS_AT(state_key_t, last_gone_serial, 40);
IS_AT(state_key_t, keytag, 44);
IS_AT(state_key_t, algorithm, 46);
HAS_SIZE(state_key_t, 48);

IS_AT(state_input_t, file, 0);
IS_AT(state_input_t, nodes, 32);
IS_AT(state_input_t, next_nodes, 36);
IS_AT(state_input_t, count, 40);
IS_AT(state_input_t, whole, 48);
IS_AT(state_input_t, names, 56);
IS_AT(state_input_t, updates, 64);
IS_AT(state_input_t, serial, 72);
IS_AT(state_input_t, refresh, 76);
IS_AT(state_input_t, retry, 80);
IS_AT(state_input_t, expire, 84);
IS_AT(state_input_t, checked_at, 88);
IS_AT(state_input_t, from_primary, 96);
HAS_SIZE(state_input_t, 104);

IS_AT(state_chain_t, id, 0);
IS_AT(state_chain_t, nsec3, 4);
IS_AT(state_chain_t, optout, 5);
IS_AT(state_chain_t, iterations, 6);
IS_AT(state_chain_t, salt_len, 8);
IS_AT(state_chain_t, salt, 9);
HAS_SIZE(state_chain_t, 264);

IS_AT(state_part_t, bytes, 0);
IS_AT(state_part_t, queued, 8);
HAS_SIZE(state_part_t, 16);

IS_AT(state_size_t, nodes, 0);
IS_AT(state_size_t, chain, 16);
HAS_SIZE(state_size_t, 32);

IS_AT(state_walk_t, phase, 0);
IS_AT(state_walk_t, renew, 4);
IS_AT(state_walk_t, revision, 8);
IS_AT(state_walk_t, whole, 16);
IS_AT(state_walk_t, max_ttl, 24);
IS_AT(state_walk_t, place_len, 28);
IS_AT(state_walk_t, place, 30);
HAS_SIZE(state_walk_t, 536);

IS_AT(state_t, id, 0);
IS_AT(state_t, in, 8);
IS_AT(state_t, signed_input, 112);
IS_AT(state_t, serial, 120);
IS_AT(state_t, version, 128);
IS_AT(state_t, revision, 136);
IS_AT(state_t, signed_at, 144);
IS_AT(state_t, taken_serial, 152);
IS_AT(state_t, taken_expires, 156);
IS_AT(state_t, taken_at, 160);
IS_AT(state_t, taken_revision, 168);
IS_AT(state_t, revision_since, 176);
IS_AT(state_t, refreshed_at, 184);
IS_AT(state_t, max_ttl, 192);
IS_AT(state_t, low_ttl, 196);
IS_AT(state_t, low_ttl_at, 200);
IS_AT(state_t, passthrough, 208);
IS_AT(state_t, algorithms, 212);
IS_AT(state_t, nodes, 216);
IS_AT(state_t, chain, 220);
IS_AT(state_t, size, 488);
IS_AT(state_t, journal_bytes, 520);
IS_AT(state_t, next_nodes, 528);
IS_AT(state_t, next_chain, 532);
IS_AT(state_t, next_size, 800);
IS_AT(state_t, sign_all, 832);
IS_AT(state_t, walk, 840);
IS_AT(state_t, doomed, 1376);
IS_AT(state_t, key_count, 1408);
IS_AT(state_t, signed_doubt, 1412);
IS_AT(state_t, keys, 1416);
HAS_SIZE(state_t, 2952);

IS_AT(stored_t, state, 8);
HAS_SIZE(stored_t, 2960);
IS_AT(stored_input_t, in, 8);
HAS_SIZE(stored_input_t, 112);

void state_file_set(state_file_t *file, const struct stat *st)
{
	memset(file, 0, sizeof(*file));
	file->mtime_ns = st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
	file->size = st->st_size;
	file->inode = st->st_ino;
	file->device = st->st_dev;
}

/*! \return Whether it is one; any other byte is none, and must not be read as such. */
static bool is_bool(const bool *value)
{
	uint8_t byte;
	memcpy(&byte, value, sizeof(byte));
	return byte <= 1;
}

static bool is_sound_chain(const state_chain_t *chain)
{
	return is_bool(&chain->nsec3) && is_bool(&chain->optout);
}

/*! \return Whether it can be what was stored; a damaged one counts as one of another form. */
static bool is_sound(const state_t *state)
{
	return state->key_count <= STATE_KEYS && state->walk.place_len <= STATE_PLACE_MAX &&
	       state->walk.phase <= STATE_WALK_LAST && is_bool(&state->walk.renew) &&
	       is_bool(&state->passthrough) && is_bool(&state->sign_all) &&
	       is_sound_chain(&state->chain) && is_sound_chain(&state->next_chain);
}

int state_reload_input(store_txn_t *txn, const knot_dname_t *zone, state_t *state)
{
	const void *data = NULL;
	size_t len = 0;
	int ret = store_get(txn, STORE_SOURCE, zone, &data, &len);
	stored_input_t stored;
	if (ret == KNOT_EOK && len == sizeof(stored)) {
		memcpy(&stored, data, sizeof(stored));
		if (stored.form == STATE_FORM && is_bool(&stored.in.from_primary)) {
			state->id = stored.id;
			state->in = stored.in;
		}
	}
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

int state_load(store_txn_t *txn, const knot_dname_t *zone, state_t *state)
{
	const void *data = NULL;
	size_t len = 0;
	memset(state, 0, sizeof(*state));
	int ret = state_reload_input(txn, zone, state);
	if (ret == KNOT_EOK) {
		ret = store_get(txn, STORE_STATE, zone, &data, &len);
	}
	if (ret != KNOT_EOK) {
		return ret == KNOT_ENOENT ? KNOT_EOK : ret;
	}
	stored_t stored;
	if (len == sizeof(stored)) {
		memcpy(&stored, data, sizeof(stored));
		if (stored.form == STATE_FORM && stored.state.id == state->id &&
		    is_sound(&stored.state)) {
			stored.state.in = state->in;
			*state = stored.state;
		}
	}
	return KNOT_EOK;
}

int state_read(store_t *store, const knot_dname_t *zone, state_t *state)
{
	store_txn_t txn;
	int ret = store_read(store, &txn);
	if (ret == KNOT_EOK) {
		ret = state_load(&txn, zone, state);
		store_abort(&txn);
	}
	return ret;
}

/*! Gives a new zone its id; the writer of the other record may have done so meanwhile. */
static int need_id(store_txn_t *txn, const knot_dname_t *zone, state_t *state)
{
	if (state->id != 0) {
		return KNOT_EOK;
	}
	int ret = state_reload_input(txn, zone, state);
	if (ret != KNOT_EOK || state->id != 0) {
		return ret;
	}
	ret = store_new_id(txn, &state->id);
	return ret == KNOT_EOK ? state_save_input(txn, zone, state) : ret;
}

int state_save(store_txn_t *txn, const knot_dname_t *zone, state_t *state)
{
	int ret = need_id(txn, zone, state);
	if (ret != KNOT_EOK) {
		return ret;
	}
	stored_t stored;
	memset(&stored, 0, sizeof(stored));
	stored.form = STATE_FORM;
	stored.state = *state;
	return store_set(txn, STORE_STATE, zone, &stored, sizeof(stored));
}

int state_save_input(store_txn_t *txn, const knot_dname_t *zone, state_t *state)
{
	int ret = need_id(txn, zone, state);
	if (ret != KNOT_EOK) {
		return ret;
	}
	stored_input_t stored;
	memset(&stored, 0, sizeof(stored));
	stored.form = STATE_FORM;
	stored.id = state->id;
	stored.in = state->in;
	return store_set(txn, STORE_SOURCE, zone, &stored, sizeof(stored));
}

bool state_doom(state_t *state, uint32_t id)
{
	for (int i = 0; id != 0 && i < STATE_DOOMED; i++) {
		if (state->doomed[i] == 0) {
			state->doomed[i] = id;
			return true;
		}
	}
	return id == 0;
}

uint64_t state_bytes(const state_t *state)
{
	return state->size.nodes.bytes + state->size.chain.bytes;
}

bool state_chain_same(const state_chain_t *a, const state_chain_t *b)
{
	if (a->id == 0 || b->id == 0 || a->nsec3 != b->nsec3) {
		return a->id == b->id;
	}
	return !a->nsec3 || (a->optout == b->optout && a->iterations == b->iterations &&
	                     a->salt_len == b->salt_len &&
	                     memcmp(a->salt, b->salt, a->salt_len) == 0);
}

/*! Forgets, of the keys that have no signatures any more, the one that is gone longest. */
static void make_room(state_t *state)
{
	uint32_t oldest = 0;
	for (uint32_t i = 1; i < state->key_count; i++) {
		const state_key_t *key = &state->keys[i];
		bool better = state->keys[oldest].signatures > 0 ||
		              key->last_gone < state->keys[oldest].last_gone;
		if (key->signatures + key->next == 0 && key->last_gone >= 0 && better) {
			oldest = i;
		}
	}
	state->keys[oldest] = state->keys[--state->key_count];
}

state_key_t *state_key(state_t *state, uint8_t algorithm, uint16_t keytag)
{
	for (uint32_t i = 0; i < state->key_count; i++) {
		state_key_t *key = &state->keys[i];
		if (key->algorithm == algorithm && key->keytag == keytag) {
			return key;
		}
	}
	if (state->key_count == STATE_KEYS) {
		make_room(state);
	}
	state_key_t *key = &state->keys[state->key_count++];
	*key = (state_key_t) { .algorithm = algorithm, .keytag = keytag };
	return key;
}
