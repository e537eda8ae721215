/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief DSYNC records: where a parent wants to be told of new CDS in a child (RFC 9859).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <libknot/dname.h>

#define DSYNC_TYPE 66

/*! Bytes of a name in text. */
#define DSYNC_NAME_MAX (KNOT_DNAME_TXT_MAXLEN + 1)

typedef struct {
	uint16_t port;
	char target[DSYNC_NAME_MAX]; /*!< Name of a host. */
} dsync_t;

/*!
 * Reads the RDATA of a DSYNC record.
 *
 * \return 0 and where; -1 if it is not for NOTIFY of CDS, is malformed, or names no port or no host.
 */
int dsync_read(const uint8_t *rdata, size_t len, dsync_t *dsync);

/*!
 * Makes a name at which a parent's DSYNC records are (RFC 9859, section 3).
 *
 * \param child, parent  Absolute names; the one ends with the other.
 * \param own            The child's own name; else that which all children share.
 * \return 0; -1 if it would be too long.
 */
int dsync_name(const char *child, const char *parent, bool own, char name[DSYNC_NAME_MAX]);

/*!
 * Tells whether a message may go to an address that a parent has named: to none that is not a
 * single other machine.
 *
 * \param local  This machine is allowed, too.
 */
bool dsync_may_reach(const struct sockaddr_storage *address, bool local);
