/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/input/records.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>
#include <libknot/errcode.h>

#define RUN_COUNT_MAX ((1 << 20) - 1) /* What owner_run_t's count can hold. */

/* An owner in the pool: lengths, key, name. */
typedef struct {
	uint16_t key_len;
	uint16_t name_len;
	uint8_t bytes[];
} owner_t;

static size_t owner_size(const owner_t *owner)
{
	size_t size = sizeof(*owner) + owner->key_len + owner->name_len;
	return size + (size & 1);
}

/* -- access -------------------------------------------------------------- */

static const owner_t *run_owner(const records_t *records, const owner_run_t *run)
{
	return (const owner_t *)(records->pool + run->at);
}

const knot_dname_t *records_owner(const records_t *records, const owner_run_t *run)
{
	const owner_t *owner = run_owner(records, run);
	return owner->bytes + owner->key_len;
}

const uint8_t *records_key(const records_t *records, const owner_run_t *run, size_t *len)
{
	const owner_t *owner = run_owner(records, run);
	*len = owner->key_len;
	return owner->bytes;
}

record_t *records_first(const records_t *records, const owner_run_t *run)
{
	return (record_t *)(records->pool + run->at + owner_size(run_owner(records, run)));
}

record_t *records_next(record_t *record, knot_rdataset_t *rrs)
{
	knot_rdata_t *first = (knot_rdata_t *)(record + 1);
	knot_rdata_t *end = first;
	for (uint16_t i = 0; i < record->count; i++) {
		end = knot_rdataset_next(end);
	}
	rrs->count = record->count;
	rrs->size = (uint8_t *)end - (uint8_t *)first;
	rrs->rdata = first;
	return (record_t *)end;
}

const owner_run_t *records_find(const records_t *records, const uint8_t *key, size_t key_len)
{
	size_t low = 0, high = records->run_count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const owner_t *owner = run_owner(records, &records->runs[mid]);
		int cmp = node_key_compare(key, key_len, owner->bytes, owner->key_len);
		if (cmp == 0) {
			return &records->runs[mid];
		}
		if (cmp < 0) {
			high = mid;
		} else {
			low = mid + 1;
		}
	}
	return NULL;
}

/* -- adding -------------------------------------------------------------- */

void records_init(records_t *records, const knot_dname_t *apex)
{
	/* A key of odd length has one zero more, which the keys of the names below do not have. */
	uint8_t key[NODE_KEY_MAX];
	size_t len = node_key(apex, key);
	records->apex_key_len = len >= 2 && key[len - 2] == 0 ? len - 1 : len;
}

static int reserve(records_t *records, size_t size)
{
	if (records->capacity - records->size >= size) {
		return KNOT_EOK;
	}
	size_t capacity = records->capacity + records->capacity / 2;
	if (capacity < records->size + size) {
		capacity = records->size + size + 65536;
	}
	uint8_t *pool = realloc(records->pool, capacity);
	if (pool == NULL) {
		return KNOT_ENOMEM;
	}
	records->pool = pool;
	records->capacity = capacity;
	return KNOT_EOK;
}

static int add_run(records_t *records, uint64_t prefix)
{
	if (records->run_count == records->run_capacity) {
		size_t capacity = records->run_capacity + records->run_capacity / 2 + 64;
		owner_run_t *runs = realloc(records->runs, capacity * sizeof(*runs));
		if (runs == NULL) {
			return KNOT_ENOMEM;
		}
		records->runs = runs;
		records->run_capacity = capacity;
	}
	records->runs[records->run_count++] = (owner_run_t) {
		.prefix = prefix, .at = records->size, .count = 0
	};
	return KNOT_EOK;
}

/* The run's owner is in the pool from here on. */
static int add_owner(records_t *records, const knot_dname_t *name)
{
	uint8_t key[NODE_KEY_MAX];
	owner_t owner = { .key_len = node_key(name, key), .name_len = knot_dname_size(name) };

	uint8_t bytes[sizeof(uint64_t)] = { 0 };
	size_t len = owner.key_len - records->apex_key_len;
	memcpy(bytes, key + records->apex_key_len, len < sizeof(bytes) ? len : sizeof(bytes));
	uint64_t prefix;
	memcpy(&prefix, bytes, sizeof(prefix));

	size_t size = owner_size(&owner);
	int ret = reserve(records, size);
	if (ret == KNOT_EOK) {
		ret = add_run(records, be64toh(prefix));
	}
	if (ret != KNOT_EOK) {
		return ret;
	}

	owner_t *out = (owner_t *)(records->pool + records->size);
	*out = owner;
	memcpy(out->bytes, key, owner.key_len);
	memcpy(out->bytes + owner.key_len, name, owner.name_len);
	records->size += size;
	return KNOT_EOK;
}

