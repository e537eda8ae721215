/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/store/state.h"

/*** Form 6 to 7: the input's nodes got an id of their own, so that others can take their place. ***/

/* Octets of the records: a head, and the struct. Both heads begin with the form. */
#define HEAD 8
#define INPUT_6 (HEAD + 88)
#define INPUT_7 (HEAD + 104)
#define STATE_6 (HEAD + 2928)
#define STATE_7 (HEAD + 2952)

/* Fields that form 6 did not have: where they are in form 7, and how long. */
typedef struct {
	size_t at, len;
} gap_t;

#define IN_NODES (HEAD + 32) /* nodes, next_nodes */
#define IN_WHOLE (HEAD + 48)
static const gap_t input_gaps[] = { { IN_NODES, 8 }, { IN_WHOLE, 8 }, { INPUT_7, 0 } };
static const gap_t state_gaps[] = {
	{ HEAD + IN_NODES, 8 }, { HEAD + IN_WHOLE, 8 }, { HEAD + 856, 8 }, { STATE_7, 0 }
};

/* Were padding. */
#define TAKEN_EXPIRES (HEAD + 156)
#define SIGNED_DOUBT (HEAD + 1412)

/*! Copies a record, with zeros for what it lacks. \param gaps  The last one is the record's end. */
static void widen(uint8_t *to, const uint8_t *from, const gap_t *gaps)
{
	size_t at = 0;
	for (;; gaps++) {
		memcpy(to + at, from, gaps->at - at);
		from += gaps->at - at;
		memset(to + gaps->at, 0, gaps->len);
		at = gaps->at + gaps->len;
		if (gaps->len == 0) {
			return;
		}
	}
}

/*! Moves the first node of an id. \return KNOT_ENOENT: there is none */
static int move_node(store_txn_t *txn, uint32_t from, uint32_t to)
{
	uint8_t key[NODE_KEY_MAX], *data = NULL;
	size_t key_len = 0, len = 0;
	store_cursor_t cursor;
	int ret = store_cursor(txn, STORE_INPUT, from, &cursor);
	if (ret == KNOT_EOK && (ret = store_next(&cursor)) == KNOT_EOK) {
		key_len = cursor.key_len;
		len = cursor.data_len;
		data = malloc(len + 1);
		ret = data == NULL ? KNOT_ENOMEM : key_len > sizeof(key) ? KNOT_EMALF : KNOT_EOK;
	}
	if (ret == KNOT_EOK) {
		/* What a cursor lends ends with the first change. */
		memcpy(key, cursor.key, key_len);
		memcpy(data, cursor.data, len);
		ret = store_cursor_del(&cursor);
	}
	store_cursor_close(&cursor);
	if (ret == KNOT_EOK) {
		ret = store_put(txn, &(store_key_t) { STORE_INPUT, to, key, key_len }, data, len);
	}
	free(data);
	return ret;
}

static int move_nodes(store_txn_t *txn, uint32_t from, uint32_t to)
{
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK) {
		ret = move_node(txn, from, to);
	}
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static uint32_t number(const uint8_t *record, size_t at)
{
	uint32_t value;
	memcpy(&value, record + at, sizeof(value));
	return value;
}

static void set_number(uint8_t *record, size_t at, uint32_t value)
{
	memcpy(record + at, &value, sizeof(value));
}

/*! \return Whether a zone has such a record of form 6. */
static bool is_of_6(store_txn_t *txn, store_record_t record, const knot_dname_t *zone, size_t size,
                    const void **data)
{
	size_t len = 0;
	return store_get(txn, record, zone, data, &len) == KNOT_EOK && len == size &&
	       number(*data, 0) == 6;
}

static int to_7(store_txn_t *txn, const knot_dname_t *zone)
{
	uint8_t input[INPUT_7], state[STATE_7];
	const void *old = NULL;
	uint32_t nodes = 0;
	if (!is_of_6(txn, STORE_SOURCE, zone, INPUT_6, &old)) {
		return KNOT_EOK;
	}
	widen(input, old, input_gaps);
	const bool has_state = is_of_6(txn, STORE_STATE, zone, STATE_6, &old);
	if (has_state) {
		widen(state, old, state_gaps);
		set_number(state, 0, 7);
		set_number(state, TAKEN_EXPIRES, 0);
		set_number(state, SIGNED_DOUBT, 0);
	}
	int ret = store_new_id(txn, &nodes);
	if (ret == KNOT_EOK) {
		/* They had the zone's own id, which the zone keeps. */
		ret = move_nodes(txn, number(input, 4), nodes);
	}
	set_number(input, 0, 7);
	set_number(input, IN_NODES, nodes);
	ret = ret == KNOT_EOK ? store_set(txn, STORE_SOURCE, zone, input, sizeof(input)) : ret;
	return ret == KNOT_EOK && has_state
	       ? store_set(txn, STORE_STATE, zone, state, sizeof(state)) : ret;
}

/*** All. ***/

static int upgrade_zones(store_txn_t *txn)
{
	knot_dname_storage_t zone;
	int ret = store_next_name(txn, STORE_SOURCE, zone, true);
	while (ret == KNOT_EOK && (ret = to_7(txn, zone)) == KNOT_EOK) {
		ret = store_next_name(txn, STORE_SOURCE, zone, false);
	}
	return ret == KNOT_ENOENT ? store_set_form(txn, STATE_FORM) : ret;
}

int upgrade_store(store_t *store, const char *path, char *err, size_t err_size)
{
	store_txn_t txn;
	uint32_t form = 0;
	int ret = store_write(store, &txn);
	if (ret == KNOT_EOK) {
		ret = store_form(&txn, &form);
		ret = ret == KNOT_EOK && form > STATE_FORM ? KNOT_ENOTSUP : ret;
		ret = ret == KNOT_EOK && form < STATE_FORM ? upgrade_zones(&txn) : ret;
		ret = store_end(&txn, ret);
	}
	if (ret == KNOT_ENOTSUP) {
		snprintf(err, err_size, "the store in %s was written by a newer mod-opendnssec: it has form "
		         "%u, this one knows forms up to %u; install the newer one again, or restore "
		         "the store's copy of before the upgrade", path, form, STATE_FORM);
	} else if (ret != KNOT_EOK) {
		snprintf(err, err_size, "cannot bring the store in %s up to date: %s", path,
		         store_strerror(ret));
	}
	return ret;
}
