/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/changes.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/sign/expiry.h"

void changes_deinit(changes_t *changes)
{
	arena_free(&changes->arena);
	free(changes->list);
	memset(changes, 0, sizeof(*changes));
}

/*! Adds a change without a stored form yet; copies key and owner. */
static change_t *add(changes_t *changes, const change_t *change)
{
	if (changes->count == changes->capacity) {
		size_t capacity = changes->capacity * 2 + 16;
		change_t *list = realloc(changes->list, capacity * sizeof(*list));
		if (list == NULL) {
			return NULL;
		}
		changes->list = list;
		changes->capacity = capacity;
	}
	change_t *fresh = &changes->list[changes->count];
	*fresh = *change;
	fresh->key = arena_copy(&changes->arena, change->key, change->key_len);
	fresh->owner = arena_copy(&changes->arena, change->owner, knot_dname_size(change->owner));
	if (fresh->key == NULL || fresh->owner == NULL) {
		return NULL;
	}
	changes->count++;
	return fresh;
}

int changes_keep_node(changes_t *changes, build_t *build, build_node_t *bn, uint32_t id,
                      size_t first_job)
{
	change_t *change = add(changes, &(change_t) {
		.id = id, .key = bn->key, .key_len = bn->key_len, .owner = bn->owner,
		.kind = bn->kind,
		.stored_len = node_size(&bn->node), .expiry = bn->expiry,
	});
	if (change == NULL) {
		return KNOT_ENOMEM;
	}
	const signatures_place_t place = {
		.owner = change->owner, .first_job = first_job, .arena = &changes->arena,
	};
	return signatures_keep(build, &bn->node, &place, &change->stored);
}

/*** Entries. ***/

/*! RFC 9077: the TTL of an entry is that of negative answers. */
static uint32_t denial_ttl(const keyset_t *set)
{
	return set->soa_ttl < set->soa_minimum ? set->soa_ttl : set->soa_minimum;
}

/*! Reads the entry of the chain whose signatures can be used, if there is one. */
static int read_published(const chain_t *chain, const chain_edit_t *edit, node_t *node)
{
	const uint8_t *data = NULL;
	size_t len = 0;
	chain_entry_t entry;
	memset(node, 0, sizeof(*node));
	if (chain->published == NULL) {
		return KNOT_EOK;
	}
	const store_key_t key = { STORE_CHAIN, chain->published->id, edit->key, edit->key_len };
	int ret = store_find(chain->txn, &key, &data, &len);
	if (ret == KNOT_EOK) {
		ret = entry_read(chain->published, data, len, &entry);
	}
	if (ret == KNOT_EOK) {
		*node = entry.node;
	}
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static int sign_entry(build_t *build, const chain_t *chain, const chain_edit_t *edit,
                      const knot_dname_t *owner, node_rrset_t *rrset, uint32_t *expiry)
{
	const node_rrset_t *old = node_rrset(&edit->old.node, rrset->type);
	if (build_same(rrset, old) && old->sigs.count > 0) {
		return signatures_make(build, owner, rrset, old, expiry);
	}
	node_t node;
	int ret = read_published(chain, edit, &node);
	if (ret == KNOT_EOK) {
		const node_rrset_t *published = node_rrset(&node, rrset->type);
		ret = signatures_make(build, owner, rrset,
		                      build_same(rrset, published) ? published : NULL, expiry);
		node_deinit(&node);
	}
	return ret;
}

static int make_entry(changes_t *changes, build_t *build, const chain_t *chain,
                      const chain_edit_t *edit)
{
	const size_t first_job = build->job_count;
	knot_dname_storage_t owner;
	change_t change = {
		.chain = chain->params, .id = chain->params->id, .key = edit->key,
		.key_len = edit->key_len, .owner = owner, .done = chain_is_done(chain, edit),
		.complete = chain->complete,
	};
	int ret = entry_owner(chain->params, chain->apex, edit->key, edit->key_len, owner);
	if (ret != KNOT_EOK || !edit->is) {
		return ret != KNOT_EOK ? ret : add(changes, &change) != NULL ? KNOT_EOK
		                                                             : KNOT_ENOMEM;
	}
	node_rrset_t rrset;
	ret = chain_rrset(chain, edit, denial_ttl(&build->ring->set), &build->scratch, &rrset);
	const node_rrset_t *old = ret == KNOT_EOK ? node_rrset(&edit->old.node, rrset.type) : NULL;
	if (ret == KNOT_EOK && change.done) {
		ret = sign_entry(build, chain, edit, owner, &rrset, &change.expiry);
	}
	const bool changed = !build_same(&rrset, old) || build->job_count > first_job ||
	                     rrset.sigs.count != old->sigs.count ||
	                     edit->children != edit->old.children;
	if (ret != KNOT_EOK || !changed) {
		return ret;
	}
	node_t node = { .rrsets = &rrset, .count = 1 };
	change.prefix = entry_prefix_size(chain->params, edit->name);
	change.stored_len = change.prefix + node_size(&node);
	change_t *kept = add(changes, &change);
	if (kept == NULL) {
		return KNOT_ENOMEM;
	}
	const signatures_place_t place = {
		.owner = kept->owner, .first_job = first_job, .prefix = change.prefix,
		.arena = &changes->arena,
	};
	ret = signatures_keep(build, &node, &place, &kept->stored);
	if (ret == KNOT_EOK) {
		entry_write_prefix(chain->params, edit->name, edit->children, kept->stored);
	}
	return ret;
}

int changes_make_entries(changes_t *changes, build_t *build, const chain_t *chain,
                         uint32_t *max_ttl)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < chain->count; i++) {
		if (chain_changes(chain->edits[i])) {
			ret = make_entry(changes, build, chain, chain->edits[i]);
			arena_free(&build->scratch);
		}
	}
	uint32_t ttl = denial_ttl(&build->ring->set);
	*max_ttl = ttl > *max_ttl ? ttl : *max_ttl;
	return ret;
}

