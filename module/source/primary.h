/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A hidden primary, and the conversation with it: DNS over TCP (RFC 7766), signed by TSIG
 *        (RFC 8945) if it has a key.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <libknot/packet/pkt.h>
#include <libknot/tsig.h>

/*! One address of a "remote" of knot.conf; a secondary that is asked for its serial has one, too. */
typedef struct {
	char *id;                     /*!< Of the remote. */
	struct sockaddr_storage addr;
	struct sockaddr_storage via;  /*!< Source address; family 0: any. */
	knot_tsig_key_t key;          /*!< Without a name: none. */
} primary_t;

typedef struct {
	primary_t *all;               /*!< In the order in which they are asked. */
	size_t count;
} primaries_t;

/*!
 * Adds a copy of a primary.
 *
 * \param key  NULL: none.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int primaries_add(primaries_t *primaries, const char *id, const struct sockaddr_storage *addr,
                  const struct sockaddr_storage *via, const knot_tsig_key_t *key);

int primaries_copy(primaries_t *to, const primaries_t *from);
bool primaries_equal(const primaries_t *a, const primaries_t *b);
void primaries_deinit(primaries_t *primaries);

/*! Writes "ID (ADDRESS@PORT)". */
const char *primary_name(const primary_t *primary, char *out, size_t size);

typedef struct primary_conn primary_conn_t;

/*!
 * Connects. Each function that waits for the primary waits for PRIMARY_TIMEOUT_S at most while
 * nothing comes, and for PRIMARY_GRACE_S while less comes than PRIMARY_RATE; it ends soon once stop
 * is true.
 *
 * \param primary  Borrowed.
 * \param err      Reason of a failure, here and below.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_ETIMEOUT, KNOT_ECONN
 */
int primary_connect(primary_conn_t **conn, const primary_t *primary, const atomic_bool *stop,
                    char *err, size_t err_size);

/*!
 * Sends a question; its answer begins.
 *
 * \param query  Is signed and gets an ID.
 */
int primary_ask(primary_conn_t *conn, knot_pkt_t *query, char *err, size_t err_size);

/*!
 * Receives a message of the answer, and verifies it.
 *
 * \param message  Borrowed until the next call.
 * \return KNOT_EOK, KNOT_ETIMEOUT, KNOT_ECONN, KNOT_EMALF (no answer to the question),
 *         KNOT_TSIG_EBADSIG (and other errors of TSIG), KNOT_ENOMEM
 */
int primary_receive(primary_conn_t *conn, knot_pkt_t **message, char *err, size_t err_size);

/*! To be asked at an answer's end. \return Whether it is signed to its end, or needs no TSIG. */
bool primary_verified(const primary_conn_t *conn);

/*! NULL is allowed. */
void primary_close(primary_conn_t *conn);