int records_add(records_t *records, const knot_dname_t *owner, const record_t *record,
                const uint8_t *rdata, uint16_t rdata_len)
{
	knot_dname_storage_t again;
	if (owner == NULL) {
		const owner_run_t *last = &records->runs[records->run_count - 1];
		if (last->count == RUN_COUNT_MAX) {
			const knot_dname_t *name = records_owner(records, last);
			owner = memcpy(again, name, knot_dname_size(name));
		}
	}
	if (owner != NULL) {
		int ret = add_owner(records, owner);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}

	size_t size = sizeof(*record) + knot_rdata_size(rdata_len);
	int ret = reserve(records, size);
	if (ret != KNOT_EOK) {
		return ret;
	}
	record_t *out = (record_t *)(records->pool + records->size);
	*out = *record;
	knot_rdata_init((knot_rdata_t *)(out + 1), rdata_len, rdata);
	records->size += size;
	records->runs[records->run_count - 1].count++;
	return KNOT_EOK;
}

void records_deinit(records_t *records)
{
	free(records->pool);
	free(records->runs);
}

/* -- order of owners ----------------------------------------------------- */

static int run_cmp(const void *left, const void *right, void *ctx)
{
	const owner_run_t *a = left, *b = right;
	if (a->prefix != b->prefix) {
		return a->prefix < b->prefix ? -1 : 1;
	}
	const owner_t *a_owner = run_owner(ctx, a), *b_owner = run_owner(ctx, b);
	int cmp = node_key_compare(a_owner->bytes, a_owner->key_len, b_owner->bytes,
	                           b_owner->key_len);
	return cmp != 0 ? cmp : (a->at > b->at) - (a->at < b->at);
}

static void sort_runs(records_t *records)
{
	/* Many files are in order already: then this is all. */
	for (size_t i = 1; i < records->run_count; i++) {
		if (run_cmp(&records->runs[i - 1], &records->runs[i], records) > 0) {
			qsort_r(records->runs, records->run_count, sizeof(owner_run_t), run_cmp,
			        records);
			return;
		}
	}
}

static bool is_same_owner(const records_t *records, const owner_run_t *a, const owner_run_t *b)
{
	const owner_t *a_owner = run_owner(records, a), *b_owner = run_owner(records, b);
	return a->prefix == b->prefix && a_owner->key_len == b_owner->key_len &&
	       memcmp(a_owner->bytes, b_owner->bytes, a_owner->key_len) == 0;
}

/* -- records to RRsets --------------------------------------------------- */

/* Buffers for one node, used again for the next. */
typedef struct {
	record_t **list;
	size_t list_capacity;
	uint8_t *out;
	size_t out_capacity;
	report_t *report;
} merge_t;

static knot_rdata_t *record_rdata(record_t *record)
{
	return (knot_rdata_t *)(record + 1);
}

static int record_cmp(const void *left, const void *right)
{
	record_t *a = *(record_t *const *)left, *b = *(record_t *const *)right;
	if (a->type != b->type) {
		return a->type < b->type ? -1 : 1;
	}
	return knot_rdata_cmp(record_rdata(a), record_rdata(b));
}

static int collect(merge_t *merge, const records_t *records, const owner_run_t *runs,
                   size_t run_count, size_t count)
{
	if (count > merge->list_capacity) {
		record_t **list = realloc(merge->list, 2 * count * sizeof(*list));
		if (list == NULL) {
			return KNOT_ENOMEM;
		}
		merge->list = list;
		merge->list_capacity = 2 * count;
	}

	size_t at = 0, size = owner_size(run_owner(records, &runs[0]));
	for (size_t i = 0; i < run_count; i++) {
		record_t *record = records_first(records, &runs[i]);
		for (uint32_t left = runs[i].count; left > 0; left--) {
			knot_rdataset_t rrs;
			merge->list[at++] = record;
			record = records_next(record, &rrs);
			size += sizeof(*record) + rrs.size;
		}
	}

	if (size > merge->out_capacity) {
		uint8_t *out = realloc(merge->out, 2 * size);
		if (out == NULL) {
			return KNOT_ENOMEM;
		}
		merge->out = out;
		merge->out_capacity = 2 * size;
	}
	return KNOT_EOK;
}

