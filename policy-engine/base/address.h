/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief IP addresses in Knot's notation: ADDRESS, or ADDRESS@PORT.
 */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 64 /*!< Bytes: an IPv6 address, @, a port. */

/*!
 * Reads an address.
 *
 * \param port  What the address gets if the text has no port.
 * \return 0, or -1 if the text is no address; then nothing that was written counts.
 */
int address_parse(const char *text, uint16_t port, struct sockaddr_storage *address);

/*! Writes an address; the port only if it is not 53. \return buf */
const char *address_text(const struct sockaddr_storage *address, char buf[ADDRESS_TEXT_MAX]);

/*! \return Size of the address, as connect() wants it. */
socklen_t address_size(const struct sockaddr_storage *address);
