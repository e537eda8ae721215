/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as a DSYNC record of a parent, and as what its server answers to a NOTIFY. */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/parent/dsync.h"
#include "policy-engine/parent/notify.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const knot_dname_t zone[] = "\7example\3net";
	dsync_t dsync = { .port = 0 };
	knot_dname_storage_t target;
	if (dsync_read(data, size, &dsync) == 0) {
		demand(dsync.port != 0 && strcmp(dsync.target, ".") != 0, "there is a server");
		demand(knot_dname_from_str(target, dsync.target, sizeof(target)) != NULL, "it has a name");
	}
	uint8_t *wire = copy_input(data, size);
	const char *why = NULL;
	/* As if it answered this very message. */
	const reply_t reply = { wire, size, zone, size >= 2 ? knot_wire_read_u16(data) : 0 };
	if (notify_answer(&reply, &why) == NOTIFY_ANSWER_YES) {
		demand((data[2] & 0xf8) == 0xa0 && (data[3] & 0x0f) == 0, "it answers a NOTIFY, without an error");
	} else {
		demand(why != NULL, "it is said why");
	}
	free(wire);
	return 0;
}
