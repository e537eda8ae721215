/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A publisher of one zone, in memory, for the tests of those who use a publisher.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "module/publish/publisher.h"

typedef struct {
	knot_rrset_t **rr;
	size_t count, capacity;
} rrlist_t;

typedef struct {
	publisher_t publisher;   /*!< Of this zone. */
	const knot_dname_t *zone;
	int open_error;          /*!< What open() returns. */
	bool kept;               /*!< knotd has the zone at the serial of the SOA. */
	int seek_error;          /*!< What seek() returns. */
	size_t fail_at;          /*!< The call of next() or next_change() that fails, from 1; 0: none. */
	knot_rrset_t *soa;
	rrlist_t rrsets;         /*!< Without SOA. */
	rrlist_t changes;        /*!< With SOAs. */
	uint32_t changes_from;

	uint32_t expires_in;     /*!< What expires_in() returns. */
	uint8_t update_rcode;    /*!< What update() returns. */
	const knot_tsig_key_t *key; /*!< For updates; NULL if there is none. */

	atomic_uint views;       /*!< Open. */
	atomic_uint asked;
	atomic_uint updates;
	atomic_uint handed;
	atomic_uint handed_serial;
	atomic_llong handed_ms;
	atomic_uint taken;
	atomic_uint taken_serial;
} memory_t;

/*! \param zone  Text. */
void memory_init(memory_t *p, const char *zone, uint32_t serial);
void memory_deinit(memory_t *p);

/*! Makes the RDATA of an SOA whose names are the root. \param rdata  22 bytes. */
void memory_soa_rdata(uint8_t *rdata, uint32_t serial);

/*! Adds a record to the list's last RRset if it is of that owner and type, else begins one. */
void memory_add(rrlist_t *list, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                uint16_t len);

/*! Adds an SOA of that serial. */
void memory_add_soa(rrlist_t *list, const knot_dname_t *zone, uint32_t serial);

/*!
 * Fills a list up to that many RRsets.
 *
 * \param odd  RRsets of odd names, in owner and RDATA, of all lengths and bytes; else plain hosts.
 */
void memory_fill(rrlist_t *list, const knot_dname_t *zone, size_t rrsets, bool odd);
