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

int serial_next(const serial_basis_t *basis, uint32_t *serial, char *err, size_t err_size)
{
	const uint32_t input = basis->input, *last = basis->last;
	uint32_t candidate = input + 1;
	switch (basis->policy) {
	case KEYSET_SERIAL_KEEP:
		if (last != NULL && !serial_greater(input, *last)) {
			snprintf(err, err_size,
			         "the policy keeps the serial, and the input's serial %u "
			         "is not greater than %u, which is published; increase it",
			         input, *last);
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
	if (last != NULL && !serial_greater(*serial, *last)) {
		*serial = serial_greater(candidate, *last)  ? candidate :
		          serial_greater(before + 1, *last) ? before + 1 : *last + 1;
	}
	return 0;
}
