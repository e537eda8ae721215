/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The journal: what changed from one signed version to the next, for IXFR (RFC 1995).
 */
#pragma once

#include <libknot/rrset.h>

#include "module/rr/node.h"
#include "module/store/store.h"

/*!
 * Versions that are kept, at most. At one version a second that is nearly three hours. It
 * bounds the time that journal_open() takes, which goes back version by version.
 */
#define JOURNAL_VERSIONS 10000

/*! One half of a version: what left the zone, or what came. */
typedef struct {
	uint8_t *data;
	size_t len, size;
	uint32_t part;
} journal_half_t;

/*! Which version is written, and where to. */
typedef struct {
	store_txn_t *txn;
	uint32_t zone_id;
	uint64_t number;     /*!< Of the version: one more than that of the version before. */
	const knot_dname_t *apex;
	size_t most;         /*!< Bytes that the journal may have. A version that is larger is not
	                          kept, nor is then any other: nothing leads over it. */
} journal_version_t;

/*! A version being written. */
typedef struct {
	journal_version_t version;
	journal_half_t halves[2];
	size_t bytes;        /*!< Of this version, written so far. */
} journal_t;

/*! A place in the journal. */
typedef struct {
	store_cursor_t cursor;
	size_t at;           /*!< In the cursor's data. */
	bool begun;
} journal_reader_t;

/*!
 * Begins a version.
 * \param soa  Apex SOA of the version before, and of this.
 */
int journal_begin(journal_t *journal, const journal_version_t *version,
                  const node_rrset_t soa[2]);

/*! Adds the differences of a node, but for its SOA. */
int journal_node(journal_t *journal, const knot_dname_t *owner, const node_t *old,
                 const node_t *new);

/*!
 * Ends the version, and drops the oldest versions if there are too many, or too many bytes.
 * \param bytes  Bytes of the journal: those before in, those after out.
 */
int journal_end(journal_t *journal, uint64_t *bytes);

/*! Frees the buffers; called after journal_end(), or instead of it. */
void journal_deinit(journal_t *journal);

/*!
 * Opens the journal at the version that took the place of a serial.
 *
 * \param version  Number of the newest version.
 * \return KNOT_EOK, KNOT_ENOENT (the journal does not lead from that serial)
 */
int journal_open(journal_reader_t *reader, store_txn_t *txn, uint32_t zone_id, uint64_t version,
                 uint32_t serial);

/*! Gives the next RRset, borrowed from the store. \return KNOT_EOK, KNOT_ENOENT, KNOT_EMALF */
int journal_next(journal_reader_t *reader, knot_rrset_t *rr);

void journal_close(journal_reader_t *reader);
