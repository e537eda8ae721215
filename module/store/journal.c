/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/journal.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/rr/rdata.h"

/* Bytes from which on a part, one entry of the table, is closed: few entries for a large version,
 * and little to copy for LMDB when a version is small. */
#define PART_SIZE ((size_t)1 << 16)

#define KEY_LEN 14 /* Octets: version (8), half (2), part (4). */

/*! Head of an RR in a part; the owner, padded to even length, and the RDATA with its length
 * follow. */
typedef struct {
	uint32_t ttl;
	uint16_t type;
	uint16_t owner_len;
} head_t;

_Static_assert(sizeof(head_t) == 8, "the stored form of the journal has changed");

static void write_key(uint8_t *key, uint64_t version, uint16_t half, uint32_t part)
{
	for (int i = 0; i < 8; i++) {
		key[i] = version >> (56 - 8 * i);
	}
	key[8] = half >> 8;
	key[9] = half;
	for (int i = 0; i < 4; i++) {
		key[10 + i] = part >> (24 - 8 * i);
	}
}

static int close_part(journal_t *journal, uint16_t half)
{
	journal_half_t *to = &journal->halves[half];
	uint8_t key[KEY_LEN];
	write_key(key, journal->version.number, half, to->part++);
	int ret = store_put(journal->version.txn, &(store_key_t) {
		STORE_JOURNAL, journal->version.zone_id, key, sizeof(key)
	}, to->data, to->len);
	journal->bytes += to->len;
	to->len = 0;
	return ret;
}

static bool is_full(const journal_t *journal)
{
	const size_t open = journal->halves[0].len + journal->halves[1].len;
	return journal->bytes + open > journal->version.most;
}

static int add(journal_t *journal, uint16_t half, const knot_dname_t *owner, uint16_t type,
               uint32_t ttl, const knot_rdata_t *rdata)
{
	if (is_full(journal)) {
		return KNOT_EOK;
	}
	journal_half_t *to = &journal->halves[half];
	const size_t owner_len = knot_dname_size(owner), padded = (owner_len + 1) & ~(size_t)1;
	const size_t len = sizeof(head_t) + padded + knot_rdata_size(rdata->len);
	if (to->size - to->len < len) {
		size_t size = to->size + len + PART_SIZE;
		uint8_t *data = realloc(to->data, size);
		if (data == NULL) {
			return KNOT_ENOMEM;
		}
		to->data = data;
		to->size = size;
	}
	const head_t head = { .ttl = ttl, .type = type, .owner_len = owner_len };
	uint8_t *out = to->data + to->len;
	memset(out, 0, len);
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), owner, owner_len);
	memcpy(out + sizeof(head) + padded, rdata, sizeof(*rdata) + rdata->len);
	to->len += len;
	return to->len >= PART_SIZE ? close_part(journal, half) : KNOT_EOK;
}

int journal_begin(journal_t *journal, const journal_version_t *version,
                  const node_rrset_t soa[2])
{
	memset(journal, 0, sizeof(*journal));
	journal->version = *version;
	int ret = KNOT_EOK;
	for (uint16_t half = 0; ret == KNOT_EOK && half < 2; half++) {
		ret = add(journal, half, version->apex, KNOT_RRTYPE_SOA, soa[half].ttl,
		          soa[half].rrs.rdata);
	}
	return ret;
}

/*! Adds the RRs of an RRset that another RRset lacks. Both are in canonical order. */
static int add_missing(journal_t *journal, uint16_t half, const knot_dname_t *owner,
                       const node_rrset_t *of, const node_rrset_t *in)
{
	const bool same_ttl = in != NULL && in->ttl == of->ttl;
	uint16_t left = same_ttl ? in->rrs.count : 0;
	const knot_rdata_t *other = same_ttl ? in->rrs.rdata : NULL;
	const knot_rdata_t *rr = of->rrs.rdata;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && i < of->rrs.count; i++) {
		int order = 1;
		while (left > 0 && (order = knot_rdata_cmp(other, rr)) < 0) {
			other = knot_rdataset_next((knot_rdata_t *)other);
			left--;
		}
		if (left == 0 || order != 0) {
			ret = add(journal, half, owner, of->type, of->ttl, rr);
		}
		rr = knot_rdataset_next((knot_rdata_t *)rr);
	}
	return ret;
}

static bool has(const knot_rdataset_t *sigs, const knot_rdata_t *wanted)
{
	const knot_rdata_t *sig = sigs->rdata;
	for (uint16_t i = 0; i < sigs->count; i++) {
		if (knot_rdata_cmp(sig, wanted) == 0) {
			return true;
		}
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	return false;
}

/*! RRSIGs over an RRset; or, if the zone passes through and has them as data, all at a name. */
typedef struct {
	const node_t *node;
	const node_rrset_t *rrset; /*!< The RRset that they cover, or in which they are; NULL:
	                                none. */
	knot_rdataset_t rrs;
} sigs_t;

static sigs_t sigs_of(const node_t *node, uint16_t type)
{
	sigs_t sigs = { .node = node, .rrset = node_rrset(node, type) };
	if (sigs.rrset != NULL) {
		sigs.rrs = type == KNOT_RRTYPE_RRSIG ? sigs.rrset->rrs : sigs.rrset->sigs;
	}
	return sigs;
}

/*! Adds the RRSIGs that another node lacks. They are few; those over an RRset are in no order. */
static int add_missing_sigs(journal_t *journal, uint16_t half, const knot_dname_t *owner,
                            const sigs_t *of, const sigs_t *in)
{
	const knot_rdata_t *sig = of->rrs.rdata;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && i < of->rrs.count; i++) {
		const uint32_t ttl = node_ttl(of->node, of->rrset, sig);
		if (!has(&in->rrs, sig) || node_ttl(in->node, in->rrset, sig) != ttl) {
			ret = add(journal, half, owner, KNOT_RRTYPE_RRSIG, ttl, sig);
		}
		sig = knot_rdataset_next((knot_rdata_t *)sig);
	}
	return ret;
}

