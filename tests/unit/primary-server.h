/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The other side of module/source/primary.h: a primary that signs its answers as it is told.
 *        Whatever fails ends the process.
 */
#pragma once

#include <stdbool.h>
#include <sys/un.h>

#include <libknot/libknot.h>

#define PRIMARY_SEND_MAX 60000 /*!< Bytes that fit into the socket, since nobody reads meanwhile. */
#define PRIMARY_TSIG_ROOM 512  /*!< Bytes that a signature adds to a message, at most. */

typedef struct {
	int fd;                     /*!< Of the connection. */
	const knot_tsig_key_t *key; /*!< NULL: none. */
	uint16_t id;                /*!< Of the question. */
	uint8_t digest[64];         /*!< As long as that of SHA-512. */
	size_t digest_len;
	uint8_t covered[PRIMARY_SEND_MAX]; /*!< Messages that the next signature covers. */
	size_t covered_len;
	unsigned count;             /*!< Messages of this answer so far. */
} primary_server_t;

/*! Binds a socket in /tmp. \param name  Of the program. \return Its descriptor */
int primary_server_listen(struct sockaddr_un *addr, const char *name);

/*! Reads the question, of which the answers need ID and MAC. */
void primary_server_hear(primary_server_t *server);

/*!
 * Counts a message to the answer, and signs it in place if it is to be.
 * \param max  Bytes of wire.
 * \return Its new length
 */
size_t primary_server_sign(primary_server_t *server, uint8_t *wire, size_t len, size_t max,
                           bool sign);
