/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/cds.h"

#include <string.h>

#include <libdnssec/error.h>
#include <libdnssec/key.h>
#include <libdnssec/keytag.h>
#include <libknot/libknot.h>

/* Where the fields of the RDATA are (RFC 4034, sections 2.1 and 5.1). */
#define CDS_ALGORITHM 2
#define CDS_DIGEST_TYPE 3
#define DNSKEY_ALGORITHM 3

uint8_t cds_algorithm(uint16_t type, const knot_rdata_t *rdata)
{
	const unsigned at = type == KNOT_RRTYPE_CDS ? CDS_ALGORITHM : DNSKEY_ALGORITHM;
	return rdata->len > at ? rdata->data[at] : 0;
}

uint16_t cds_keytag(uint16_t type, const knot_rdata_t *rdata)
{
	const dnssec_binary_t wire = { .data = (uint8_t *)rdata->data, .size = rdata->len };
	uint16_t keytag = 0;
	if (type == KNOT_RRTYPE_CDS) {
		return rdata->len >= sizeof(keytag) ? knot_wire_read_u16(rdata->data) : 0;
	}
	return dnssec_keytag(&wire, &keytag) == DNSSEC_EOK ? keytag : 0;
}

bool cds_is_delete(uint16_t type, const knot_rdata_t *rdata)
{
	return cds_algorithm(type, rdata) == 0;
}

/*! Tells whether a CDS is of a DNSKEY. */
static bool is_of(const knot_dname_t *apex, const knot_rdata_t *cds, const knot_rdata_t *dnskey)
{
	const dnssec_binary_t wire = { .data = (uint8_t *)dnskey->data, .size = dnskey->len };
	dnssec_binary_t ds = { 0 };
	dnssec_key_t *key = NULL;
	if (cds->len <= CDS_DIGEST_TYPE ||
	    cds_algorithm(KNOT_RRTYPE_CDS, cds) != cds_algorithm(KNOT_RRTYPE_DNSKEY, dnskey) ||
	    cds_keytag(KNOT_RRTYPE_CDS, cds) != cds_keytag(KNOT_RRTYPE_DNSKEY, dnskey)) {
		return false;
	}
	const bool made = dnssec_key_new(&key) == DNSSEC_EOK &&
	                  dnssec_key_set_dname(key, apex) == DNSSEC_EOK &&
	                  dnssec_key_set_rdata(key, &wire) == DNSSEC_EOK &&
	                  dnssec_key_create_ds(key, cds->data[CDS_DIGEST_TYPE], &ds) == DNSSEC_EOK;
	const bool same = made && ds.size == cds->len && memcmp(ds.data, cds->data, ds.size) == 0;
	dnssec_binary_free(&ds);
	dnssec_key_free(key);
	return same;
}

bool cds_fits(const knot_dname_t *apex, uint16_t type, const knot_rdata_t *rdata,
              const knot_rdataset_t *dnskeys)
{
	const knot_rdata_t *dnskey = dnskeys->rdata;
	if (type == KNOT_RRTYPE_CDNSKEY) {
		return knot_rdataset_member(dnskeys, rdata);
	}
	for (uint16_t i = 0; i < dnskeys->count; i++) {
		if (is_of(apex, rdata, dnskey)) {
			return true;
		}
		dnskey = knot_rdataset_next((knot_rdata_t *)dnskey);
	}
	return false;
}
