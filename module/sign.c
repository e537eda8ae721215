/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/affected.h"
#include "module/build.h"
#include "module/expiry.h"
#include "module/journal.h"
#include "module/serial.h"

/* Nodes that a first signing commits at once; nobody sees them before the last. */
#ifndef SIGN_FIRST_BATCH
#define SIGN_FIRST_BATCH 20000
#endif

/*! A node that changes, as it will be stored; stored_len 0: it goes. */
typedef struct {
	const uint8_t *key;
	size_t key_len;
	const knot_dname_t *owner;
	uint8_t *stored;
	size_t stored_len;
	uint32_t expiry;
} change_t;

/*! What a run works with. */
typedef struct {
	const sign_run_t *run;
	state_t *state;
	sign_result_t *result;
	char *err;
	size_t err_size;
	build_t build;
	arena_t arena;         /*!< Of the changes. */
	change_t *changes;
	size_t count, capacity;
	uint8_t from[NODE_KEY_MAX]; /*!< Where the next batch of a first signing begins. */
	size_t from_len;
	bool complete;         /*!< There is no next batch. */
	uint32_t max_ttl;
} work_t;

static int fail(work_t *work, int ret)
{
	snprintf(work->err, work->err_size, "store: %s", store_strerror(ret));
	return ret;
}

/*** Which nodes change, and how. ***/

static change_t *add_change(work_t *work)
{
	if (work->count == work->capacity) {
		size_t capacity = work->capacity * 2 + 64;
		change_t *changes = realloc(work->changes, capacity * sizeof(*changes));
		if (changes == NULL) {
			return NULL;
		}
		work->changes = changes;
		work->capacity = capacity;
	}
	return &work->changes[work->count++];
}

/*! Keeps a node that changes, beyond the transaction it was read in. */
static int keep(work_t *work, build_node_t *bn, size_t first_job)
{
	change_t *change = add_change(work);
	if (change == NULL) {
		return KNOT_ENOMEM;
	}
	*change = (change_t) {
		.key = arena_copy(&work->arena, bn->key, bn->key_len), .key_len = bn->key_len,
		.owner = arena_copy(&work->arena, bn->owner, knot_dname_size(bn->owner)),
		.stored_len = node_size(&bn->node), .expiry = bn->expiry,
	};
	if (change->key == NULL || change->owner == NULL) {
		return KNOT_ENOMEM;
	}
	bn->owner = change->owner;
	return build_keep(&work->build, bn, first_job, &work->arena, &change->stored);
}

/*! Makes a node and keeps it if it changes; frees it. */
static int make(work_t *work, build_node_t *bn, const knot_dname_t *next)
{
	const size_t first_job = work->build.job_count;
	int ret = build_node(&work->build, bn, next);
	for (uint16_t i = 0; i < bn->node.count; i++) {
		uint32_t ttl = bn->node.rrsets[i].ttl;
		work->max_ttl = ttl > work->max_ttl ? ttl : work->max_ttl;
	}
	if (ret == KNOT_EOK && bn->changed) {
		ret = keep(work, bn, first_job);
	}
	arena_free(&work->build.scratch);
	build_node_deinit(bn);
	return ret;
}

