/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as what a server of the parent answers to the question for a DS: what is taken has the
 * form that the check reckons with. */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/parent/ds-answer.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const knot_dname_t zone[] = "\7example\3net";
	uint8_t *wire = copy_input(data, size);
	ds_answer_t answer = { .count = DS_ANSWER_MAX + 1 };
	char why[100] = "";
	/* As if it answered this very question. */
	uint16_t id = size >= 2 ? knot_wire_read_u16(data) : 0;
	const reply_t message = { wire, size, zone, id };
	if (ds_answer_parse(&message, &answer, why, sizeof(why)) == 0) {
		demand(answer.count <= DS_ANSWER_MAX && (data[2] & 0x84) == 0x84, "it is an answer with authority");
		for (size_t i = 0; i < answer.count; i++) {
			demand(answer.ds[i].len <= DNSKEY_DS_RDATA_MAX, "a DS has room");
		}
	} else {
		demand(why[0] != '\0' && answer.count == DS_ANSWER_MAX + 1, "it is said why, and nothing is taken");
	}
	free(wire);
	return 0;
}
