/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/zonemd.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>
#include <openssl/evp.h>

/*** Nodes, or entries of the chain, as the version has them, in canonical order. ***/

typedef struct {
	const zonemd_zone_t *zone;
	const state_chain_t *chain;  /*!< NULL: nodes. */
	store_cursor_t cursor;
	int cursor_ret;              /*!< KNOT_EOK while the cursor is at an entry. */
	const change_t **changes;    /*!< In the order of their keys. */
	size_t count, at;
	/* The node or entry that the stream is at. */
	bool end;
	node_t node;
	knot_dname_storage_t owner;
	uint8_t key[NODE_KEY_MAX];   /*!< node_key() of the owner. */
	size_t key_len;
} stream_t;

static int compare_changes(const void *a, const void *b)
{
	const change_t *left = *(const change_t *const *)a, *right = *(const change_t *const *)b;
	return node_key_compare(left->key, left->key_len, right->key, right->key_len);
}

static int read_changes(stream_t *stream, uint32_t id)
{
	const changes_t *changes = stream->zone->changes;
	stream->changes = malloc((changes->count + 1) * sizeof(stream->changes[0]));
	if (stream->changes == NULL) {
		return KNOT_ENOMEM;
	}
	for (size_t i = 0; i < changes->count; i++) {
		const change_t *change = &changes->list[i];
		if (change->id == id && (change->chain != NULL) == (stream->chain != NULL)) {
			stream->changes[stream->count++] = change;
		}
	}
	qsort(stream->changes, stream->count, sizeof(stream->changes[0]), compare_changes);
	return KNOT_EOK;
}

static void stream_close(stream_t *stream)
{
	store_cursor_close(&stream->cursor);
	node_deinit(&stream->node);
	free(stream->changes);
}

/*! Reads what is stored, or is to be stored, under a key. */
static int take(stream_t *stream, const uint8_t *key, size_t key_len, const uint8_t *data,
                size_t len)
{
	int ret = KNOT_EOK;
	if (stream->chain != NULL) {
		chain_entry_t entry;
		ret = entry_owner(stream->chain, stream->zone->apex, key, key_len, stream->owner);
		if (ret == KNOT_EOK) {
			ret = entry_read(stream->chain, data, len, &entry);
		}
		if (ret == KNOT_EOK) {
			stream->node = entry.node;
		}
	} else {
		ret = node_key_owner(key, key_len, stream->owner) > 0
		      ? node_read(data, len, &stream->node) : KNOT_EMALF;
	}
	if (ret == KNOT_EOK) {
		stream->key_len = node_key(stream->owner, stream->key);
	}
	return ret;
}

static int stream_next(stream_t *stream)
{
	node_deinit(&stream->node);
	while (true) {
		store_cursor_t *cursor = &stream->cursor;
		const bool stored = stream->cursor_ret == KNOT_EOK;
		const change_t *change = stream->at < stream->count ? stream->changes[stream->at]
		                                                    : NULL;
		if (!stored && stream->cursor_ret != KNOT_ENOENT) {
			return stream->cursor_ret;
		}
		if (!stored && change == NULL) {
			stream->end = true;
			return KNOT_EOK;
		}
		const int order = !stored ? 1 : change == NULL ? -1 :
		                  node_key_compare(cursor->key, cursor->key_len, change->key,
		                                   change->key_len);
		int ret = KNOT_EOK;
		const bool is = order < 0 || change->stored_len > 0;
		if (order < 0) {
			ret = take(stream, cursor->key, cursor->key_len, cursor->data,
			           cursor->data_len);
		} else if (is) {
			ret = take(stream, change->key, change->key_len, change->stored,
			           change->stored_len);
		}
		/* The snapshot keeps what the cursor was at. */
		stream->at += order >= 0;
		stream->cursor_ret = order <= 0 ? store_next(cursor) : stream->cursor_ret;
		if (ret != KNOT_EOK || is) {
			return ret;
		}
	}
}

static int stream_open(stream_t *stream, const zonemd_zone_t *zone, const state_chain_t *chain)
{
	const uint32_t id = chain != NULL ? chain->id : zone->nodes;
	memset(stream, 0, sizeof(*stream));
	stream->zone = zone;
	stream->chain = chain;
	int ret = read_changes(stream, id);
	if (ret == KNOT_EOK) {
		ret = store_cursor(zone->txn, chain != NULL ? STORE_CHAIN : STORE_SIGNED, id,
		                   &stream->cursor);
	}
	if (ret == KNOT_EOK) {
		stream->cursor_ret = store_next(&stream->cursor);
		ret = stream_next(stream);
	}
	return ret;
}

/*** The digest. ***/

typedef struct {
	EVP_MD_CTX *hash;
	const knot_dname_t *owner;
	size_t owner_len;
	bool apex;
	bool failed;
} digest_t;

/*! A signature, with the TTL of what it covers. */
typedef struct {
	const knot_rdata_t *rdata;
	uint32_t ttl;
} sig_t;

