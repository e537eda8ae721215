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

/*!
 * Asks, and waits for the answer.
 *
 * \param zone     The child.
 * \param limit_s  Seconds it may take.
 * \param stop_fd  Readable when we are to stop.
 * \param answer   Filled if it is DS_QUERY_DONE.
 * \param why      The reason otherwise.
 */
ds_query_t ds_query(const struct sockaddr_storage *server, const knot_dname_t *zone,
                    unsigned limit_s, int stop_fd, ds_answer_t *answer, char *why,
                    size_t why_size);

/*!
 * Takes what a server sent.
 *
 * \param wire  A whole message; may be changed.
 * \param id    Of the query.
 * \return 0, or -1 and why.
 */
int ds_query_parse(uint8_t *wire, size_t len, const knot_dname_t *zone, uint16_t id,
                   ds_answer_t *answer, char *why, size_t why_size);
