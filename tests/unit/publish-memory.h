/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief module/publish/view.h over one zone in memory, for the tests of its users.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "module/publish/view.h"

typedef struct {
	knot_rrset_t **rr;
	size_t count, capacity;
} rrlist_t;

struct publisher {
	const knot_dname_t *zone;
	int open_error;          /*!< What view_open() returns. */
	int seek_error;          /*!< What view_seek() returns. */
	size_t fail_at;          /*!< The how manieth view_next() fails; 0 for none. */
	knot_rrset_t *soa;
	rrlist_t rrsets;         /*!< Without SOA. */
	rrlist_t changes;        /*!< With SOAs. */
	uint32_t changes_from;

	uint32_t expires_in;     /*!< What view_expires_in() returns. */
	uint8_t update_rcode;    /*!< What publisher_update() returns. */
	const knot_tsig_key_t *key; /*!< For updates; NULL if there is none. */

	atomic_uint views;       /*!< Open. */
	atomic_uint asked;
	atomic_uint updates;
	atomic_uint handed;
	atomic_uint handed_serial;
	atomic_llong handed_ms;
	atomic_uint taken;
	atomic_uint taken_serial;
};

/*! \param zone  Text. */
void memory_init(publisher_t *p, const char *zone, uint32_t serial);
void memory_deinit(publisher_t *p);

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