/*** The store. ***/

static int read_node(const change_t *change, const uint8_t *data, size_t len, node_t *node)
{
	if (change->chain == NULL) {
		return node_read(data, len, node);
	}
	chain_entry_t entry;
	int ret = entry_read(change->chain, data, len, &entry);
	if (ret == KNOT_EOK) {
		*node = entry.node;
	}
	return ret;
}

static bool is_next(const state_t *state, const change_t *change)
{
	return change->chain != NULL ? change->id == state->next_chain.id
	                             : change->id == state->next_nodes;
}

static state_part_t *part_of(state_t *state, const change_t *change)
{
	state_size_t *size = is_next(state, change) ? &state->next_size : &state->size;
	return change->chain != NULL ? &size->chain : &size->nodes;
}

/*! Counts the signatures of a node for or against their keys. */
static void count_signatures(state_t *state, const change_t *change, const node_t *node, int64_t by)
{
	const bool next = is_next(state, change);
	const bool apex = node_rrset(node, KNOT_RRTYPE_SOA) != NULL;
	for (uint16_t i = 0; i < node->count; i++) {
		const knot_rdataset_t *sigs = &node->rrsets[i].sigs;
		const knot_rdata_t *sig = sigs->rdata;
		const bool by_ksk = signatures_by_ksk(node->rrsets[i].type, apex);
		for (uint16_t n = 0; !by_ksk && n < sigs->count; n++) {
			state_key_t *key = state_key(state, rrsig_algorithm(sig),
			                             rrsig_keytag(sig));
			*(next ? &key->next : &key->signatures) += by;
			if (change->chain != NULL) {
				*(next ? &key->next_chained : &key->chained) += by;
			}
			sig = knot_rdataset_next((knot_rdata_t *)sig);
		}
	}
}

int changes_store(const change_t *change, store_txn_t *txn, state_t *state, journal_t *journal)
{
	const store_key_t key = {
		change->chain != NULL ? STORE_CHAIN : STORE_SIGNED, change->id, change->key,
		change->key_len
	};
	const uint8_t *data = NULL;
	size_t len = 0;
	node_t old = { 0 }, new = { 0 };
	int ret = store_find(txn, &key, &data, &len);
	ret = ret == KNOT_EOK ? read_node(change, data, len, &old) :
	      ret == KNOT_ENOENT ? KNOT_EOK : ret;
	if (ret == KNOT_EOK && change->stored_len > 0) {
		ret = node_read(change->stored + change->prefix,
		                change->stored_len - change->prefix, &new);
	}
	if (ret == KNOT_EOK && journal != NULL) {
		ret = journal_node(journal, change->owner, &old, &new);
	}
	if (ret == KNOT_EOK) {
		ret = expiry_remove(txn, change->id, expiry_of(&old), change->key, change->key_len);
	}
	if (ret == KNOT_EOK) {
		ret = expiry_add(txn, change->id, change->expiry, change->key, change->key_len);
	}
	if (ret == KNOT_EOK) {
		state_part_t *part = part_of(state, change);
		part->bytes += change->stored_len - len;
		part->queued += (change->expiry > 0) - (expiry_of(&old) > 0);
		count_signatures(state, change, &old, -1);
		count_signatures(state, change, &new, 1);
		ret = change->stored_len > 0
		      ? store_put(txn, &key, change->stored, change->stored_len)
		      : store_del(txn, &key);
	}
	node_deinit(&old);
	node_deinit(&new);
	return ret;
}

