/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/soa.h"

#include <string.h>

#include <libknot/rrtype/soa.h>
#include <libknot/wire.h>

bool soa_is_whole(const knot_rdata_t *rdata)
{
	return rdata->len >= SOA_RDATA_MIN;
}

void soa_write(uint8_t rdata[SOA_RDATA_MIN], uint32_t serial)
{
	memset(rdata, 0, SOA_RDATA_MIN);
	knot_wire_write_u32(rdata + 2, serial);
}

void soa_minimum_set(knot_rdata_t *rdata, uint32_t minimum)
{
	knot_wire_write_u32(rdata->data + knot_soa_names_len(rdata) + 16, minimum);
}