static int read_node(store_txn_t *txn, store_table_t table, uint32_t zone_id,
                     const affected_key_t *name, node_t *node)
{
	const uint8_t *data = NULL;
	size_t len = 0;
	int ret = store_find(txn, table, zone_id, name->key, name->key_len, &data, &len);
	return ret == KNOT_EOK ? node_read(data, len, node) : ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Makes the nodes that a change touches. */
static int make_affected(work_t *work, store_txn_t *txn)
{
	const uint32_t id = work->state->id;
	affected_t affected;
	int ret = affected_init(&affected, txn, id, work->run->zone);
	if (ret == KNOT_EOK) {
		ret = affected_find(&affected, work->run->now + work->run->ring->set.refresh);
	}
	for (size_t i = 0; ret == KNOT_EOK && i < affected.count; i++) {
		const affected_key_t *name = &affected.keys[i];
		knot_dname_storage_t owner, next;
		build_node_t bn = { .key = name->key, .key_len = name->key_len, .owner = owner };
		if (node_key_owner(name->key, name->key_len, owner) == 0) {
			ret = KNOT_EMALF;
			break;
		}
		ret = affected_kind(&affected, name, &bn.kind);
		if (ret == KNOT_EOK && bn.kind != BUILD_NONE && bn.kind != BUILD_OCCLUDED) {
			ret = affected_next(&affected, name, next);
		}
		if (ret == KNOT_EOK) {
			ret = read_node(txn, STORE_INPUT, id, name, &bn.input);
		}
		if (ret == KNOT_EOK) {
			ret = read_node(txn, STORE_SIGNED, id, name, &bn.old);
		}
		if (ret == KNOT_EOK) {
			ret = make(work, &bn, next);
		} else {
			build_node_deinit(&bn);
		}
	}
	affected_deinit(&affected);
	work->complete = true;
	return ret;
}

/*! A walk over all names, in the input or published. */
typedef struct {
	store_cursor_t input, old;
	int input_ret, old_ret;     /*!< KNOT_EOK where the cursor is at an entry. */
	build_node_t waiting; /*!< The last node of the chain: its NSEC needs the next name. */
	knot_dname_storage_t waiting_owner;
	bool has_waiting;
	uint8_t cut[NODE_KEY_MAX];  /*!< The delegation or DNAME below which names are occluded. */
	size_t cut_len;
} walk_t;

static int walk_open(walk_t *walk, work_t *work, store_txn_t *txn)
{
	memset(walk, 0, sizeof(*walk));
	int ret = store_cursor(txn, STORE_INPUT, work->state->id, &walk->input);
	if (ret == KNOT_EOK) {
		ret = store_cursor(txn, STORE_SIGNED, work->state->id, &walk->old);
	}
	if (ret == KNOT_EOK) {
		walk->input_ret = store_seek(&walk->input, work->from, work->from_len);
		walk->old_ret = store_seek(&walk->old, work->from, work->from_len);
	}
	return ret;
}

static void walk_close(walk_t *walk)
{
	store_cursor_close(&walk->input);
	store_cursor_close(&walk->old);
	if (walk->has_waiting) {
		build_node_deinit(&walk->waiting);
	}
}

/*! Reads the node the walk is at, from both tables, and moves on. */
static int walk_take(walk_t *walk, build_node_t *bn, knot_dname_storage_t owner)
{
	int order = walk->input_ret == KNOT_EOK ? -1 : 1;
	if (walk->input_ret == KNOT_EOK && walk->old_ret == KNOT_EOK) {
		order = node_key_compare(walk->input.key, walk->input.key_len, walk->old.key,
		                         walk->old.key_len);
	}
	const store_cursor_t *at = order <= 0 ? &walk->input : &walk->old;
	memset(bn, 0, sizeof(*bn));
	bn->key = at->key;
	bn->key_len = at->key_len;
	bn->owner = owner;
	int ret = node_key_owner(at->key, at->key_len, owner) > 0 ? KNOT_EOK : KNOT_EMALF;
	if (ret == KNOT_EOK && order <= 0) {
		ret = node_read(walk->input.data, walk->input.data_len, &bn->input);
		walk->input_ret = store_next(&walk->input);
	}
	if (ret == KNOT_EOK && order >= 0) {
		ret = node_read(walk->old.data, walk->old.data_len, &bn->old);
		walk->old_ret = store_next(&walk->old);
	}
	return ret;
}

static void walk_see(walk_t *walk, build_node_t *bn, bool apex)
{
	if (walk->cut_len > 0 && node_key_below(bn->key, bn->key_len, walk->cut, walk->cut_len)) {
		bn->kind = bn->input.count > 0 ? BUILD_OCCLUDED : BUILD_NONE;
		return;
	}
	bn->kind = build_kind(&bn->input, apex);
	if (build_cuts(&bn->input, apex)) {
		memcpy(walk->cut, bn->key, bn->key_len);
		walk->cut_len = bn->key_len;
	}
}

/*! Makes the node that waits, now that the next name of the chain is known. */
static int walk_settle(walk_t *walk, work_t *work, const knot_dname_t *next)
{
	if (!walk->has_waiting) {
		return KNOT_EOK;
	}
	walk->has_waiting = false;
	return make(work, &walk->waiting, next);
}

static int walk_step(walk_t *walk, work_t *work, size_t most)
{
	build_node_t bn;
	knot_dname_storage_t owner;
	int ret = walk_take(walk, &bn, owner);
	if (ret != KNOT_EOK) {
		build_node_deinit(&bn);
		return ret;
	}
	walk_see(walk, &bn, knot_dname_is_equal(owner, work->run->zone));
	if (bn.kind != BUILD_AUTH && bn.kind != BUILD_DELEGATION) {
		return make(work, &bn, NULL);
	}
	ret = walk_settle(walk, work, owner);
	if (ret != KNOT_EOK || work->count >= most) {
		memcpy(work->from, bn.key, bn.key_len);
		work->from_len = bn.key_len;
		build_node_deinit(&bn);
		return ret == KNOT_EOK ? KNOT_ELIMIT : ret;
	}
	walk->waiting = bn;
	memcpy(walk->waiting_owner, owner, knot_dname_size(owner));
	walk->waiting.owner = walk->waiting_owner;
	walk->has_waiting = true;
	return KNOT_EOK;
}

/*! Makes all nodes, or as many as a batch holds. */
static int make_all(work_t *work, store_txn_t *txn, size_t most)
{
	walk_t walk;
	int ret = walk_open(&walk, work, txn);
	while (ret == KNOT_EOK && (walk.input_ret == KNOT_EOK || walk.old_ret == KNOT_EOK)) {
		ret = walk_step(&walk, work, most);
	}
	if (ret == KNOT_EOK) {
		ret = walk_settle(&walk, work, work->run->zone);
		work->complete = true;
	}
	walk_close(&walk);
	return ret == KNOT_ELIMIT ? KNOT_EOK : ret;
}

/*** The changes, stored. ***/

/*! Counts the signatures of a node for or against their keys. */
static void count_signatures(state_t *state, const node_t *node, int64_t by)
{
	for (uint16_t i = 0; i < node->count; i++) {
		const knot_rdataset_t *sigs = &node->rrsets[i].sigs;
		const knot_rdata_t *sig = sigs->rdata;
		for (uint16_t n = 0; node->rrsets[i].type != KNOT_RRTYPE_DNSKEY && n < sigs->count;
		     n++) {
			state_key(state, rrsig_algorithm(sig), rrsig_keytag(sig))->signatures += by;
			sig = knot_rdataset_next((knot_rdata_t *)sig);
		}
	}
}

static int store_change(work_t *work, store_txn_t *txn, journal_t *journal, const change_t *change)
{
	const uint32_t id = work->state->id;
	const affected_key_t name = { change->key, change->key_len };
	node_t old = { 0 }, new = { 0 };
	int ret = read_node(txn, STORE_SIGNED, id, &name, &old);
	if (ret == KNOT_EOK) {
		ret = node_read(change->stored, change->stored_len, &new);
	}
	if (ret == KNOT_EOK && journal != NULL) {
		ret = journal_node(journal, change->owner, &old, &new);
	}
	if (ret == KNOT_EOK) {
		ret = expiry_remove(txn, id, expiry_of(&old), change->key, change->key_len);
	}
	if (ret == KNOT_EOK) {
		ret = expiry_add(txn, id, change->expiry, change->key, change->key_len);
	}
	if (ret == KNOT_EOK) {
		count_signatures(work->state, &old, -1);
		count_signatures(work->state, &new, 1);
		ret = change->stored_len > 0
		              ? store_put(txn, STORE_SIGNED, id, change->key, change->key_len,
		                          change->stored, change->stored_len)
		              : store_del(txn, STORE_SIGNED, id, change->key, change->key_len);
	}
	node_deinit(&old);
	node_deinit(&new);
	return ret;
}

/*! Begins the journal's part of the version, with the SOA that is and the one that comes. */
static int begin_journal(work_t *work, store_txn_t *txn, journal_t *journal)
{
	uint8_t apex[NODE_KEY_MAX];
	const affected_key_t name = { apex, node_key(work->run->zone, apex) };
	node_t old = { 0 }, new = { 0 };
	int ret = read_node(txn, STORE_SIGNED, work->state->id, &name, &old);
	/* The apex is the first name, and always changes. */
	if (ret == KNOT_EOK) {
		ret = node_read(work->changes[0].stored, work->changes[0].stored_len, &new);
	}
	const node_rrset_t *before = node_rrset(&old, KNOT_RRTYPE_SOA);
	const node_rrset_t *after = node_rrset(&new, KNOT_RRTYPE_SOA);
	if (ret == KNOT_EOK && (before == NULL || after == NULL)) {
		ret = KNOT_ESOAINVAL;
	}
	if (ret == KNOT_EOK) {
		const node_rrset_t soa[2] = { *before, *after };
		ret = journal_begin(journal, txn, work->state->id, work->state->version + 1,
		                    work->run->zone, soa);
	}
	node_deinit(&old);
	node_deinit(&new);
	return ret;
}

static int store_changes(work_t *work, store_txn_t *txn)
{
	/* Nothing leads to a first version. */
	journal_t journal = { 0 };
	const bool journaled = work->state->version > 0;
	int ret = journaled ? begin_journal(work, txn, &journal) : KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < work->count; i++) {
		ret = store_change(work, txn, journaled ? &journal : NULL, &work->changes[i]);
	}
	if (ret == KNOT_EOK && journaled) {
		ret = journal_end(&journal);
	}
	journal_deinit(&journal);
	return ret;
}

