/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/view.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "module/denial/entry.h"
#include "module/source/fetch.h"
#include "module/store/journal.h"

struct view {
	store_txn_t txn;
	state_t state;
	node_t apex;
	knot_dname_storage_t apex_owner;
	knot_rrset_t soa;
	store_cursor_t cursor;
	bool chained;               /*!< The walk is in the chain, which comes after the nodes. */
	node_t node;                /*!< At which the walk is. */
	knot_dname_storage_t owner;
	uint16_t at;                /*!< RRset of the node that is next. */
	bool sigs;                  /*!< Of that RRset, the RRSIGs are next. */
	knot_rdata_t *rdata;        /*!< Next record of an RRset that is given one by one. */
	journal_reader_t journal;
};

static int read_apex(view_t *view, const knot_dname_t *zone)
{
	uint8_t key[NODE_KEY_MAX];
	const uint8_t *data = NULL;
	size_t len = 0, key_len;
	knot_dname_to_lower(memcpy(view->apex_owner, zone, knot_dname_size(zone)));
	int ret = state_load(&view->txn, view->apex_owner, &view->state);
	if (ret == KNOT_EOK && view->state.version == 0) {
		ret = KNOT_EEMPTYZONE;
	}
	if (ret == KNOT_EOK) {
		key_len = node_key(view->apex_owner, key);
		ret = store_find(&view->txn, &(store_key_t) {
			STORE_SIGNED, view->state.nodes, key, key_len
		}, &data, &len);
	}
	if (ret == KNOT_EOK) {
		ret = node_read(data, len, &view->apex);
	}
	if (ret == KNOT_EOK) {
		const node_rrset_t *soa = node_rrset(&view->apex, KNOT_RRTYPE_SOA);
		if (soa == NULL) {
			return KNOT_EMALF;
		}
		knot_rrset_init(&view->soa, view->apex_owner, KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
		                soa->ttl);
		view->soa.rrs = soa->rrs;
		ret = store_cursor(&view->txn, STORE_SIGNED, view->state.nodes, &view->cursor);
	}
	return ret;
}

int view_open(store_t *store, const knot_dname_t *zone, view_t **view)
{
	view_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = store_read(store, &fresh->txn);
	if (ret != KNOT_EOK) {
		free(fresh);
		return ret;
	}
	ret = read_apex(fresh, zone);
	if (ret != KNOT_EOK) {
		view_close(fresh);
		return ret;
	}
	*view = fresh;
	return KNOT_EOK;
}

void view_close(view_t *view)
{
	journal_close(&view->journal);
	store_cursor_close(&view->cursor);
	node_deinit(&view->node);
	node_deinit(&view->apex);
	store_abort(&view->txn);
	free(view);
}

const knot_rrset_t *view_soa(const view_t *view)
{
	return &view->soa;
}

uint32_t view_expires_in(const view_t *view)
{
	return fetch_expires_in(&view->state.in, time(NULL));
}

static int read_node(view_t *view)
{
	const store_cursor_t *at = &view->cursor;
	if (!view->chained) {
		return node_key_owner(at->key, at->key_len, view->owner) > 0
		       ? node_read(at->data, at->data_len, &view->node) : KNOT_EMALF;
	}
	chain_entry_t entry;
	const state_chain_t *chain = &view->state.chain;
	int ret = entry_owner(chain, view->apex_owner, at->key, at->key_len, view->owner);
	if (ret == KNOT_EOK) {
		ret = entry_read(chain, at->data, at->data_len, &entry);
	}
	if (ret == KNOT_EOK) {
		view->node = entry.node;
	}
	return ret;
}

static int next_node(view_t *view)
{
	int ret = store_next(&view->cursor);
	if (ret == KNOT_ENOENT && !view->chained && view->state.chain.id != 0) {
		view->chained = true;
		store_cursor_close(&view->cursor);
		ret = store_cursor(&view->txn, STORE_CHAIN, view->state.chain.id, &view->cursor);
		ret = ret == KNOT_EOK ? store_next(&view->cursor) : ret;
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	node_deinit(&view->node);
	view->at = 0;
	view->sigs = false;
	return read_node(view);
}

/*! Gives the RRSIGs of a zone that passes through one by one, since their TTLs differ. */
static void next_sig(view_t *view, const node_rrset_t *rrset, knot_rrset_t *rr)
{
	knot_rdata_t *rdata = view->rdata != NULL ? view->rdata : rrset->rrs.rdata;
	knot_rrset_init(rr, view->owner, rrset->type, KNOT_CLASS_IN,
	                node_ttl(&view->node, rrset, rdata));
	rr->rrs = (knot_rdataset_t) { 1, knot_rdata_size(rdata->len), rdata };
	view->rdata = knot_rdataset_next(rdata);
	if ((uint8_t *)view->rdata == (uint8_t *)rrset->rrs.rdata + rrset->rrs.size) {
		view->rdata = NULL;
		view->at++;
	}
}

int view_next(view_t *view, knot_rrset_t *rr)
{
	while (true) {
		if (view->at == view->node.count) {
			int ret = next_node(view);
			if (ret != KNOT_EOK) {
				return ret;
			}
			continue;
		}
		const node_rrset_t *rrset = &view->node.rrsets[view->at];
		if (rrset->type == KNOT_RRTYPE_RRSIG) {
			next_sig(view, rrset, rr);
			return KNOT_EOK;
		}
		const bool sigs = view->sigs;
		view->sigs = !sigs;
		view->at += sigs;
		if (sigs ? rrset->sigs.count == 0 : rrset->type == KNOT_RRTYPE_SOA) {
			continue;
		}
		knot_rrset_init(rr, view->owner, sigs ? KNOT_RRTYPE_RRSIG : rrset->type,
		                KNOT_CLASS_IN, rrset->ttl);
		rr->rrs = sigs ? rrset->sigs : rrset->rrs;
		return KNOT_EOK;
	}
}

int view_seek(view_t *view, uint32_t serial)
{
	journal_close(&view->journal);
	return journal_open(&view->journal, &view->txn, view->state.id, view->state.version,
	                    serial);
}

int view_next_change(view_t *view, knot_rrset_t *rr)
{
	return journal_next(&view->journal, rr);
}
