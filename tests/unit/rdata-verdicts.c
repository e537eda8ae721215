/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers
 *
 * Prints what the module and libknot say about RDATA: rdata-verdicts [MUTATIONS [SEED]]
 *
 * A line each: type, RDATA in hex (- if there is none), whether libknot takes it from the wire (yes
 * or no), what rdata_fault() says (nothing if nothing). First come the cases of rdata-cases.c. With
 * MUTATIONS, each of them follows so many times with octets cut off, added and changed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/rr/wellformed.h"
#include "rdata-cases.h"

#define RDATA_MAX 4096

/* Whether libknot takes a record of the root, as of a transfer. */
static bool libknot_takes(uint16_t type, const uint8_t *rdata, uint16_t len)
{
	enum { HEAD = 11 };
	static uint8_t wire[HEAD + RDATA_MAX];
	memset(wire, 0, HEAD);
	knot_wire_write_u16(wire + 1, type);
	knot_wire_write_u16(wire + 3, KNOT_CLASS_IN);
	knot_wire_write_u16(wire + 9, len);
	memcpy(wire + HEAD, rdata, len);

	size_t at = 0;
	knot_rrset_t rrset;
	knot_rrset_init_empty(&rrset);
	int ret = knot_rrset_rr_from_wire(wire, &at, HEAD + len, &rrset, NULL, true);
	bool taken = ret == KNOT_EOK && at == (size_t)HEAD + len;
	if (ret == KNOT_EOK) {
		knot_rrset_clear(&rrset, NULL);
	}
	return taken;
}

static void print(uint16_t type, const uint8_t *rdata, uint16_t len)
{
	const char *fault = rdata_fault(type, rdata, len);
	printf("%u ", type);
	for (uint16_t i = 0; i < len; i++) {
		printf("%02X", rdata[i]);
	}
	printf("%s %s %s\n", len == 0 ? "-" : "", libknot_takes(type, rdata, len) ? "yes" : "no",
	       fault != NULL ? fault : "");
}

/* One or a few octets less, or more; one changed; somewhere. */
static void mutate(uint16_t type, const uint8_t *rdata, uint16_t len)
{
	static uint8_t copy[RDATA_MAX];
	static const uint8_t VALUES[] = { 0, 1, 2, 3, 4, 5, 16, 32, 33, 64, 128, 254, 255 };
	const uint16_t at = len > 0 ? random() % len : 0;
	const uint8_t value = VALUES[random() % sizeof(VALUES)];
	memcpy(copy, rdata, len);
	switch (random() % 8) {
	case 0:
		print(type, copy, at);
		break;
	case 1:
		memset(copy + len, value, 4);
		print(type, copy, len + 1 + random() % 4);
		break;
	case 2:
		memmove(copy + at, copy + at + 1, len - at);
		print(type, copy, len > 0 ? len - 1 : 0);
		break;
	case 3:
		memmove(copy + at + 1, copy + at, len - at);
		copy[at] = value;
		print(type, copy, len + 1);
		break;
	case 4:
	case 5:
		copy[at] ^= 1 << random() % 8;
		print(type, copy, len);
		break;
	default:
		copy[at] = value;
		print(type, copy, len);
		break;
	}
}

int main(int argc, char *argv[])
{
	static uint8_t rdata[RDATA_MAX];
	const int mutations = argc > 1 ? atoi(argv[1]) : 0;
	srandom(argc > 2 ? atoi(argv[2]) : 1);
	for (size_t i = 0; i < RDATA_CASE_COUNT; i++) {
		print(RDATA_CASES[i].type, rdata, rdata_case_read(&RDATA_CASES[i], rdata));
	}
	for (size_t i = 0; i < RDATA_CASE_COUNT && mutations > 0; i++) {
		const uint16_t len = rdata_case_read(&RDATA_CASES[i], rdata);
		for (int n = 0; n < mutations; n++) {
			mutate(RDATA_CASES[i].type, rdata, len);
		}
	}
	return EXIT_SUCCESS;
}