/*! Checks that the entry that a cursor is at points to a key. */
static int check_link(const state_chain_t *chain, const store_cursor_t *cursor, const uint8_t *key,
                      size_t key_len)
{
	chain_entry_t entry;
	entry_says_t says;
	uint8_t next[NODE_KEY_MAX];
	int ret = entry_read(chain, cursor->data, cursor->data_len, &entry);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = entry_parse(chain, &entry.node, &says, next);
	if (ret == KNOT_EOK && !node_key_same(says.next, says.next_len, key, key_len)) {
		ret = KNOT_ESEMCHECK;
	}
	node_deinit(&entry.node);
	return ret;
}

/*! Gives the key of the entry at or behind a key, or of the first one. */
static int key_behind(store_cursor_t *cursor, const change_t *change, uint8_t *key, size_t *key_len)
{
	int ret = store_seek(cursor, change->key, change->key_len);
	if (ret == KNOT_EOK && change->stored_len > 0) {
		ret = store_next(cursor);
	}
	if (ret == KNOT_ENOENT) {
		ret = store_seek(cursor, NULL, 0);
	}
	if (ret == KNOT_EOK) {
		*key_len = cursor->key_len;
		memcpy(key, cursor->key, cursor->key_len);
	}
	return ret;
}

int changes_check_links(const change_t *change, store_txn_t *txn)
{
	store_cursor_t cursor;
	uint8_t key[NODE_KEY_MAX];
	size_t key_len = 0;
	if (!change->done) {
		return KNOT_EOK;
	}
	int ret = store_cursor(txn, STORE_CHAIN, change->id, &cursor);
	if (ret == KNOT_EOK) {
		ret = key_behind(&cursor, change, key, &key_len);
	}
	if (ret == KNOT_EOK && change->stored_len > 0) {
		ret = store_seek(&cursor, change->key, change->key_len);
		if (ret == KNOT_EOK) {
			ret = check_link(change->chain, &cursor, key, key_len);
		}
		memcpy(key, change->key, change->key_len);
		key_len = change->key_len;
	}
	if (ret == KNOT_EOK) {
		ret = store_seek_before(&cursor, change->key, change->key_len);
		if (ret == KNOT_ENOENT && change->complete) {
			ret = store_seek_before(&cursor, NULL, 0);
		}
		if (ret == KNOT_EOK) {
			ret = check_link(change->chain, &cursor, key, key_len);
		}
	}
	store_cursor_close(&cursor);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Gives the types that a chain's entry has for a name; none if there is no entry. */
static int read_types(store_txn_t *txn, const state_chain_t *chain, const knot_dname_t *owner,
                      entry_says_t *says)
{
	uint8_t key[NODE_KEY_MAX], next[NODE_KEY_MAX];
	size_t key_len, data_len = 0;
	const uint8_t *data = NULL;
	chain_entry_t entry;
	memset(says, 0, sizeof(*says));
	int ret = entry_key(chain, owner, key, &key_len);
	if (ret == KNOT_EOK) {
		const store_key_t at = { STORE_CHAIN, chain->id, key, key_len };
		ret = store_find(txn, &at, &data, &data_len);
	}
	if (ret == KNOT_EOK) {
		ret = entry_read(chain, data, data_len, &entry);
	}
	if (ret != KNOT_EOK) {
		return ret == KNOT_ENOENT ? KNOT_EOK : ret;
	}
	ret = entry_parse(chain, &entry.node, says, next);
	says->next = NULL; /* Only types are asked for. */
	node_deinit(&entry.node);
	return ret;
}

int changes_check_types(const change_t *change, store_txn_t *txn, const state_chain_t *chain,
                        const knot_dname_t *apex, denial_t *denial)
{
	entry_says_t says = { 0 };
	node_t node;
	int ret = node_read(change->stored, change->stored_len, &node);
	if (ret == KNOT_EOK) {
		ret = denial_types(denial, chain, &node, change->kind,
		                   knot_dname_is_equal(change->owner, apex));
		node_deinit(&node);
	}
	if (ret == KNOT_EOK) {
		ret = read_types(txn, chain, change->owner, &says);
	}
	if (ret == KNOT_EOK &&
	    (says.bitmap_len != denial->len ||
	     (denial->len > 0 && memcmp(says.bitmap, denial->data, denial->len) != 0))) {
		ret = KNOT_ESEMCHECK;
	}
	return ret;
}
