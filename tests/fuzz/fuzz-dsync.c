/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Bytes as a DSYNC record of a parent, and as what its server answers to a NOTIFY. */

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "policy-engine/parent/dsync.h"
#include "policy-engine/parent/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const knot_dname_t zone[] = "\7example\3net";
	dsync_t dsync = { .port = 0 };
	knot_dname_storage_t target;
	if (dsync_read(data, size, &dsync) == 0) {
		require(dsync.port != 0 && strcmp(dsync.target, ".") != 0);
		require(knot_dname_from_str(target, dsync.target, sizeof(target)) != NULL);
	}
	uint8_t *wire = malloc(size > 0 ? size : 1);
	const char *why = NULL;
	require(wire != NULL);
	if (size > 0) {
		memcpy(wire, data, size);
	}
	/* As if it answered this very message. */
	const reply_t reply = { wire, size, zone, size >= 2 ? knot_wire_read_u16(data) : 0 };
	if (notify_answer(&reply, &why) == NOTIFY_ANSWER_YES) {
		require((data[2] & 0xf8) == 0xa0 && (data[3] & 0x0f) == 0);
	} else {
		require(why != NULL);
	}
	free(wire);
	return 0;
}
