/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/soa-query.h"

#include <stdio.h>

#include <libknot/libknot.h>

#include "module/rr/soa.h"

/* Octets of the question, with TSIG. */
#define QUERY_SIZE 1024

/*! Reads the serial from the answer. */
static int read_serial(const knot_pkt_t *message, const knot_dname_t *zone, uint32_t *serial,
                       char *err, size_t err_size)
{
	const knot_pktsection_t *answer = knot_pkt_section(message, KNOT_ANSWER);
	if (knot_pkt_ext_rcode(message) != KNOT_RCODE_NOERROR) {
		snprintf(err, err_size, "asked for the SOA, it answers %s",
		         knot_pkt_ext_rcode_name(message));
		return KNOT_ENOTSUP;
	}
	const knot_rrset_t *soa = answer->count > 0 ? knot_pkt_rr(answer, 0) : NULL;
	if (soa == NULL || soa->type != KNOT_RRTYPE_SOA || soa->rrs.count != 1 ||
	    !soa_is_whole(soa->rrs.rdata) || !knot_dname_is_case_equal(soa->owner, zone)) {
		snprintf(err, err_size, "it does not have the zone's SOA");
		return KNOT_EMALF;
	}
	*serial = knot_soa_serial(soa->rrs.rdata);
	return KNOT_EOK;
}

int soa_query(primary_conn_t *conn, const knot_dname_t *zone, uint32_t *serial,
              bool *authoritative, char *err, size_t err_size)
{
	knot_pkt_t *query = knot_pkt_new(NULL, QUERY_SIZE, NULL), *message = NULL;
	if (query == NULL ||
	    knot_pkt_put_question(query, zone, KNOT_CLASS_IN, KNOT_RRTYPE_SOA) != KNOT_EOK) {
		knot_pkt_free(query);
		snprintf(err, err_size, "out of memory");
		return KNOT_ENOMEM;
	}
	int ret = primary_ask(conn, query, err, err_size);
	if (ret == KNOT_EOK) {
		ret = primary_receive(conn, &message, err, err_size);
	}
	if (ret == KNOT_EOK) {
		ret = read_serial(message, zone, serial, err, err_size);
	}
	if (ret == KNOT_EOK) {
		*authoritative = knot_wire_get_aa(message->wire);
	}
	knot_pkt_free(query);
	return ret;
}
