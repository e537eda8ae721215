/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The unsigned zone in a master file (RFC 1035, section 5), read and checked as a whole.
 */
#pragma once

#include "module/base/log.h"
#include "module/rr/node.h"

typedef struct zonefile zonefile_t;

/*!
 * Reads a zone file with libzscanner.
 *
 * Refused, with file, line and reason: a syntax error, no or two SOA, data out of the zone,
 * another class than IN, CNAME beside other data (RFC 2181, section 10.1), two CNAME or DNAME,
 * no NS at the apex, data below a DNAME, a DNAME beside NS below the apex (RFC 6672, sections 2.3
 * and 2.4), RDATA or a type that no zone can have. Warned of: RRs of one RRset with several TTLs (the
 * lowest is taken, RFC 2181, section 5.2), missing glue. Duplicates (section 5) are dropped.
 *
 * \param path  Absolute; relative $INCLUDE counts from its folder.
 * \param apex  Zone name, lower case.
 * \param log   For warnings (at most 20 a file, then how many more). May be NULL.
 * \param zf    To be freed by zonefile_free().
 * \param err   NUL-terminated; "FILE:LINE: reason", names spelt out; the first error in the file,
 *              and how many more there are.
 * \return KNOT_EOK, KNOT_EACCES and others of the system (file), KNOT_EINVAL (not a regular file),
 *         KNOT_EMALF (contents), KNOT_EAGAIN (changed while it was read), KNOT_ENOMEM
 */
int zonefile_read(const char *path, const knot_dname_t *apex, log_t *log, zonefile_t **zf,
                  char *err, size_t err_size);

/*** A zone that comes record by record, as in a transfer; by the same rules. ***/

typedef struct zonefile_build zonefile_build_t;

/*!
 * \param origin  Where it comes from, for messages, in which the record's number follows it.
 * \param apex    Zone name, lower case; borrowed, as is log.
 * \return NULL if out of memory.
 */
zonefile_build_t *zonefile_build_new(const char *origin, const knot_dname_t *apex, log_t *log);

/*!
 * Adds a record; one that is not in the zone is left out, with a warning.
 *
 * \param rdata  Becomes canonical.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int zonefile_build_add(zonefile_build_t *build, const knot_dname_t *owner, uint16_t type,
                       uint32_t ttl, uint8_t *rdata, uint16_t rdata_len);

/*! \return Bytes that it takes so far. */
size_t zonefile_build_size(const zonefile_build_t *build);

/*! Checks the whole. \return KNOT_EOK, KNOT_EMALF (err says why), KNOT_ENOMEM */
int zonefile_build_end(zonefile_build_t *build, zonefile_t **zf, char *err, size_t err_size);

/*! NULL is allowed. */
void zonefile_build_free(zonefile_build_t *build);

/*** Both. ***/

/*!
 * Gives the next node in canonical order, the apex first.
 *
 * \param owner  Borrowed until zonefile_free().
 * \param node   Overwritten; RDATA is borrowed until zonefile_free(); node_deinit() after use.
 * \return KNOT_EOK, KNOT_ENOENT at the end, KNOT_ENOMEM
 */
int zonefile_next(zonefile_t *zf, const knot_dname_t **owner, node_t *node);

/*! Has zonefile_next() begin again. */
void zonefile_rewind(zonefile_t *zf);

void zonefile_free(zonefile_t *zf);

/*!
 * Tells where knotd would look for a zone's file: knot.conf's "file" with its formatters (%s, %c,
 * %l, %%; default "%s.zone"), under "storage" if relative.
 *
 * \param file     Value of the item, NULL if unset.
 * \param storage  Value of the item.
 * \return Path to be freed by free(); NULL if out of memory or file is malformed.
 */
char *zonefile_path(const char *file, const char *storage, const knot_dname_t *zone);
