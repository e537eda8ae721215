/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/node.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/rr/rdata.h"

size_t node_key(const knot_dname_t *owner, uint8_t *key)
{
	const knot_dname_t *labels[KNOT_DNAME_MAXLABELS];
	size_t count = 0;
	for (; *owner != 0; owner += *owner + 1) {
		labels[count++] = owner;
	}

	uint8_t *out = key;
	while (count > 0) {
		const uint8_t *label = labels[--count];
		for (uint8_t i = 1; i <= *label; i++) {
			if (label[i] <= 1) {
				*out++ = 1;
				*out++ = label[i] + 1;
			} else {
				*out++ = label[i];
			}
		}
		*out++ = 0;
	}
	if ((out - key) % 2 != 0) {
		*out++ = 0;
	}
	return out - key;
}

int node_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int ret = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return ret != 0 ? ret : (a_len > b_len) - (a_len < b_len);
}

bool node_key_same(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/*! Length without the octet that makes it even: two zeros at the end, since no label is empty. */
static size_t strip(const uint8_t *key, size_t key_len)
{
	bool padded = key_len >= 2 && key[key_len - 1] == 0 && key[key_len - 2] == 0;
	return padded ? key_len - 1 : key_len;
}

bool node_key_below(const uint8_t *key, size_t key_len, const uint8_t *above, size_t above_len)
{
	above_len = strip(above, above_len);
	return strip(key, key_len) > above_len && memcmp(key, above, above_len) == 0;
}

size_t node_key_owner(const uint8_t *key, size_t key_len, knot_dname_storage_t owner)
{
	/* Filled from the end, since the key begins at the root. */
	uint8_t *start = owner + KNOT_DNAME_MAXLEN - 1;
	*start = 0;
	const uint8_t *end = key + strip(key, key_len);
	while (key < end) {
		uint8_t label[KNOT_DNAME_MAXLABELLEN];
		uint8_t len = 0;
		while (key < end && *key != 0) {
			uint8_t octet = *key++;
			if (octet == 1) {
				if (key == end || *key < 1 || *key > 2) {
					return 0;
				}
				octet = *key++ - 1;
			}
			if (len == sizeof(label)) {
				return 0;
			}
			label[len++] = octet;
		}
		if (key == end || len == 0 || start - owner < len + 1) {
			return 0;
		}
		key++;
		start -= len;
		memcpy(start, label, len);
		*--start = len;
	}
	size_t size = owner + KNOT_DNAME_MAXLEN - start;
	memmove(owner, start, size);
	return size;
}

node_rrset_t *node_rrset(const node_t *node, uint16_t type)
{
	for (uint16_t i = 0; i < node->count && node->rrsets[i].type <= type; i++) {
		if (node->rrsets[i].type == type) {
			return &node->rrsets[i];
		}
	}
	return NULL;
}

int node_add(node_t *node, const node_rrset_t *rrset)
{
	if (node->count == node->capacity) {
		uint16_t capacity = node->capacity + 4;
		node_rrset_t *rrsets = realloc(node->rrsets, capacity * sizeof(*rrsets));
		if (rrsets == NULL) {
			return KNOT_ENOMEM;
		}
		node->rrsets = rrsets;
		node->capacity = capacity;
	}
	uint16_t at = node->count;
	while (at > 0 && node->rrsets[at - 1].type > rrset->type) {
		node->rrsets[at] = node->rrsets[at - 1];
		at--;
	}
	node->rrsets[at] = *rrset;
	node->count++;
	return KNOT_EOK;
}

void node_drop(node_t *node, uint16_t type)
{
	node_rrset_t *rrset = node_rrset(node, type);
	if (rrset != NULL) {
		node_rrset_t *end = node->rrsets + node->count;
		memmove(rrset, rrset + 1, (end - (rrset + 1)) * sizeof(*rrset));
		node->count--;
	}
}

uint8_t node_by_signer(uint16_t type)
{
	static const uint16_t types[] = NODE_BY_SIGNER;
	for (size_t i = 0; type >= types[0] && i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i] == type) {
			return 1 << i;
		}
	}
	return 0;
}

uint16_t node_count_data(const node_t *node)
{
	uint16_t count = 0;
	for (uint16_t i = 0; i < node->count; i++) {
		count += node_by_signer(node->rrsets[i].type) == 0;
	}
	return count;
}

bool node_is_signed(const node_t *node)
{
	return node_count_data(node) < node->count;
}