/* Reports what is amiss in an RRset of count records, and sets what they have in common. */
static void merge_heads(merge_t *merge, const knot_dname_t *owner, record_t **list, size_t count,
                        record_t *head)
{
	*head = *list[0];
	bool ttls = false;
	for (size_t i = 1; i < count; i++) {
		ttls |= list[i]->ttl != head->ttl;
		head->ttl = list[i]->ttl < head->ttl ? list[i]->ttl : head->ttl;
		if (place_is_before(head->place, list[i]->place)) {
			head->place = list[i]->place;
		}
	}

	knot_dname_txt_storage_t name;
	char type[16];
	knot_dname_to_str(name, owner, sizeof(name));
	knot_rrtype_to_string(head->type, type, sizeof(type));
	if (count > UINT16_MAX) {
		report_error(merge->report, head->place, "%s %s: more than 65535 records", name,
		             type);
	} else if (ttls && head->type != KNOT_RRTYPE_RRSIG) {
		report_warning(merge->report, head->place,
		               "%s %s: records with several TTLs, %u is taken for all", name, type,
		               head->ttl);
	}
}

/* Writes the records as RRsets behind out. \return How many. */
static uint32_t write_rrsets(merge_t *merge, const knot_dname_t *owner, size_t count,
                             uint8_t **out)
{
	uint32_t rrsets = 0;
	for (size_t i = 0, next; i < count; i = next) {
		record_t **list = merge->list + i;
		record_t head = *list[0];
		for (next = i + 1; next < count && merge->list[next]->type == head.type; ) {
			next++;
		}
		if (next - i > 1) {
			merge_heads(merge, owner, list, next - i, &head);
		}

		record_t *rrset = (record_t *)*out;
		*out += sizeof(head);
		head.count = 0;
		for (size_t j = 0; j < next - i && head.count < UINT16_MAX; j++) {
			if (j > 0 && record_cmp(&list[j - 1], &list[j]) == 0) {
				continue;
			}
			size_t size = knot_rdata_size(record_rdata(list[j])->len);
			memcpy(*out, record_rdata(list[j]), size);
			*out += size;
			head.count++;
		}
		*rrset = head;
		rrsets++;
	}
	return rrsets;
}

/* \return Whether the records are RRsets of one record each already, in order. */
static bool is_merged(const merge_t *merge, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (merge->list[i - 1]->type >= merge->list[i]->type) {
			return false;
		}
	}
	return true;
}

/* Makes one run, the first, of runs with the same owner. */
static int merge_runs(merge_t *merge, records_t *records, owner_run_t *runs, size_t run_count)
{
	size_t count = 0;
	for (size_t i = 0; i < run_count; i++) {
		count += runs[i].count;
	}
	if (count == 1) {
		return KNOT_EOK;
	}
	int ret = collect(merge, records, runs, run_count, count);
	if (ret != KNOT_EOK || (run_count == 1 && is_merged(merge, count))) {
		return ret;
	}

	const owner_t *owner = run_owner(records, runs);
	size_t owner_bytes = owner_size(owner);
	memcpy(merge->out, owner, owner_bytes);
	uint8_t *end = merge->out + owner_bytes;
	qsort(merge->list, count, sizeof(*merge->list), record_cmp);
	runs->count = write_rrsets(merge, records_owner(records, runs), count, &end);

	/* The node is never longer than its runs; it needs a new place only if there were
	 * several. */
	size_t size = end - merge->out;
	if (run_count > 1) {
		ret = reserve(records, size);
		if (ret != KNOT_EOK) {
			return ret;
		}
		runs->at = records->size;
		records->size += size;
	}
	memcpy(records->pool + runs->at, merge->out, size);
	return KNOT_EOK;
}

int records_sort(records_t *records, report_t *report)
{
	sort_runs(records);

	merge_t merge = { .report = report };
	int ret = KNOT_EOK;
	size_t nodes = 0;
	for (size_t i = 0, next; ret == KNOT_EOK && i < records->run_count; i = next) {
		owner_run_t *run = &records->runs[i];
		for (next = i + 1; next < records->run_count &&
		     is_same_owner(records, run, &records->runs[next]); ) {
			next++;
		}
		ret = merge_runs(&merge, records, run, next - i);
		records->runs[nodes++] = *run;
	}
	if (ret == KNOT_EOK) {
		records->run_count = nodes;
	}
	free(merge.list);
	free(merge.out);
	return ret;
}
