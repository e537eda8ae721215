/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Records of an unsigned zone in memory: in the order in which they come, then as nodes.
 *
 * All records are in one pool of memory: a zone can have hundreds of millions.
 */
#pragma once

#include <libknot/rdataset.h>

#include "module/input/report.h"
#include "module/rr/node.h"

/*! An RRset; a record is added as an RRset of its own. The RDATA follows. */
typedef struct {
	uint32_t ttl;
	place_t place;  /*!< Of its last record. */
	uint16_t type;
	uint16_t count;
} __attribute__((packed, aligned(2))) record_t;

/*! RRsets of one owner; they follow each other. */
typedef struct {
	uint64_t prefix;     /*!< The first octets of its key behind the apex's key. */
	uint64_t at : 44;    /*!< Where in the pool. */
	uint64_t count : 20;
} owner_run_t;

typedef struct {
	uint8_t *pool;       /*!< Owners and RRsets, each at an even offset. */
	size_t size, capacity;
	owner_run_t *runs;
	size_t run_count, run_capacity;
	size_t apex_key_len;
} records_t;

/*! \param records  Zeroed. */
void records_init(records_t *records, const knot_dname_t *apex);

/*!
 * Adds a record.
 *
 * \param owner  Lower case; NULL for the same as before.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int records_add(records_t *records, const knot_dname_t *owner, const record_t *record,
                const uint8_t *rdata, uint16_t rdata_len);

/*!
 * Makes nodes of the records: one run for each owner, in canonical order.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int records_sort(records_t *records, report_t *report);

const knot_dname_t *records_owner(const records_t *records, const owner_run_t *run);

/*! \param len  Bytes of the key. */
const uint8_t *records_key(const records_t *records, const owner_run_t *run, size_t *len);

record_t *records_first(const records_t *records, const owner_run_t *run);

/*! Gives an RRset's data. \return The RRset behind it, which is there if the run has one more. */
record_t *records_next(record_t *record, knot_rdataset_t *rrs);

/*! \return The node with that key after records_sort(), NULL if there is none. */
const owner_run_t *records_find(const records_t *records, const uint8_t *key, size_t key_len);

void records_deinit(records_t *records);
