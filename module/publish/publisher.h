/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The zones as the transfer socket sees them: a table of functions with a context.
 *
 * The room publish does not know who keeps the zones; the unit tests have a table of their own. All
 * functions are called from any thread.
 */
#pragma once

#include <stdint.h>

#include <libknot/packet/pkt.h>
#include <libknot/tsig.h>

/*!
 * The newest published version of a zone when it was opened. It is a snapshot: it stays as it is
 * while the signer commits new versions.
 */
typedef struct view view_t;

typedef struct {
	/*!
	 * Opens a view of a zone's newest published version.
	 *
	 * \param view  To be closed by close(), by the thread that opened it.
	 * \return KNOT_EOK, KNOT_ENOZONE (not ours), KNOT_EEMPTYZONE (nothing is published),
	 *         KNOT_ENOMEM, or another error of the store
	 */
	int (*open)(void *ctx, const knot_dname_t *zone, view_t **view);

	/*!
	 * Tells whether knotd is to keep what it has of a zone for which open() has failed.
	 *
	 * \param serial  At which knotd has the zone.
	 * \return KNOT_EOK, KNOT_ENOENT (no, or that serial is not known yet). Does not block.
	 */
	int (*kept)(void *ctx, const knot_dname_t *zone, uint32_t *serial);

	void (*close)(view_t *view);

	/*! \return The SOA record; borrowed from the view. */
	const knot_rrset_t *(*soa)(const view_t *view);

	/*!
	 * Tells how long the zone may be served; its primary decides that.
	 * \return Seconds left; 0: it has expired; UINT32_MAX: it has no primary
	 */
	uint32_t (*expires_in)(const view_t *view);

	/*!
	 * Gives the zone's next RRset, without the SOA but with the SOA's RRSIG. RRSIGs come as
	 * RRsets of type RRSIG.
	 *
	 * \param rr  Borrowed until the next call.
	 * \return KNOT_EOK, KNOT_ENOENT at the end, or an error of the store
	 */
	int (*next)(view_t *view, knot_rrset_t *rr);

	/*!
	 * Places the view at the changes that lead from an older serial to this version.
	 * \return KNOT_EOK, KNOT_ENOENT if the journal does not reach back that far
	 */
	int (*seek)(view_t *view, uint32_t serial);

	/*!
	 * Gives the next RRset of the changes, in the order of RFC 1995, section 4: for each
	 * version the old SOA, what was removed, the new SOA, what was added.
	 *
	 * \param rr  Borrowed until the next call.
	 * \return KNOT_EOK, KNOT_ENOENT at the end, or an error of the store
	 */
	int (*next_change)(view_t *view, knot_rrset_t *rr);

	/*! knotd asked for a zone's SOA: a moment to look at the zone's source. Does not block. */
	void (*asked)(void *ctx, const knot_dname_t *zone);

	/*!
	 * Does what an UPDATE asks for.
	 *
	 * \param message  Parsed; knotd has seen to it that the client may send it.
	 * \return RCODE of the answer
	 */
	uint8_t (*update)(void *ctx, const knot_pkt_t *message);

	/*!
	 * Finds a TSIG key by which updates of a zone may be signed.
	 *
	 * \param key  A copy, to be freed by knot_tsig_key_deinit().
	 * \return KNOT_EOK, KNOT_ENOENT, KNOT_ENOMEM
	 */
	int (*key)(void *ctx, const knot_dname_t *zone, const knot_dname_t *name,
	           knot_tsig_key_t *key);

	/*!
	 * The version of this serial was sent to knotd to its end, and knotd has done with it:
	 * knotd serves it, unless it has refused it. Does not block for long.
	 *
	 * \param ms  Milliseconds that knotd took, if the version was sent as changes; else 0.
	 */
	void (*handed)(void *ctx, const knot_dname_t *zone, uint32_t serial, int64_t ms);

	/*! knotd has said that it has the zone at this serial. Does not block for long. */
	void (*taken)(void *ctx, const knot_dname_t *zone, uint32_t serial);
} publisher_calls_t;

/*! To be copied; the context has to outlive all copies. */
typedef struct {
	const publisher_calls_t *calls;
	void *ctx;
} publisher_t;
