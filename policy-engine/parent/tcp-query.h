/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks one server one question, over TCP: so nobody else can have sent the answer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <libknot/dname.h>

/*! How asking went. */
typedef enum {
	TCP_QUERY_DONE,
	TCP_QUERY_FAILED,
	TCP_QUERY_NO_ROUTE, /*!< This machine has no way to addresses of that family. */
} tcp_query_t;

/*! Which server is asked, and for what. All is borrowed. */
typedef struct {
	const struct sockaddr_storage *server;
	const knot_dname_t *name;
	uint16_t type;
	bool dnssec;              /*!< Signatures are wanted, too (RFC 3225). */
	unsigned limit_s;         /*!< Seconds that connecting and answering may take together. */
	int stop_fd;              /*!< Becomes readable when the engine stops. */
} tcp_question_t;

/*! The message that came. */
typedef struct {
	uint8_t *wire;            /*!< To be freed by free(). */
	size_t len;
	uint16_t id;              /*!< Of the query. */
} tcp_answer_t;

/*!
 * Asks, and waits for a message, whatever is in it.
 *
 * \param answer  Filled on TCP_QUERY_DONE.
 * \param why     The reason otherwise.
 */
tcp_query_t tcp_query(const tcp_question_t *question, tcp_answer_t *answer, char *why,
                      size_t why_size);
