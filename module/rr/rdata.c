/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/rr/rdata.h"

#include <libknot/libknot.h>
#include <libknot/rrtype/naptr.h>

/* \return Bytes of the block at pos, negative if it is malformed. */
static int block_size(int block, bool lower, uint8_t *pos, const uint8_t *end)
{
	int size;
	switch (block) {
	case KNOT_RDATA_WF_FIXED_DNAME:
	case KNOT_RDATA_WF_COMPRESSIBLE_DNAME:
	case KNOT_RDATA_WF_DECOMPRESSIBLE_DNAME:
		size = knot_dname_wire_check(pos, end, NULL);
		if (size > 0 && lower) {
			knot_dname_to_lower(pos);
		}
		return size > 0 ? size : -1;
	case KNOT_RDATA_WF_NAPTR_HEADER:
		return knot_naptr_header_size(pos, end);
	case KNOT_RDATA_WF_REMAINDER:
#if HAVE_DECL_KNOT_RDATA_WF_REMAINDER_MAYEMPTY
	case KNOT_RDATA_WF_REMAINDER_MAYEMPTY:
#endif
		return end - pos;
	default:
		return block <= end - pos ? block : -1;
	}
}

/* \param lower  Names are written in lower case. */
static bool walk(uint16_t type, uint8_t *rdata, uint16_t len, bool lower)
{
	const knot_rdata_descriptor_t *desc = knot_get_rdata_descriptor(type);
	if (desc->type_name == NULL) {
		desc = knot_get_obsolete_rdata_descriptor(type);
	}
	uint8_t *pos = rdata;
	const uint8_t *end = rdata + len;
	for (const int *block = desc->block_types; *block != KNOT_RDATA_WF_END; block++) {
		int size = block_size(*block, lower, pos, end);
		if (size < 0) {
			return false;
		}
		pos += size;
	}
	return pos == end;
}

/* libzscanner checks the form of RDATA, but not if it is written as that of unknown types
 * (RFC 3597); and nothing has checked the RDATA of a transfer or an UPDATE. */
bool rdata_canonical(uint16_t type, uint8_t *rdata, uint16_t len)
{
	return walk(type, rdata, len, knot_rrtype_should_be_lowercased(type));
}

bool rdata_is_whole(uint16_t type, const knot_rdata_t *rdata)
{
	return walk(type, (uint8_t *)rdata->data, rdata->len, false); /* Which only reads. */
}
