/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief SOA serials of signed zones (RFC 1982; KASP's <Serial>).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyset/keyset.h"

/*! \return Whether a is greater than b (RFC 1982, section 3.2). */
bool serial_greater(uint32_t a, uint32_t b);

/*! The serial that a server shows, which the next one has to be greater than. */
typedef struct {
	uint32_t serial;
	char by[256];          /*!< Names the server. */
} serial_shown_t;

/*!
 * Tells whether a counter of any policy could be at a serial now: the time, the date with its
 * counter, or a count that goes on from what is known.
 *
 * \param last  A serial that the zone had; NULL: none is known.
 * \param now   Unix seconds.
 */
bool serial_is_likely(uint32_t serial, const uint32_t *last, int64_t now);

/*! What a new serial is chosen from. */
typedef struct {
	keyset_serial_t policy;
	uint32_t input;        /*!< Serial of the input. */
	const uint32_t *last;  /*!< Serial of the last signed version, or the one that knotd serves;
	                            NULL if there is none. */
	const serial_shown_t *shown; /*!< A server that has more; NULL: none has. The serial after
	                            its is greater than the last one, too. */
	int64_t now;           /*!< Unix seconds. */
} serial_basis_t;

/*!
 * Chooses the serial of the next signed version.
 *
 * By policy: counter, the input's serial plus one; datecounter, today's YYYYMMDD00 (UTC); unixtime,
 * now. If that is not greater than the serials of the input and of the last version, it is the
 * greater of these plus one. In any case it is greater than the last, and the one that is shown. keep:
 * the input's serial.
 *
 * \param err  Why there is no serial.
 * \return 0; -1 if the policy is keep and the input's serial is not greater than these
 */
int serial_next(const serial_basis_t *basis, uint32_t *serial, char *err, size_t err_size);