uint32_t node_ttl(const node_t *node, const node_rrset_t *rrset, const knot_rdata_t *rdata)
{
	if (rrset->type != KNOT_RRTYPE_RRSIG || rdata->len < sizeof(uint16_t)) {
		return rrset->ttl;
	}
	const node_rrset_t *covered = node_rrset(node, knot_wire_read_u16(rdata->data));
	return covered != NULL ? covered->ttl : rrset->ttl;
}

/*! Head of an RRset in the stored form; its RDATA and that of its RRSIGs follow. */
typedef struct {
	uint32_t ttl;
	uint32_t size, sigs_size;
	uint16_t type;
	uint16_t count, sigs_count;
} __attribute__((packed)) head_t;

_Static_assert(sizeof(head_t) == 18, "the stored form of a node has changed");

size_t node_size(const node_t *node)
{
	size_t size = 0;
	for (uint16_t i = 0; i < node->count; i++) {
		size += sizeof(head_t) + node->rrsets[i].rrs.size + node->rrsets[i].sigs.size;
	}
	return size;
}

void node_write(node_t *node, uint8_t *out)
{
	for (uint16_t i = 0; i < node->count; i++) {
		node_rrset_t *rrset = &node->rrsets[i];
		head_t head = {
			.ttl = rrset->ttl, .type = rrset->type,
			.size = rrset->rrs.size, .count = rrset->rrs.count,
			.sigs_size = rrset->sigs.size, .sigs_count = rrset->sigs.count,
		};
		memcpy(out, &head, sizeof(head));
		out += sizeof(head);
		memcpy(out, rrset->rrs.rdata, rrset->rrs.size);
		rrset->rrs.rdata = (knot_rdata_t *)out;
		out += rrset->rrs.size;
		if (rrset->sigs.size > 0) {
			memcpy(out, rrset->sigs.rdata, rrset->sigs.size);
		}
		rrset->sigs.rdata = (knot_rdata_t *)out;
		out += rrset->sigs.size;
	}
}

/*! \return Whether so many RDATA of the type fill the bytes that they are said to. */
static bool fill(uint16_t type, const knot_rdataset_t *rrs)
{
	const knot_rdata_t *rdata = rrs->rdata;
	size_t left = rrs->size;
	for (uint16_t i = 0; i < rrs->count; i++) {
		const size_t size = left >= sizeof(rdata->len) ? knot_rdata_size(rdata->len) : 0;
		if (size == 0 || size > left || !rdata_is_whole(type, rdata)) {
			return false;
		}
		left -= size;
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	return left == 0;
}

static bool is_sound(const node_t *node, const node_rrset_t *rrset)
{
	return rrset->rrs.count > 0 && fill(rrset->type, &rrset->rrs) &&
	       fill(KNOT_RRTYPE_RRSIG, &rrset->sigs) &&
	       (node->count == 0 || node->rrsets[node->count - 1].type < rrset->type);
}

int node_read(const uint8_t *data, size_t len, node_t *node)
{
	const uint8_t *end = data + len;
	memset(node, 0, sizeof(*node));
	while (data < end) {
		head_t head;
		if ((size_t)(end - data) < sizeof(head)) {
			node_deinit(node);
			return KNOT_EMALF;
		}
		memcpy(&head, data, sizeof(head));
		data += sizeof(head);
		if ((uint64_t)head.size + head.sigs_size > (size_t)(end - data)) {
			node_deinit(node);
			return KNOT_EMALF;
		}
		node_rrset_t rrset = {
			.type = head.type, .ttl = head.ttl,
			.rrs = { head.count, head.size, (knot_rdata_t *)data },
			.sigs = { head.sigs_count, head.sigs_size,
			          (knot_rdata_t *)(data + head.size) },
		};
		data += head.size + head.sigs_size;
		int ret = is_sound(node, &rrset) ? node_add(node, &rrset) : KNOT_EMALF;
		if (ret != KNOT_EOK) {
			node_deinit(node);
			return ret;
		}
	}
	return KNOT_EOK;
}

bool node_stored_has(const uint8_t *data, size_t len, uint16_t type)
{
	head_t head;
	while (len >= sizeof(head)) {
		memcpy(&head, data, sizeof(head));
		const uint64_t size = sizeof(head) + (uint64_t)head.size + head.sigs_size;
		if (head.type == type) {
			return true;
		}
		if (size > len) {
			return false;
		}
		data += size;
		len -= size;
	}
	return false;
}

void node_deinit(node_t *node)
{
	free(node->rrsets);
	free(node->pool);
	memset(node, 0, sizeof(*node));
}
