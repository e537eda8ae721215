/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A transfer from a primary (AXFR, RFC 5936; IXFR, RFC 1995), message by message; knows
 *        nothing of sockets and TSIG.
 */
#pragma once

#include <libknot/packet/pkt.h>

#include "module/store/state.h"
#include "module/input/contents.h"

typedef struct incoming incoming_t;

typedef struct {
	const knot_dname_t *zone;  /*!< Lower case; borrowed. */
	const char *origin;        /*!< The primary, for messages. */
	bool ixfr;                 /*!< IXFR was asked for; the answer may be AXFR all the same. */
	uint32_t serial;           /*!< With IXFR: of the input. */
	size_t size_max;           /*!< Bytes of names and RDATA; of changes, with what it takes to
	                                apply them. */
	log_t *log;
} incoming_args_t;

/*! \return NULL if out of memory. */
incoming_t *incoming_new(const incoming_args_t *args);
void incoming_free(incoming_t *incoming);

/*!
 * Takes the next message of the answer.
 *
 * \param message  Parsed; its RDATA becomes canonical.
 * \param err      Why the transfer is refused.
 * \retval KNOT_EOK    There is more to come.
 * \retval KNOT_EOF    That was all.
 * \retval KNOT_EMALF  It is no sound transfer.
 * \retval KNOT_ENOTSUP  The primary says no.
 * \retval KNOT_ESPACE It is too large.
 * \retval KNOT_ELIMIT There are so many changes that the whole zone is less to keep.
 * \retval KNOT_ENOMEM
 */
int incoming_message(incoming_t *incoming, const knot_pkt_t *message, char *err, size_t err_size);

typedef enum {
	INCOMING_SAME,    /*!< There is nothing newer. */
	INCOMING_ZONE,    /*!< All of the zone. */
	INCOMING_CHANGES, /*!< Changes to the input. */
} incoming_kind_t;

/*! \return What has come; to be called after KNOT_EOF. */
incoming_kind_t incoming_kind(const incoming_t *incoming);

/*! \return The primary's SOA. */
const knot_rdata_t *incoming_soa(const incoming_t *incoming);

/*! \return How many NS records the changes remove, those at the apex included. */
size_t incoming_removed_ns(const incoming_t *incoming);

/*! Checks the zone as a whole and gives it; contents_free() frees it. \return KNOT_EOK,
 *  KNOT_EMALF, KNOT_ENOMEM */
int incoming_zone(incoming_t *incoming, contents_t **contents, char *err, size_t err_size);

/*!
 * Applies the changes to the input, within a write transaction.
 *
 * \param state    As loaded within the transaction; its input's part is updated and stored.
 * \param changed  How many names have changed.
 * \return KNOT_EOK, KNOT_EMALF (the changes do not fit the input; err says why), KNOT_ENOMEM, or an
 *         error of the store; the transaction has to be aborted if it is not KNOT_EOK
 */
int incoming_apply(incoming_t *incoming, store_txn_t *txn, state_t *state, size_t *changed,
                   char *err, size_t err_size);
