/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/serial.h"

#include <stdio.h>
#include <time.h>

bool serial_greater(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0 && a - b != UINT32_C(0x80000000);
}

static uint32_t date_serial(int64_t now)
{
	time_t clock = now;
	struct tm tm;
	gmtime_r(&clock, &tm);
	return ((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday) * UINT32_C(100);
}

/* By how much a count may be ahead of a known serial, if it is not by the time: a version each
 * second for half a year. */
#define COUNT_AHEAD (UINT32_C(1) << 24)
#define DAY 86400

bool serial_is_likely(uint32_t serial, const uint32_t *last, int64_t now)
{
	/* The last serial of tomorrow's date: the time in seconds is below it until 2034, and then
	 * above the date until 2106. */
	const uint32_t date = date_serial(now + DAY) + 99, clock = now + DAY;
	return serial <= (date > clock ? date : clock) ||
	       (last != NULL && serial - *last <= COUNT_AHEAD);
}

static bool is_above(const serial_basis_t *basis, uint32_t serial)
{
	return (basis->last == NULL || serial_greater(serial, *basis->last)) &&
	       (basis->shown == NULL || serial_greater(serial, basis->shown->serial));
}

/*! Says why the input's serial cannot be kept. */
static void refuse(const serial_basis_t *basis, char *err, size_t err_size)
{
	const uint32_t input = basis->input;
	if (basis->shown != NULL && !serial_greater(input, basis->shown->serial)) {
		snprintf(err, err_size,
		         "the policy keeps the serial, and the input's serial %u is not greater "
		         "than %u, which %s shows: it would not take the zone; increase the "
		         "input's serial above that, or take that server out of the zone's "
		         "'notify' in knot.conf",
		         input, basis->shown->serial, basis->shown->by);
	} else {
		snprintf(err, err_size,
		         "the policy keeps the serial, and the input's serial %u is not greater "
		         "than %u, which is published; increase it",
		         input, *basis->last);
	}
}

int serial_next(const serial_basis_t *basis, uint32_t *serial, char *err, size_t err_size)
{
	const uint32_t input = basis->input;
	/* What is shown is greater than the last one. */
	const uint32_t *last = basis->shown != NULL ? &basis->shown->serial : basis->last;
	uint32_t candidate = input + 1;
	switch (basis->policy) {
	case KEYSET_SERIAL_KEEP:
		if (!is_above(basis, input)) {
			refuse(basis, err, err_size);
			return -1;
		}
		*serial = input;
		return 0;
	case KEYSET_SERIAL_DATECOUNTER:
		candidate = date_serial(basis->now);
		break;
	case KEYSET_SERIAL_UNIXTIME:
		candidate = basis->now;
		break;
	case KEYSET_SERIAL_COUNTER:
		break;
	}
	const uint32_t before = (last != NULL && serial_greater(*last, input)) ? *last : input;
	*serial = serial_greater(candidate, before) ? candidate : before + 1;
	/* "Greater" is no order over all serials: what is greater than the input's need not be
	 * greater than the last one, without which secondaries take nothing. */
	if (last != NULL && !is_above(basis, *serial)) {
		*serial = is_above(basis, candidate)  ? candidate :
		          is_above(basis, before + 1) ? before + 1 : *last + 1;
	}
	return 0;
}