/*! Removes the marks of what this version has in it; a later change's stay. */
static int clean(work_t *work, store_txn_t *txn, uint64_t input)
{
	store_cursor_t dirty;
	int ret = store_cursor(txn, STORE_DIRTY, work->state->id, &dirty);
	while (ret == KNOT_EOK && (ret = store_next(&dirty)) == KNOT_EOK) {
		uint64_t when;
		memcpy(&when, dirty.data, sizeof(when));
		if (when <= input) {
			ret = store_cursor_del(&dirty);
		}
	}
	store_cursor_close(&dirty);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Settles what the version says of keys that have left it. */
static void mark_gone(state_t *state)
{
	for (uint32_t i = 0; i < state->key_count; i++) {
		state_key_t *key = &state->keys[i];
		if (key->signatures > 0) {
			key->last_gone = 0;
		} else if (key->last_gone == 0) {
			key->last_gone = -1;
			key->last_gone_serial = state->serial;
		}
	}
}

static int finish(work_t *work, store_txn_t *txn, uint64_t input)
{
	state_t *state = work->state;
	state->version++;
	state->serial = work->build.serial;
	state->signed_at = work->run->now;
	state->signed_input = input;
	state->revision = work->run->ring->set.revision;
	state->sign_all = false;
	state->max_ttl = work->max_ttl > state->max_ttl ? work->max_ttl : state->max_ttl;
	mark_gone(state);
	work->result->published = true;
	return clean(work, txn, input);
}

static int commit(work_t *work, uint64_t input)
{
	store_txn_t txn;
	int ret = store_write(work->run->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = store_changes(work, &txn);
	if (ret == KNOT_EOK && work->complete) {
		ret = finish(work, &txn, input);
	}
	if (ret == KNOT_EOK) {
		ret = state_save(&txn, work->run->zone, work->state);
	}
	if (ret != KNOT_EOK) {
		store_abort(&txn);
		return ret;
	}
	return store_commit(&txn);
}

/*** A run. ***/

/*! Drops what the last batch made. */
static void reset(work_t *work)
{
	arena_free(&work->arena);
	work->count = 0;
	work->build.job_count = 0;
}

static int collect(work_t *work)
{
	store_txn_t txn;
	int ret = store_read(work->run->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (work->state->version == 0) {
		ret = make_all(work, &txn, SIGN_FIRST_BATCH);
	} else if (work->state->sign_all || work->run->renew) {
		ret = make_all(work, &txn, SIZE_MAX);
	} else {
		ret = make_affected(work, &txn);
	}
	store_abort(&txn);
	return ret;
}

static int batch(work_t *work, uint64_t input)
{
	int ret = collect(work);
	if (ret != KNOT_EOK) {
		return fail(work, ret);
	}
	signpool_work_t *signing = NULL;
	ret = signpool_start(work->run->pool, work->run->zone, work->build.jobs,
	                     work->build.job_count, work->run->verify, work->run->stop, &signing,
	                     work->err, work->err_size);
	if (ret == KNOT_EOK) {
		ret = signpool_finish(signing, work->err, work->err_size);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	work->result->signatures += work->build.job_count;
	work->result->nodes += work->count;
	work->run->progress(work->run->ctx, work->result->signatures);
	ret = commit(work, input);
	return ret == KNOT_EOK ? KNOT_EOK : fail(work, ret);
}

/*! Goes back to what is stored: batches before the one that failed are. */
static void reload(const sign_run_t *run, state_t *state)
{
	store_txn_t txn;
	if (store_read(run->store, &txn) == KNOT_EOK) {
		(void)state_load(&txn, run->zone, state);
		store_abort(&txn);
	}
}

int sign_run(const sign_run_t *run, state_t *state, sign_result_t *result, char *err,
             size_t err_size)
{
	memset(result, 0, sizeof(*result));
	const uint64_t input = state->in.count;
	work_t work = {
		.run = run, .state = state, .result = result, .err = err, .err_size = err_size,
	};
	int ret = build_init(&work.build, run->zone, run->ring, run->now);
	if (ret != KNOT_EOK) {
		return fail(&work, ret);
	}
	work.build.renew = run->renew;
	if (serial_next(run->ring->set.passthrough ? KEYSET_SERIAL_KEEP : run->ring->set.serial,
	                state->in.serial, state->version > 0 ? &state->serial : NULL, run->now,
	                &work.build.serial, err, err_size) != 0) {
		ret = KNOT_ESOAINVAL;
	}
	while (ret == KNOT_EOK && !work.complete) {
		reset(&work);
		ret = batch(&work, input);
	}
	if (ret != KNOT_EOK) {
		reload(run, state);
	}
	build_deinit(&work.build);
	arena_free(&work.arena);
	free(work.changes);
	return ret;
}

int64_t sign_due(store_txn_t *txn, uint32_t zone_id, uint32_t refresh, int64_t now)
{
	store_cursor_t cursor;
	int64_t due = 0;
	if (store_cursor(txn, STORE_EXPIRY, zone_id, &cursor) == KNOT_EOK &&
	    store_next(&cursor) == KNOT_EOK) {
		due = now + (int32_t)(expiry_time(cursor.key) - (uint32_t)now) - (int64_t)refresh;
	}
	store_cursor_close(&cursor);
	return due;
}
