/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/input/take.h"

#include <string.h>

#include <libknot/libknot.h>

#include "module/input/rules.h"

/* Larger ones mean zero (RFC 2181, section 8). */
#define TTL_MAX INT32_MAX

void take_init(taker_t *taker, const knot_dname_t *apex, records_t *records, report_t *report)
{
	memset(taker, 0, sizeof(*taker));
	taker->apex = apex;
	taker->records = records;
	taker->report = report;
	records_init(records, apex);
}

/* What is wrong with a record by itself. \return NULL if nothing is. */
static const char *find_fault(const taker_t *taker, const source_rr_t *rr,
                              const knot_dname_t *owner)
{
	const char *fault = rules_form_fault(rr->type, rr->rdata, rr->rdata_len);
	return fault != NULL ? fault : rules_place_fault(taker->apex, owner, rr->type,
	                                                 rr->rdata_len);
}

static void report_fault(const taker_t *taker, const knot_dname_t *owner, uint16_t type,
                         place_t place, const char *fault)
{
	knot_dname_txt_storage_t name = "", apex = "";
	char text[16] = "";
	(void)knot_dname_to_str(name, owner, sizeof(name));
	(void)knot_rrtype_to_string(type, text, sizeof(text));
	(void)knot_dname_to_str(apex, taker->apex, sizeof(apex));
	report_error(taker->report, place, "%s %s: %s (zone %s)", name, text, fault, apex);
}

static void report_ttl(const taker_t *taker, const source_rr_t *rr, place_t place)
{
	knot_dname_txt_storage_t name = "";
	char text[16] = "";
	(void)knot_dname_to_str(name, rr->owner, sizeof(name));
	(void)knot_rrtype_to_string(rr->type, text, sizeof(text));
	report_warning(taker->report, place, "%s %s: TTL %u is larger than %d, 0 is taken", name,
	               text, rr->ttl, TTL_MAX);
}

/* Records that are not in the zone are left out, as BIND and OpenDNSSEC do. */
static void leave_out(taker_t *taker, const source_rr_t *rr, place_t place)
{
	knot_dname_txt_storage_t name = "";
	(void)knot_dname_to_str(name, rr->owner, sizeof(name));
	report_warning(taker->report, place, "%s is left out, it is not in the zone", name);
	taker->left_out += knot_dname_size(rr->owner) + rr->rdata_len;
}

int take_record(taker_t *taker, const source_rr_t *rr, place_t place)
{
	const size_t owner_len = knot_dname_size(rr->owner);
	const bool known = taker->owner_len == owner_len &&
	                   memcmp(rr->owner, taker->owner, owner_len) == 0;
	knot_dname_storage_t lower;
	memcpy(lower, rr->owner, owner_len);
	knot_dname_to_lower(lower);

	if (!known && knot_dname_in_bailiwick(lower, taker->apex) < 0) {
		leave_out(taker, rr, place);
		return KNOT_EOK;
	}
	const char *fault = find_fault(taker, rr, lower);
	if (fault != NULL) {
		report_fault(taker, rr->owner, rr->type, place, fault);
		return KNOT_EOK;
	}

	if (rr->ttl > TTL_MAX) {
		report_ttl(taker, rr, place);
	}
	record_t record = {
		.ttl = rr->ttl <= TTL_MAX ? rr->ttl : 0, .place = place, .type = rr->type, .count = 1,
	};
	int ret = records_add(taker->records, known ? NULL : lower, &record, rr->rdata,
	                      rr->rdata_len);
	if (ret == KNOT_EOK && !known) {
		memcpy(taker->owner, rr->owner, owner_len);
		taker->owner_len = owner_len;
	}
	return ret;
}
