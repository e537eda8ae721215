/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Zone contents: a whole unsigned zone in memory, whatever it comes from.
 *
 * The records come one by one, from a zone file or a transfer; contents_end() checks the whole,
 * and contents_next() then gives the nodes. Not for use by several threads at once.
 *
 * Left out, with a warning, is what is not in the zone. Refused are: no or two SOA, two CNAME or
 * DNAME, CNAME beside other data (RFC 2181, section 10.1), no NS at the apex, data below a DNAME, a
 * DNAME beside NS below the apex (RFC 6672, sections 2.3 and 2.4), RDATA or a type that no zone can
 * have. Warned of are: RRs of one RRset with several TTLs (the lowest is taken, RFC 2181, section
 * 5.2), missing glue.
 * Duplicates (RFC 2181, section 5) are dropped.
 */
#pragma once

#include "module/input/take.h"

typedef struct contents contents_t;

/*!
 * \param origin  Where the zone comes from, for messages: a file's path, or a primary.
 * \param apex    Zone name, lower case; borrowed, as is log.
 * \param log     For warnings (at most 20, then how many more). May be NULL.
 * \return Contents to be freed by contents_free(); NULL if out of memory.
 */
contents_t *contents_new(const char *origin, const knot_dname_t *apex, log_t *log);

/*! \return What is wrong so far; a reader of files adds its own errors, and included files. */
report_t *contents_report(contents_t *contents);

/*!
 * Takes a record of a file; one that cannot be in the zone is an error of the zone.
 * \return KNOT_EOK (also if the record is reported), KNOT_ENOMEM
 */
int contents_take(contents_t *contents, const source_rr_t *rr, place_t place);

/*!
 * Takes the next record of a transfer; messages have the record's number.
 * \return As above
 */
int contents_add(contents_t *contents, const source_rr_t *rr);

/*! \return Bytes of the records that are left out. */
size_t contents_left_out(const contents_t *contents);

/*! \return Bytes that the contents take so far. */
size_t contents_size(const contents_t *contents);

/*!
 * Checks the whole, when all records are there.
 *
 * \param err  "ORIGIN:LINE: reason", names spelt out: the first error, and how many more there are.
 * \return KNOT_EOK, KNOT_EMALF (contents), KNOT_ENOMEM
 */
int contents_end(contents_t *contents, char *err, size_t err_size);

/*!
 * Refuses contents that contents_end() let pass, for an RRset of their apex.
 *
 * \param reason  Goes behind the name and the type.
 * \param err     As contents_end().
 */
void contents_refuse(contents_t *contents, uint16_t type, const char *reason, char *err,
                     size_t err_size);

/*!
 * Gives the next node in canonical order, the apex first; after contents_end().
 *
 * \param owner  Borrowed until contents_free().
 * \param node   Overwritten; RDATA is borrowed until contents_free(); node_deinit() after use.
 * \return KNOT_EOK, KNOT_ENOENT at the end, KNOT_ENOMEM
 */
int contents_next(contents_t *contents, const knot_dname_t **owner, node_t *node);

/*! Counts the names, and those with an RRset of a type; after contents_end(). */
void contents_count(const contents_t *contents, uint16_t type, uint64_t *names, uint64_t *with);

/*! Has contents_next() begin again. */
void contents_rewind(contents_t *contents);

/*! NULL is allowed. */
void contents_free(contents_t *contents);
