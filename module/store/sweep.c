/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/sweep.h"

#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "module/store/state.h"
#include "module/zone/server.h"

#define FIRST_LOOK_MS (10 * 60 * 1000)  /* knotd has loaded all of its zones by then. */
#define LOOK_MS (60 * 60 * 1000)
#define KEEP_S (7 * 24 * 60 * 60)
#define BATCH 20000                     /* Entries removed at once. */
#define PAUSE_MS 50                     /* Between two of these. */

static void ignore(void *ctx, zone_t *zone)
{
	(void)ctx;
	(void)zone;
}

/*** One zone. ***/

/*! Gives up the ids of a zone; what they stand for is removed by and by. */
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
		STORE_STATE, STORE_SOURCE, STORE_KEYSET, STORE_GONE
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

static int remove_zone(server_t *server, const knot_dname_t *zone)
{
	store_txn_t txn;
	int ret = store_write(server->store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	forget_t f = { .txn = &txn, .zone = zone, .ret = KNOT_EBUSY };
	if (!is_stored(&txn, zone)) {
		f.ret = KNOT_ENOENT;
	} else {
		/* It cannot come back before that is done. */
		(void)server_without_zone(server, zone, forget_now, &f);
	}
	if (f.ret != KNOT_EOK) {
		store_abort(&txn);
	} else {
		log_msg(&server->log, LOG_NOTICE, zone,
		        "not configured any more: its data in the store is removed");
	}
	return f.ret;
}

int sweep_zone(server_t *server, const knot_dname_t *zone)
{
	int ret = remove_zone(server, zone);
	if (ret == KNOT_EOK) {
		sweep_now(server);
	}
	return ret;
}

void sweep_now(server_t *server)
{
	(void)sched_wake(server->fetchers, &server->sweep.task, sched_now());
}

/*** All zones. ***/

/*! Notes since when a zone is gone, or that it is back. \return Whether its time is over. */
static bool see_zone(server_t *server, store_txn_t *txn, const knot_dname_t *zone, int64_t now)
{
	const void *data = NULL;
	size_t len = 0;
	int64_t since = 0;
	const bool noted = store_get(txn, STORE_GONE, zone, &data, &len) == KNOT_EOK &&
	                   len == sizeof(since);
	if (noted) {
		memcpy(&since, data, sizeof(since));
	}
	if (server_with_zone(server, zone, ignore, NULL)) {
		(void)(noted ? store_unset(txn, STORE_GONE, zone) : KNOT_EOK);
		return false;
	}
	/* A clock that was set back begins anew. */
	if (!noted || since > now) {
		(void)store_set(txn, STORE_GONE, zone, &now, sizeof(now));
		return false;
	}
	return now - since >= KEEP_S;
}

/*! Goes through the zones that have such a record. */
static int look(server_t *server, store_record_t record)
{
	knot_dname_storage_t name;
	bool first = true, over = false;
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK) {
		store_txn_t txn;
		ret = store_write(server->store, &txn);
		if (ret != KNOT_EOK) {
			return ret;
		}
		over = false;
		for (unsigned i = 0; ret == KNOT_EOK && !over && i < 1000; i++) {
			ret = store_next_name(&txn, record, name, first);
			first = false;
			over = ret == KNOT_EOK && see_zone(server, &txn, name, time(NULL));
		}
		int committed = store_commit(&txn);
		ret = committed != KNOT_EOK ? committed : ret;
		if (over && ret == KNOT_EOK) {
			int removed = remove_zone(server, name);
			ret = removed == KNOT_EBUSY ? KNOT_EOK : removed;
		}
	}
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Removes some entries of an id that was given up. \return KNOT_ENOENT: there are none left */
static int clean_some(server_t *server)
{
	store_txn_t txn;
	uint32_t id = 0;
	size_t most = BATCH;
	int ret = store_write(server->store, &txn);
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

int64_t sweep_work(server_t *server)
{
	sweep_t *sweep = &server->sweep;
	const int64_t now = sched_now();
	if (clean_some(server) == KNOT_EOK) {
		return now + PAUSE_MS;
	}
	if (sweep->next == 0) {
		sweep->next = now + FIRST_LOOK_MS;
	}
	if (now >= sweep->next) {
		int ret = look(server, STORE_SOURCE);
		ret = ret == KNOT_EOK ? look(server, STORE_KEYSET) : ret;
		if (ret != KNOT_EOK) {
			log_msg(&server->log, LOG_WARNING, NULL, "store: %s", store_strerror(ret));
		}
		sweep->next = now + LOOK_MS;
		return now + PAUSE_MS;
	}
	return sweep->next;
}