static void add_rr(digest_t *digest, uint16_t type, uint32_t ttl, const knot_rdata_t *rdata)
{
	uint8_t head[10];
	knot_wire_write_u16(head, type);
	knot_wire_write_u16(head + 2, KNOT_CLASS_IN);
	knot_wire_write_u32(head + 4, ttl);
	knot_wire_write_u16(head + 8, rdata->len);
	digest->failed |= EVP_DigestUpdate(digest->hash, digest->owner, digest->owner_len) != 1 ||
	                  EVP_DigestUpdate(digest->hash, head, sizeof(head)) != 1 ||
	                  EVP_DigestUpdate(digest->hash, rdata->data, rdata->len) != 1;
}

/*! RFC 8976, section 3.3.1: neither the ZONEMD at the apex nor its signatures are in the digest. */
static bool is_out(const digest_t *digest, const node_rrset_t *rrset)
{
	return digest->apex && rrset->type == KNOT_RRTYPE_ZONEMD;
}

static void add_rrset(digest_t *digest, const node_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count && !is_out(digest, rrset); i++) {
		add_rr(digest, rrset->type, rrset->ttl, rdata);
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
}

static int compare_sigs(const void *a, const void *b)
{
	return knot_rdata_cmp(((const sig_t *)a)->rdata, ((const sig_t *)b)->rdata);
}

/*! The RRSIGs at a name are one RRset, in canonical order. */
static int add_sigs(digest_t *digest, const node_t *node)
{
	size_t count = 0;
	for (uint16_t i = 0; i < node->count; i++) {
		count += is_out(digest, &node->rrsets[i]) ? 0 : node->rrsets[i].sigs.count;
	}
	sig_t *sigs = malloc((count + 1) * sizeof(*sigs));
	if (sigs == NULL) {
		return KNOT_ENOMEM;
	}
	count = 0;
	for (uint16_t i = 0; i < node->count; i++) {
		const node_rrset_t *rrset = &node->rrsets[i];
		const knot_rdata_t *sig = rrset->sigs.rdata;
		for (uint16_t n = 0; n < rrset->sigs.count && !is_out(digest, rrset); n++) {
			sigs[count++] = (sig_t) { sig, rrset->ttl };
			sig = knot_rdataset_next((knot_rdata_t *)sig);
		}
	}
	qsort(sigs, count, sizeof(*sigs), compare_sigs);
	for (size_t i = 0; i < count; i++) {
		add_rr(digest, KNOT_RRTYPE_RRSIG, sigs[i].ttl, sigs[i].rdata);
	}
	free(sigs);
	return KNOT_EOK;
}

static int add_node(digest_t *digest, const node_t *node)
{
	uint16_t i = 0;
	for (; i < node->count && node->rrsets[i].type < KNOT_RRTYPE_RRSIG; i++) {
		add_rrset(digest, &node->rrsets[i]);
	}
	int ret = add_sigs(digest, node);
	for (; i < node->count; i++) {
		add_rrset(digest, &node->rrsets[i]);
	}
	return ret;
}

/*! Adds the name that comes first in either stream. */
static int add_next(digest_t *digest, stream_t *nodes, stream_t *chain)
{
	const int order = nodes->end ? 1 : chain->end ? -1 :
	                  node_key_compare(nodes->key, nodes->key_len, chain->key, chain->key_len);
	stream_t *first = order <= 0 ? nodes : chain;
	digest->owner = first->owner;
	digest->owner_len = knot_dname_size(first->owner);
	digest->apex = knot_dname_is_equal(first->owner, nodes->zone->apex);
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && order == 0 && i < chain->node.count; i++) {
		ret = node_add(&nodes->node, &chain->node.rrsets[i]);
	}
	ret = ret == KNOT_EOK ? add_node(digest, &first->node) : ret;
	if (ret == KNOT_EOK && order <= 0) {
		ret = stream_next(nodes);
	}
	return ret == KNOT_EOK && order >= 0 ? stream_next(chain) : ret;
}

static int add_all(digest_t *digest, const zonemd_zone_t *zone)
{
	stream_t nodes, chain = { .end = true };
	int ret = stream_open(&nodes, zone, NULL);
	if (ret == KNOT_EOK && zone->chain->id != 0) {
		ret = stream_open(&chain, zone, zone->chain);
	}
	while (ret == KNOT_EOK && !(nodes.end && chain.end)) {
		ret = atomic_load(zone->stop) ? KNOT_EAGAIN
		                                : add_next(digest, &nodes, &chain);
	}
	stream_close(&nodes);
	stream_close(&chain);
	return ret;
}

int zonemd_digest(const zonemd_zone_t *zone, uint8_t digest[ZONEMD_DIGEST_LEN])
{
	digest_t making = { .hash = EVP_MD_CTX_new() };
	making.failed = making.hash == NULL ||
	                EVP_DigestInit_ex(making.hash, EVP_sha384(), NULL) != 1;
	int ret = making.failed ? KNOT_ENOMEM : add_all(&making, zone);
	if (ret == KNOT_EOK &&
	    (making.failed || EVP_DigestFinal_ex(making.hash, digest, NULL) != 1)) {
		ret = KNOT_ENOMEM;
	}
	EVP_MD_CTX_free(making.hash);
	return ret;
}
