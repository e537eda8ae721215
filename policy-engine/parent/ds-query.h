/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks one server for the DS RRset of a zone, over TCP: it is the answer of that server, and
 * nobody else's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <libknot/dname.h>

#include "policy-engine/zone/dnskey.h"

#define DS_ANSWER_MAX 64

typedef struct {
	struct {
		uint8_t rdata[DNSKEY_DS_RDATA_MAX];
		size_t len;
	} ds[DS_ANSWER_MAX];
	size_t count;  /*!< 0 = there is none. */
	uint32_t ttl;  /*!< Of the RRset. */
} ds_answer_t;

/*! How asking went. */
typedef enum {
	DS_QUERY_DONE,
	DS_QUERY_FAILED,
	DS_QUERY_NO_ROUTE, /*!< This machine has no way to addresses of that family. */
} ds_query_t;

/*! Which server is asked, and for which zone. All is borrowed. */
typedef struct {
	const struct sockaddr_storage *server;
	const knot_dname_t *zone; /*!< The child. */
	unsigned limit_s;         /*!< Seconds that connecting and answering may take together. */
	int stop_fd;              /*!< Becomes readable when the engine stops. */
} ds_question_t;

/*!
 * Asks, and waits for the answer.
 *
 * \param answer  Filled on DS_QUERY_DONE.
 * \param why     The reason otherwise.
 */
ds_query_t ds_query(const ds_question_t *question, ds_answer_t *answer, char *why,
                    size_t why_size);

/*! A message that a server sent, and the query that it has to answer. All is borrowed. */
typedef struct {
	uint8_t *wire;            /*!< The whole message; parsing may change it. */
	size_t len;
	const knot_dname_t *zone; /*!< Name in the query. */
	uint16_t id;              /*!< ID of the query. */
} ds_message_t;

/*! Reads the answer in a message. \return 0, or -1 and why. */
int ds_query_parse(const ds_message_t *message, ds_answer_t *answer, char *why, size_t why_size);
