/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/run.h"

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/sign/batch.h"
#include "module/sign/changeover.h"
#include "module/sign/refresh.h"
#include "module/sign/zonemd.h"

/*** A batch, stored. ***/

/* Seconds, after the last version with a large TTL was made, by which knotd and all secondaries are
 * taken to serve a later one. Until then they can hand out the large TTL, and only then it begins
 * to run out in caches. An hour is a choice: it is far above what NOTIFY and transfers take. */
#define LOW_TTL_MARGIN 3600

/* Bytes that the journal may have, however small the zone is. */
#define JOURNAL_BYTES ((size_t)1 << 20)

/*! \return Bytes that the journal may have: beyond the size of the zone, an AXFR is as good. */
static size_t journal_most(const state_t *state)
{
	const uint64_t size = state_bytes(state);
	return size > JOURNAL_BYTES ? size : JOURNAL_BYTES;
}

/*! Begins the version in the journal, with its SOA and that of the version before. */
static int begin_journal(const batch_t *batch, store_txn_t *txn, journal_t *journal)
{
	const state_t *state = batch->state;
	const change_t *apex = &batch->changes.list[batch->apex];
	node_t old = { 0 }, new = { 0 };
	int ret = store_find_node(txn, &(store_key_t) {
		STORE_SIGNED, state->nodes, apex->key, apex->key_len
	}, &old);
	if (ret == KNOT_EOK) {
		ret = node_read(apex->stored, apex->stored_len, &new);
	}
	const node_rrset_t *before = node_rrset(&old, KNOT_RRTYPE_SOA);
	const node_rrset_t *after = node_rrset(&new, KNOT_RRTYPE_SOA);
	if (ret == KNOT_EOK && (before == NULL || after == NULL)) {
		ret = KNOT_ESOAINVAL;
	}
	if (ret == KNOT_EOK) {
		const node_rrset_t soa[2] = { *before, *after };
		const journal_version_t version = {
			.txn = txn, .zone_id = state->id, .number = state->version + 1,
			.apex = batch->args->zone, .most = journal_most(state),
		};
		ret = journal_begin(journal, &version, soa);
	}
	node_deinit(&old);
	node_deinit(&new);
	return ret;
}

/*! Adds all entries of a chain to the journal, as gone or as new. */
static int journal_chain(const batch_t *batch, store_txn_t *txn, const state_chain_t *chain,
                         bool gone, journal_t *journal)
{
	static const node_t nothing = { 0 };
	store_cursor_t cursor;
	int ret = store_cursor(txn, STORE_CHAIN, chain->id, &cursor);
	while (ret == KNOT_EOK && (ret = store_next(&cursor)) == KNOT_EOK) {
		knot_dname_storage_t owner;
		chain_entry_t entry;
		ret = entry_owner(chain, batch->args->zone, cursor.key, cursor.key_len, owner);
		if (ret == KNOT_EOK) {
			ret = entry_read(chain, cursor.data, cursor.data_len, &entry);
		}
		if (ret == KNOT_EOK) {
			ret = journal_node(journal, owner, gone ? &entry.node : &nothing,
			                   gone ? &nothing : &entry.node);
			node_deinit(&entry.node);
		}
	}
	store_cursor_close(&cursor);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Proves that the chain has no gap and denies nothing that is there, before it is published. */
static int check_changes(batch_t *batch, store_txn_t *txn)
{
	const state_t *state = batch->state;
	const bool next = batch->unseen || (batch->complete && state->next_chain.id != 0);
	const state_chain_t *chain = next ? &state->next_chain : &state->chain;
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && chain->id != 0 && i < batch->changes.count; i++) {
		const change_t *change = &batch->changes.list[i];
		ret = change->chain != NULL
		      ? changes_check_links(change, txn)
		      : changes_check_types(change, txn, chain, batch->args->zone, &batch->denial);
	}
	return ret;
}

static int store_changes(batch_t *batch, store_txn_t *txn, journal_t *journal)
{
	state_t *state = batch->state;
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < batch->changes.count; i++) {
		const change_t *change = &batch->changes.list[i];
		const bool seen = change->id == state->nodes || change->id == state->chain.id;
		ret = changes_store(change, txn, state, seen ? journal : NULL);
	}
	return ret == KNOT_EOK ? check_changes(batch, txn) : ret;
}

