/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The published version of a zone, as the transfer server reads it.
 *
 * A view is a snapshot: it stays as it is while the signer commits new versions.
 */
#pragma once

#include <libknot/packet/pkt.h>
#include <libknot/tsig.h>

typedef struct publisher publisher_t; /*!< Who has the zones. */
typedef struct view view_t;

/*!
 * Opens a view of a zone's newest published version.
 *
 * \param view  To be closed by view_close(), by the thread that opened it.
 * \retval KNOT_EOK, KNOT_ENOZONE (not ours), KNOT_EEMPTYZONE (nothing is published yet),
 *         KNOT_ENOMEM, or another error of the store
 */
int view_open(publisher_t *publisher, const knot_dname_t *zone, view_t **view);

void view_close(view_t *view);

/*! \return The SOA record; borrowed from the view. */
const knot_rrset_t *view_soa(const view_t *view);

/*!
 * Tells how long the zone may be served, of which its primary decides.
 * \return Seconds left; 0: it has expired; UINT32_MAX: it has no primary
 */
uint32_t view_expires_in(const view_t *view);

/*!
 * Gives the zone's next RRset, its SOA left out but the SOA's RRSIG included. RRSIGs come as
 * RRsets of type RRSIG.
 *
 * \param rr  Borrowed until the next call.
 * \return KNOT_EOK, KNOT_ENOENT at the end, or an error of the store
 */
int view_next(view_t *view, knot_rrset_t *rr);

/*!
 * Places the view at the changes that lead from an older serial to this version.
 *
 * \return KNOT_EOK, KNOT_ENOENT if the journal does not reach back that far
 */
int view_seek(view_t *view, uint32_t serial);

/*!
 * Gives the next RRset of the changes, in the order of RFC 1995, section 4: for each version the
 * old SOA, what left, the new SOA, what came. The SOAs are included, and begin the two halves.
 *
 * \param rr  Borrowed until the next call.
 * \return KNOT_EOK, KNOT_ENOENT at the end, or an error of the store
 */
int view_next_change(view_t *view, knot_rrset_t *rr);

/*! Someone asked for a zone's SOA: a moment to look at its source. Does not block. */
void publisher_asked(publisher_t *publisher, const knot_dname_t *zone);

/*!
 * Does what an UPDATE asks for.
 *
 * \param message  Parsed; who sent it was allowed to.
 * \return RCODE of the answer
 */
uint8_t publisher_update(publisher_t *publisher, const knot_pkt_t *message);

/*!
 * Finds a TSIG key by which updates of a zone may be signed.
 *
 * \param key  A copy, to be freed by knot_tsig_key_deinit().
 * \return KNOT_EOK, KNOT_ENOENT, KNOT_ENOMEM
 */
int publisher_key(publisher_t *publisher, const knot_dname_t *zone, const knot_dname_t *name,
                  knot_tsig_key_t *key);

/*!
 * The zone was sent to knotd at this serial, whole, and knotd has done with it: it serves it, unless
 * it has refused it. Does not block for long.
 *
 * \param ms  What it took knotd, of changes alone; 0: not known.
 */
void publisher_handed(publisher_t *publisher, const knot_dname_t *zone, uint32_t serial, int64_t ms);

/*! knotd has said that it has the zone at this serial. Does not block for long. */
void publisher_taken(publisher_t *publisher, const knot_dname_t *zone, uint32_t serial);
