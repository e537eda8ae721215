/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/sweep.h"

#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "module/base/sched.h"
#include "module/store/state.h"

/* Milliseconds until the first look for zones; knotd has loaded all of its zones by then. */
#define FIRST_LOOK_MS (10 * 60 * 1000)
/* Milliseconds between two looks; KEEP_S need not be kept to the minute. */
#define LOOK_MS (60 * 60 * 1000)
/* Seconds for which the data of a zone is kept that is not configured. */
#define KEEP_S (7 * 24 * 60 * 60)
/* Entries removed by one transaction: as many as a version changes, so that no other writer waits
 * for longer than for that. */
#define BATCH 20000
/* Milliseconds between two such transactions, in which others write. */
#define PAUSE_MS 50
/* Zones that one transaction looks at. */
#define LOOK_BATCH 1000

/*** One zone. ***/

/*! Gives up the ids of a zone; their entries are removed by and by. */
static int abandon_ids(store_txn_t *txn, const state_t *state)
{
	const uint32_t ids[] = {
		state->id, state->in.nodes, state->in.next_nodes,
		state->nodes, state->next_nodes, state->chain.id, state->next_chain.id,
	};
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < sizeof(ids) / sizeof(ids[0]); i++) {
		ret = ids[i] != 0 ? store_abandon(txn, ids[i]) : KNOT_EOK;
	}
	for (size_t i = 0; ret == KNOT_EOK && i < STATE_DOOMED && state->doomed[i] != 0; i++) {
		ret = store_abandon(txn, state->doomed[i]);
	}
	return ret;
}

static int forget(store_txn_t *txn, const knot_dname_t *zone)
{
	static const store_record_t records[] = {
		STORE_STATE, STORE_SOURCE, STORE_KEYSET, STORE_GONE, STORE_HELD, STORE_IN_FORCE
	};
	state_t state;
	int ret = state_load(txn, zone, &state);
	if (ret == KNOT_EOK) {
		ret = abandon_ids(txn, &state);
	}
	for (size_t i = 0; ret == KNOT_EOK && i < sizeof(records) / sizeof(records[0]); i++) {
		ret = store_unset(txn, records[i], zone);
	}
	return ret;
}

static bool is_stored(store_txn_t *txn, const knot_dname_t *zone)
{
	const void *data = NULL;
	size_t len = 0;
	return store_get(txn, STORE_SOURCE, zone, &data, &len) == KNOT_EOK ||
	       store_get(txn, STORE_KEYSET, zone, &data, &len) == KNOT_EOK;
}

typedef struct {
	store_txn_t *txn;
	const knot_dname_t *zone;
	int ret;
} forget_t;

static void forget_now(void *ctx)
{
	forget_t *f = ctx;
	f->ret = forget(f->txn, f->zone);
	f->ret = f->ret == KNOT_EOK ? store_commit(f->txn) : f->ret;
}

static int remove_zone(const sweep_t *sweep, const knot_dname_t *zone)
{
	store_txn_t txn;
	int ret = store_write(sweep->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	forget_t f = { .txn = &txn, .zone = zone, .ret = KNOT_EBUSY };
	if (!is_stored(&txn, zone)) {
		f.ret = KNOT_ENOENT;
	} else {
		/* The zone cannot come back before that is done. */
		(void)sweep->calls->without(sweep->ctx, zone, forget_now, &f);
	}
	if (f.ret != KNOT_EOK) {
		store_abort(&txn);
	} else {
		log_msg(sweep->log, LOG_NOTICE, zone,
		        "not configured any more: its data in the store is removed");
	}
	return f.ret;
}

int sweep_zone(const sweep_t *sweep, const knot_dname_t *zone)
{
	int ret = remove_zone(sweep, zone);
	if (ret == KNOT_EOK) {
		sweep_now(sweep);
	}
	return ret;
}

void sweep_now(const sweep_t *sweep)
{
	sweep->calls->wake(sweep->ctx);
}

/*** All zones. ***/

/*! Notes since when a zone is gone, or that it is back. \return Whether its data is to go. */
static bool see_zone(const sweep_t *sweep, store_txn_t *txn, const knot_dname_t *zone, int64_t now)
{
	const void *data = NULL;
	size_t len = 0;
	int64_t since = 0;
	const bool noted = store_get(txn, STORE_GONE, zone, &data, &len) == KNOT_EOK &&
	                   len == sizeof(since);
	if (noted) {
		memcpy(&since, data, sizeof(since));
	}
	if (sweep->calls->configured(sweep->ctx, zone)) {
		(void)(noted ? store_unset(txn, STORE_GONE, zone) : KNOT_EOK);
		return false;
	}
	/* If the clock was set back, the time begins anew. */
	if (!noted || since > now) {
		(void)store_set(txn, STORE_GONE, zone, &now, sizeof(now));
		return false;
	}
	return now - since >= KEEP_S;
}

/*! Goes through the zones that have such a record. */
static int look(const sweep_t *sweep, store_record_t record)
{
	knot_dname_storage_t name;
	bool first = true, over = false;
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK) {
		store_txn_t txn;
		ret = store_write(sweep->store, &txn);
		if (ret != KNOT_EOK) {
			return ret;
		}
		over = false;
		for (unsigned i = 0; ret == KNOT_EOK && !over && i < LOOK_BATCH; i++) {
			ret = store_next_name(&txn, record, name, first);
			first = false;
			over = ret == KNOT_EOK && see_zone(sweep, &txn, name, time(NULL));
		}
		int committed = store_commit(&txn);
		ret = committed != KNOT_EOK ? committed : ret;
		if (over && ret == KNOT_EOK) {
			int removed = remove_zone(sweep, name);
			ret = removed == KNOT_EBUSY ? KNOT_EOK : removed;
		}
	}
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Removes some entries of an id that was given up. \return KNOT_ENOENT: there are none left */
static int clean_some(const sweep_t *sweep)
{
	store_txn_t txn;
	uint32_t id = 0;
	size_t most = BATCH;
	int ret = store_write(sweep->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = store_abandoned(&txn, &id);
	for (int table = 0; ret == KNOT_EOK && table < STORE_TABLES; table++) {
		ret = store_clear_some(&txn, table, id, &most);
	}
	if (ret == KNOT_EOK && most > 0) {
		ret = store_abandoned_gone(&txn, id);
	}
	if (ret != KNOT_EOK) {
		store_abort(&txn);
		return ret;
	}
	return store_commit(&txn);
}

int64_t sweep_work(sweep_t *sweep)
{
	const int64_t now = sched_now();
	if (clean_some(sweep) == KNOT_EOK) {
		return now + PAUSE_MS;
	}
	if (sweep->next == 0) {
		sweep->next = now + FIRST_LOOK_MS;
	}
	if (now >= sweep->next) {
		int ret = look(sweep, STORE_SOURCE);
		ret = ret == KNOT_EOK ? look(sweep, STORE_KEYSET) : ret;
		if (ret != KNOT_EOK) {
			log_msg(sweep->log, LOG_WARNING, NULL, "store: %s", store_strerror(ret));
		}
		sweep->next = now + LOOK_MS;
		return now + PAUSE_MS;
	}
	return sweep->next;
}