/*! Stores the changes, and in the journal how they lead from the version before to this one. */
static int store_version(batch_t *batch, store_txn_t *txn)
{
	state_t *state = batch->state;
	const bool switches = batch->complete && state->next_chain.id != 0;
	journal_t journal = { 0 };
	/* No changes lead to a first version, or to one whose nodes are all new. */
	const bool journaled = batch->publish && !batch->unseen;
	int ret = KNOT_EOK;
	if (journaled) {
		ret = begin_journal(batch, txn, &journal);
	} else if (batch->publish) {
		ret = store_clear(txn, STORE_JOURNAL, state->id);
		state->journal_bytes = 0;
	}
	if (ret == KNOT_EOK) {
		ret = store_changes(batch, txn, journaled ? &journal : NULL);
	}
	if (ret == KNOT_EOK && journaled && switches) {
		ret = journal_chain(batch, txn, &state->chain, true, &journal);
	}
	if (ret == KNOT_EOK && journaled && switches) {
		ret = journal_chain(batch, txn, &state->next_chain, false, &journal);
	}
	if (ret == KNOT_EOK && journaled) {
		ret = journal_end(&journal, &state->journal_bytes);
	}
	journal_deinit(&journal);
	return ret;
}

/*! Removes the dirty marks of the changes that this version has; those of later changes stay. */
static int clean(batch_t *batch, store_txn_t *txn)
{
	store_cursor_t dirty;
	int ret = store_cursor(txn, STORE_DIRTY, batch->state->id, &dirty);
	while (ret == KNOT_EOK && (ret = store_next(&dirty)) == KNOT_EOK) {
		uint64_t when;
		memcpy(&when, dirty.data, sizeof(when));
		if (when <= batch->input) {
			ret = store_cursor_del(&dirty);
		}
	}
	store_cursor_close(&dirty);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Notes which keys have no signatures in this version any more. */
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

/*! Notes that the version is all that its key set asks for. */
static void adopt(state_t *state, const keyset_t *set, bool new_version)
{
	/* Without a new one, the newest version is all that: also if a walk has begun with it. */
	if (!new_version && state->taken_at > 0 && state->taken_serial == state->serial) {
		state->taken_revision = set->revision;
		state->revision_since = state->taken_at;
	}
	state->revision = set->revision;
	state->algorithms = changeover_algorithms(set);
}

/*! Notes how far the walk is. */
static int move_on(batch_t *batch, store_txn_t *txn)
{
	state_t *state = batch->state;
	const keyset_t *set = &batch->args->ring->set;
	const bool last = batch->walk.phase == STATE_WALK_LAST;
	int ret = KNOT_EOK;
	state->walk = batch->walk;
	if (batch->complete) {
		ret = changeover_switch(txn, state, set);
		state->walk.phase = STATE_WALK_LAST;
	}
	if (last || (batch->complete && !batch->build.held)) {
		memset(&state->walk, 0, sizeof(state->walk));
		state->sign_all = false;
	}
	return ret;
}

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/*! Notes the largest TTL. It can be lower after a walk, as soon as caches have forgotten what was
 * before. */
static void see_ttl(batch_t *batch)
{
	state_t *state = batch->state;
	const clock_span_t *now = &batch->args->now;
	const uint32_t before = state->max_ttl;
	state->max_ttl = max(state->max_ttl, batch->max_ttl);
	state->low_ttl = max(state->low_ttl, batch->max_ttl);
	batch->walk.max_ttl = max(batch->walk.max_ttl, batch->max_ttl);
	if (state->low_ttl_at != 0 && now->from >= state->low_ttl_at) {
		state->max_ttl = state->low_ttl;
		state->low_ttl_at = 0;
	}
	if (batch->complete && state->low_ttl_at == 0 && batch->walk.max_ttl < before) {
		state->low_ttl = batch->walk.max_ttl;
		state->low_ttl_at = now->to + before + LOW_TTL_MARGIN;
	}
}

static int finish(batch_t *batch, store_txn_t *txn)
{
	state_t *state = batch->state;
	see_ttl(batch);
	if (batch->publish) {
		state->version++;
		state->serial = batch->build.serial;
		state->signed_at = batch->args->now.to;
		state->signed_doubt = batch->args->now.to - batch->args->now.from;
		state->refreshed_at = batch->refreshed_at;
	}
	if (batch->publish || !batch->unseen) {
		state->signed_input = batch->input;
	}
	int ret = move_on(batch, txn);
	if (state->walk.phase == STATE_WALK_NONE && state->version > 0) {
		adopt(state, &batch->args->ring->set, batch->publish);
	}
	if (batch->publish) {
		mark_gone(state);
	}
	return ret == KNOT_EOK ? clean(batch, txn) : ret;
}

/*! Notes the key set that the version is made with, unless it is that of the version before. */
static int note_in_force(const batch_t *batch, store_txn_t *txn)
{
	const knot_dname_t *zone = batch->args->zone;
	char *text = keyset_write(&batch->args->ring->set);
	const void *before = NULL;
	size_t len = 0;
	if (text == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = store_get(txn, STORE_IN_FORCE, zone, &before, &len);
	ret = ret == KNOT_EOK && strcmp(before, text) == 0 ? KNOT_EOK
	      : store_set(txn, STORE_IN_FORCE, zone, text, strlen(text) + 1);
	free(text);
	return ret;
}

static int commit(batch_t *batch)
{
	store_txn_t txn;
	int ret = store_write(batch->args->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = store_version(batch, &txn);
	if (ret == KNOT_EOK) {
		ret = finish(batch, &txn);
	}
	if (ret == KNOT_EOK && batch->publish) {
		ret = note_in_force(batch, &txn);
	}
	if (ret == KNOT_EOK) {
		ret = state_save(&txn, batch->args->zone, batch->state);
	}
	return store_end(&txn, ret);
}

/*** A run. ***/

static int fail(char *err, size_t err_size, int ret)
{
	if (err[0] == '\0') {
		snprintf(err, err_size, ret == KNOT_ESEMCHECK
		         ? "the denial chain that was made is broken, nothing is published; "
		           "please report this, and try zone-sign"
		         : "store: %s", store_strerror(ret));
	}
	return ret;
}

static int make_signatures(const batch_t *batch, rrsig_job_t *jobs, size_t count,
                           const keyring_key_t **failed, char *err, size_t err_size)
{
	const sign_args_t *args = batch->args;
	signpool_work_t *signing = NULL;
	const signpool_jobs_t all = {
		.zone = args->zone, .jobs = jobs, .count = count, .verify = args->verify,
		.stop = args->stop, .failed = failed,
	};
	int ret = signpool_start(args->pool, &all, &signing, err, err_size);
	return ret == KNOT_EOK ? signpool_finish(signing, err, err_size) : ret;
}

/*! Makes the digest when all else is signed, and writes it into the apex that is to be stored. */
static int set_digest(const batch_t *batch)
{
	const state_t *state = batch->state;
	const change_t *apex = &batch->changes.list[batch->apex];
	const bool next = batch->unseen || (batch->complete && state->next_chain.id != 0);
	store_txn_t txn;
	const zonemd_zone_t zone = {
		.txn = &txn, .apex = batch->args->zone, .nodes = apex->id,
		.chain = next ? &state->next_chain : &state->chain, .changes = &batch->changes,
		.stop = batch->args->stop,
	};
	uint8_t digest[ZONEMD_DIGEST_LEN];
	int ret = store_read(batch->args->store, &txn);
	if (ret == KNOT_EOK) {
		ret = zonemd_digest(&zone, digest);
		store_abort(&txn);
	}
	node_t node;
	ret = ret == KNOT_EOK ? node_read(apex->stored, apex->stored_len, &node) : ret;
	if (ret == KNOT_EOK) {
		memcpy(node_rrset(&node, KNOT_RRTYPE_ZONEMD)->rrs.rdata->data + ZONEMD_HEAD_LEN,
		       digest, sizeof(digest));
		node_deinit(&node);
	}
	return ret;
}

/*! Makes the signatures of a batch; those of a ZONEMD last, since its digest is over all others. */
static int sign_batch(const batch_t *batch, const keyring_key_t **failed, char *err,
                      size_t err_size)
{
	rrsig_job_t *jobs = batch->build.jobs;
	const size_t count = batch->build.job_count;
	size_t first = count;
	while (first > 0 && jobs[first - 1].type == KNOT_RRTYPE_ZONEMD) {
		first--;
	}
	int ret = make_signatures(batch, jobs, first, failed, err, err_size);
	if (ret == KNOT_EOK && first < count) {
		ret = set_digest(batch);
	}
	return ret == KNOT_EOK && first < count
	       ? make_signatures(batch, jobs + first, count - first, failed, err, err_size) : ret;
}

static void add_capped(capped_t *all, const capped_t *capped)
{
	const uint64_t before = all->count;
	if (before == 0) {
		*all = *capped;
	}
	all->count = before + capped->count;
}

/*! Sees whether the signatures that were just made are good now: the clock may have been set
 * since the run began. \return KNOT_EOK, KNOT_ERANGE */
static int check_time(const batch_t *batch, char *err, size_t err_size)
{
	const rrsig_job_t *job = batch->build.jobs;
	if (batch->args->clock == NULL) {
		return KNOT_EOK;
	}
	const uint32_t now = batch->args->clock();
	for (size_t i = 0; i < batch->build.job_count; i++, job++) {
		/* RFC 4034, section 3.1.5: by serial number arithmetic. */
		const bool early = (int32_t)(now - job->inception) < 0;
		if (early || (int32_t)(job->expiration - now) <= 0) {
			snprintf(
				err, err_size,
				"the clock was set by %lld s while the zone was "
				"being signed, so that new signatures %s; it is signed anew in some "
				"seconds",
				(long long)((int32_t)(now - (uint32_t)batch->args->now.to)),
				early ? "are not good yet" : "have expired");
			return KNOT_ERANGE;
		}
	}
	return KNOT_EOK;
}

/*! \param again  Whether the run has to go on with another batch. */
static int run_batch(const sign_args_t *args, state_t *state, sign_result_t *result, bool *again,
                     char *err, size_t err_size)
{
	batch_t batch;
	int ret = batch_init(&batch, args, state);
	if (ret == KNOT_EOK) {
		ret = batch_collect(&batch, err, err_size);
	}
	if (ret == KNOT_EOK && batch.stale) {
		batch_deinit(&batch);
		return KNOT_EOK;
	}
	if (ret == KNOT_EOK) {
		ret = sign_batch(&batch, &result->failed, err, err_size);
	}
	if (ret == KNOT_EOK) {
		ret = check_time(&batch, err, err_size);
	}
	if (ret == KNOT_EOK) {
		ret = commit(&batch);
	}
	if (ret == KNOT_EOK) {
		result->signatures += batch.build.job_count;
		result->nodes += batch.changes.count;
		result->published |= batch.publish;
		result->left_out = batch.build.left_out;
		result->unfit = batch.build.unfit;
		result->strays |= batch.build.strays;
		add_capped(&result->capped, &batch.build.capped);
		args->progress(args->ctx, result->signatures);
		/* As long as nothing is published, the next batch follows at once. */
		*again = batch.unseen && !batch.complete;
	}
	batch_deinit(&batch);
	return ret;
}

/*! Goes back to what is stored: the batches before the one that failed. */
static void reload(const sign_args_t *args, state_t *state)
{
	store_txn_t txn;
	if (store_read(args->store, &txn) == KNOT_EOK) {
		(void)state_load(&txn, args->zone, state);
		store_abort(&txn);
	}
}

int sign_run(const sign_args_t *args, state_t *state, sign_result_t *result, char *err,
             size_t err_size)
{
	bool again = true;
	memset(result, 0, sizeof(*result));
	err[0] = '\0';
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && again) {
		ret = changeover_run(args, state);
		if (ret == KNOT_EOK) {
			ret = run_batch(args, state, result, &again, err, err_size);
		}
	}
	if (ret == KNOT_EOK) {
		ret = changeover_clean(args, state);
	}
	if (ret != KNOT_EOK) {
		reload(args, state);
		return fail(err, err_size, ret);
	}
	/* More may be due than a batch could take. What a lacking key would have to sign stays due, and is
	 * nothing to go on with; nor what was signed ahead. */
	result->more = state->sign_all || state->doomed[0] != 0 ||
	               (keyring_lack(args->ring) == NULL &&
	                refresh_is_due(args->store, state, &args->ring->set, args->now.to));
	return KNOT_EOK;
}
