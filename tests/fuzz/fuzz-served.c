/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as what the server of another signer answers: what is taken has bounds. */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/import/served.h"
#include "tests/fuzz/target.h"

static void take(const reply_t *message, uint16_t type)
{
	served_t served = { 0 };
	char why[100] = "";
	const int ret = served_take(message, type, &served, why, sizeof(why));
	demand((ret == 0) == (why[0] == '\0'), "it is said why it is no answer");
	demand(ret == 0 || (served.key_count == 0 && served.serial == 0), "then nothing is taken");
	demand(served.key_count <= SERVED_KEYS_MAX, "keys have room");
	demand(served.soa_ttl <= INT32_MAX && served.soa_minimum <= INT32_MAX && served.dnskey_ttl <= INT32_MAX &&
	       served.validity <= INT32_MAX && served.dnskey_validity <= INT32_MAX, "times are durations");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const knot_dname_t zone[] = "\7example\3net";
	static const uint16_t types[] = { KNOT_RRTYPE_SOA, KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_NSEC3PARAM,
		                          KNOT_RRTYPE_NULL };
	/* As if it answered this very question. */
	const uint16_t id = size >= 2 ? knot_wire_read_u16(data) : 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		uint8_t *wire = copy_input(data, size); /* Parsing may change it. */
		const reply_t message = { wire, size, zone, id };
		take(&message, types[i]);
		free(wire);
	}
	return 0;
}
