/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A message that a server sent, held against the query that it has to answer.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libknot/packet/pkt.h>

/*! A message, and its query. All is borrowed. */
typedef struct {
	uint8_t *wire;            /*!< The whole message; parsing may change it. */
	size_t len;
	const knot_dname_t *zone; /*!< Name in the query. */
	uint16_t id;              /*!< ID of the query. */
} reply_t;

/*!
 * Parses a message.
 *
 * \param type     In the query.
 * \param problem  Set to what is wrong with it; a literal.
 * \return To be freed by knot_pkt_free(); NULL if it is no message, answers another question, or out of memory
 */
knot_pkt_t *reply_parse(const reply_t *reply, uint16_t type, const char **problem);

/*! \return The name of a message's RCODE, an error. */
const char *reply_error(const knot_pkt_t *pkt);

/*! \return A TTL as it counts: of 2^31 or more, 0 (RFC 2181, section 8). */
uint32_t reply_ttl(uint32_t ttl);
