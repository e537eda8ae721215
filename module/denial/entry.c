/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/denial/entry.h"

#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/nsec.h>
#include <libknot/libknot.h>

/* Octets of NSEC3 RDATA before the salt: algorithm, flags, iterations (2), the salt's length. */
#define NSEC3_HEAD 5
#define FLAG_OPTOUT 1 /* RFC 5155, section 3.1.2.1. */

#define HASH_LABEL 32 /* Characters of a hash in Base 32. */

int entry_key(const state_chain_t *params, const knot_dname_t *name, uint8_t *key,
              size_t *key_len)
{
	if (!params->nsec3) {
		*key_len = node_key(name, key);
		return KNOT_EOK;
	}
	const dnssec_binary_t data = { .data = (uint8_t *)name, .size = knot_dname_size(name) };
	const dnssec_nsec3_params_t hashing = {
		.algorithm = DNSSEC_NSEC3_ALGORITHM_SHA1, .iterations = params->iterations,
		.salt = { .data = (uint8_t *)params->salt, .size = params->salt_len },
	};
	dnssec_binary_t hash = { 0 };
	int ret = KNOT_ENOMEM;
	if (dnssec_nsec3_hash(&data, &hashing, &hash) == DNSSEC_EOK &&
	    hash.size == ENTRY_HASH_LEN) {
		memcpy(key, hash.data, ENTRY_HASH_LEN);
		*key_len = ENTRY_HASH_LEN;
		ret = KNOT_EOK;
	}
	dnssec_binary_free(&hash);
	return ret;
}

int entry_owner(const state_chain_t *params, const knot_dname_t *apex, const uint8_t *key,
                size_t key_len, knot_dname_storage_t owner)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	if (!params->nsec3) {
		return node_key_owner(key, key_len, owner) > 0 ? KNOT_EOK : KNOT_EMALF;
	}
	const size_t apex_len = knot_dname_size(apex);
	if (key_len != ENTRY_HASH_LEN || 1 + HASH_LABEL + apex_len > KNOT_DNAME_MAXLEN) {
		return KNOT_EMALF;
	}
	uint8_t *out = owner;
	*out++ = HASH_LABEL;
	for (size_t i = 0; i < ENTRY_HASH_LEN; i += 5, key += 5) {
		uint64_t bits = (uint64_t)key[0] << 32 | (uint32_t)key[1] << 24 | key[2] << 16 |
		                key[3] << 8 | key[4];
		for (int shift = 35; shift >= 0; shift -= 5) {
			*out++ = digits[bits >> shift & 31];
		}
	}
	memcpy(out, apex, apex_len);
	return KNOT_EOK;
}

/*! Writes what comes before the bitmap. \return Bytes. */
static size_t write_head(const state_chain_t *params, const knot_dname_t *apex,
                         const entry_says_t *says, uint8_t *out)
{
	static const uint8_t nothing[ENTRY_HASH_LEN];
	if (!params->nsec3) {
		knot_dname_storage_t next;
		const knot_dname_t *name =
			says->next != NULL && node_key_owner(says->next, says->next_len, next) > 0
			? next : apex;
		memcpy(out, name, knot_dname_size(name));
		return knot_dname_size(name);
	}
	*out++ = 1;
	*out++ = params->optout ? FLAG_OPTOUT : 0;
	*out++ = params->iterations >> 8;
	*out++ = params->iterations & 0xff;
	*out++ = params->salt_len;
	memcpy(out, params->salt, params->salt_len);
	out += params->salt_len;
	*out++ = ENTRY_HASH_LEN;
	memcpy(out, says->next != NULL ? says->next : nothing, ENTRY_HASH_LEN);
	return NSEC3_HEAD + params->salt_len + 1 + ENTRY_HASH_LEN;
}

int entry_rrset(const state_chain_t *params, const knot_dname_t *apex, const entry_says_t *says,
                arena_t *arena, node_rrset_t *rrset)
{
	uint8_t head[KNOT_DNAME_MAXLEN + NSEC3_HEAD + ENTRY_HASH_LEN + 1];
	const size_t head_len = write_head(params, apex, says, head);
	const size_t len = head_len + says->bitmap_len;
	knot_rdata_t *rdata = arena_alloc(arena, knot_rdata_size(len));
	if (rdata == NULL) {
		return KNOT_ENOMEM;
	}
	memset(rdata, 0, knot_rdata_size(len));
	rdata->len = len;
	memcpy(rdata->data, head, head_len);
	if (says->bitmap_len > 0) {
		memcpy(rdata->data + head_len, says->bitmap, says->bitmap_len);
	}
	*rrset = (node_rrset_t) {
		.type = params->nsec3 ? KNOT_RRTYPE_NSEC3 : KNOT_RRTYPE_NSEC, .ttl = says->ttl,
		.rrs = { 1, knot_rdata_size(len), rdata },
	};
	return KNOT_EOK;
}

static size_t padded(size_t len)
{
	return (len + 1) & ~(size_t)1;
}

size_t entry_prefix_size(const state_chain_t *params, const knot_dname_t *name)
{
	return params->nsec3 ? sizeof(uint32_t) + padded(knot_dname_size(name)) : 0;
}

void entry_write_prefix(const state_chain_t *params, const knot_dname_t *name, uint32_t children,
                        uint8_t *out)
{
	if (params->nsec3) {
		const size_t len = knot_dname_size(name);
		memcpy(out, &children, sizeof(children));
		out += sizeof(children);
		memset(out, 0, padded(len));
		memcpy(out, name, len);
	}
}

int entry_read(const state_chain_t *params, const uint8_t *data, size_t len,
               chain_entry_t *entry)
{
	memset(entry, 0, sizeof(*entry));
	if (params->nsec3) {
		if (len < sizeof(entry->children) ||
		    knot_dname_wire_check(data + sizeof(entry->children), data + len, NULL) <= 0) {
			return KNOT_EMALF;
		}
		memcpy(&entry->children, data, sizeof(entry->children));
		entry->name = data + sizeof(entry->children);
		const size_t prefix = sizeof(entry->children) +
		                      padded(knot_dname_size(entry->name));
		if (len < prefix) {
			return KNOT_EMALF;
		}
		data += prefix;
		len -= prefix;
	}
	return node_read(data, len, &entry->node);
}

int entry_parse(const state_chain_t *params, const node_t *node, entry_says_t *says,
                uint8_t *next)
{
	const node_rrset_t *rrset = node_rrset(node, params->nsec3 ? KNOT_RRTYPE_NSEC3
	                                                           : KNOT_RRTYPE_NSEC);
	if (rrset == NULL || rrset->rrs.count != 1) {
		return KNOT_EMALF;
	}
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	size_t head = NSEC3_HEAD + params->salt_len + 1 + ENTRY_HASH_LEN;
	if (!params->nsec3) {
		int len = knot_dname_wire_check(rdata->data, rdata->data + rdata->len, NULL);
		head = len > 0 ? (size_t)len : SIZE_MAX;
	}
	if (rdata->len < head) {
		return KNOT_EMALF;
	}
	*says = (entry_says_t) {
		.next = next, .next_len = ENTRY_HASH_LEN, .ttl = rrset->ttl,
		.bitmap = rdata->data + head, .bitmap_len = rdata->len - head,
	};
	if (params->nsec3) {
		memcpy(next, rdata->data + head - ENTRY_HASH_LEN, ENTRY_HASH_LEN);
	} else {
		says->next_len = node_key(rdata->data, next);
	}
	return KNOT_EOK;
}