int journal_node(journal_t *journal, const knot_dname_t *owner, const node_t *old,
                 const node_t *new)
{
	const node_t *sides[2] = { old, new };
	int ret = KNOT_EOK;
	for (uint16_t half = 0; half < 2; half++) {
		const node_t *side = sides[half], *other = sides[1 - half];
		for (uint16_t i = 0; ret == KNOT_EOK && i < side->count; i++) {
			const node_rrset_t *of = &side->rrsets[i];
			const sigs_t sigs = sigs_of(side, of->type);
			const sigs_t other_sigs = sigs_of(other, of->type);
			if (of->type != KNOT_RRTYPE_SOA && of->type != KNOT_RRTYPE_RRSIG) {
				ret = add_missing(journal, half, owner, of, other_sigs.rrset);
			}
			if (ret == KNOT_EOK) {
				ret = add_missing_sigs(journal, half, owner, &sigs, &other_sigs);
			}
		}
	}
	return ret;
}

static uint64_t read_version(const uint8_t *key)
{
	uint64_t version = 0;
	for (int i = 0; i < 8; i++) {
		version = version << 8 | key[i];
	}
	return version;
}

/*! Drops the oldest versions while there are too many, or too many bytes. */
static int trim(journal_t *journal, uint64_t *bytes)
{
	store_cursor_t cursor;
	uint64_t dropped = 0;
	const journal_version_t *newest = &journal->version;
	int ret = store_cursor(newest->txn, STORE_JOURNAL, newest->zone_id, &cursor);
	while (ret == KNOT_EOK && (ret = store_next(&cursor)) == KNOT_EOK) {
		const uint64_t version = read_version(cursor.key);
		if (version != dropped && *bytes <= journal->version.most &&
		    version + JOURNAL_VERSIONS > journal->version.number) {
			break;
		}
		dropped = version;
		*bytes -= cursor.data_len;
		ret = store_cursor_del(&cursor);
	}
	store_cursor_close(&cursor);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

int journal_end(journal_t *journal, uint64_t *bytes)
{
	if (is_full(journal)) {
		*bytes = 0;
		return store_clear(journal->version.txn, STORE_JOURNAL, journal->version.zone_id);
	}
	int ret = KNOT_EOK;
	for (uint16_t half = 0; ret == KNOT_EOK && half < 2; half++) {
		if (journal->halves[half].len > 0) {
			ret = close_part(journal, half);
		}
	}
	*bytes += journal->bytes;
	return ret == KNOT_EOK ? trim(journal, bytes) : ret;
}

void journal_deinit(journal_t *journal)
{
	free(journal->halves[0].data);
	free(journal->halves[1].data);
	memset(journal, 0, sizeof(*journal));
}

/*** Reading. ***/

int journal_open(journal_reader_t *reader, store_txn_t *txn, uint32_t zone_id, uint64_t version,
                 uint32_t serial)
{
	memset(reader, 0, sizeof(*reader));
	int ret = store_cursor(txn, STORE_JOURNAL, zone_id, &reader->cursor);
	for (; ret == KNOT_EOK && version > 0; version--) {
		uint8_t key[KEY_LEN];
		write_key(key, version, 0, 0);
		ret = store_seek(&reader->cursor, key, sizeof(key));
		if (ret != KNOT_EOK || reader->cursor.key_len != KEY_LEN ||
		    memcmp(reader->cursor.key, key, KEY_LEN) != 0) {
			break;
		}
		knot_rrset_t soa;
		reader->at = 0;
		reader->begun = true;
		ret = journal_next(reader, &soa);
		if (ret == KNOT_EOK && soa.type == KNOT_RRTYPE_SOA &&
		    knot_soa_serial(soa.rrs.rdata) == serial) {
			reader->at = 0;
			return KNOT_EOK;
		}
	}
	journal_close(reader);
	return ret == KNOT_EOK ? KNOT_ENOENT : ret;
}

int journal_next(journal_reader_t *reader, knot_rrset_t *rr)
{
	if (!reader->begun || reader->at == reader->cursor.data_len) {
		int ret = store_next(&reader->cursor);
		if (ret != KNOT_EOK) {
			return ret;
		}
		reader->at = 0;
		reader->begun = true;
	}
	const uint8_t *data = reader->cursor.data + reader->at;
	const size_t left = reader->cursor.data_len - reader->at;
	head_t head;
	if (left < sizeof(head)) {
		return KNOT_EMALF;
	}
	memcpy(&head, data, sizeof(head));
	const size_t before = sizeof(head) + ((head.owner_len + 1) & ~(size_t)1);
	const uint8_t *owner = data + sizeof(head);
	if (left < before + sizeof(uint16_t) || head.owner_len == 0 ||
	    knot_dname_wire_check(owner, owner + head.owner_len, NULL) != head.owner_len) {
		return KNOT_EMALF;
	}
	const knot_rdata_t *rdata = (const knot_rdata_t *)(data + before);
	const size_t size = knot_rdata_size(rdata->len);
	if (left < before + size || !rdata_is_whole(head.type, rdata)) {
		return KNOT_EMALF;
	}
	knot_rrset_init(rr, (knot_dname_t *)owner, head.type, KNOT_CLASS_IN,
	                head.ttl);
	rr->rrs = (knot_rdataset_t) { 1, size, (knot_rdata_t *)rdata };
	reader->at += before + size;
	return KNOT_EOK;
}

void journal_close(journal_reader_t *reader)
{
	store_cursor_close(&reader->cursor);
}
