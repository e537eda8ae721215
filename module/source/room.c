/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/room.h"

/* Octets of an RRSIG beside signer's name and signature (RFC 4034, section 3.1), and of the head of
 * its record. */
#define RRSIG_REST (18 + 10)
/* Octets of an NSEC's next name and types, and of the head of its record, or so. */
#define NSEC_SIZE 40
/* The estimate may be too high by a part in so many: glue is not signed, say. */
#define MARGIN 8

/*! \return Octets of the shortest signature of an algorithm. */
static size_t signature_len(unsigned algorithm)
{
	switch (algorithm) {
	case 8:
	case 10:
		return 128;
	case 14:
		return 96;
	case 16:
		return 114;
	default:
		return 64;
	}
}

/*! \return Octets of an RRset's signatures, by each algorithm that has signed the zone. */
static int64_t signatures_size(const state_t *state, const knot_dname_t *zone)
{
	int64_t size = 0;
	for (unsigned i = 0; i < 32; i++) {
		if (state->algorithms & (UINT32_C(1) << i)) {
			size += RRSIG_REST + knot_dname_size(zone) + signature_len(i);
		}
	}
	return size;
}

bool room_lacks(const state_t *state, const knot_dname_t *zone, const edit_growth_t *growth,
                size_t room)
{
	int64_t more = growth->bytes;
	if (!state->passthrough) {
		const int64_t sigs = signatures_size(state, zone);
		more += growth->rrsets * sigs + growth->names * (NSEC_SIZE + sigs);
	}
	const int64_t size = (int64_t)state_bytes(state) + more;
	return state->version > 0 && more > 0 && size > 0 &&
	       (uint64_t)(size - size / MARGIN) > room;
}
