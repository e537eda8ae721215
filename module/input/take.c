/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/zonefile/parts.h"

#include <string.h>

#include <libknot/libknot.h>

void take_init(taker_t *taker, const knot_dname_t *apex, records_t *records, report_t *report)
{
	memset(taker, 0, sizeof(*taker));
	taker->apex = apex;
	taker->records = records;
	taker->report = report;

	/* A key of odd length has a zero more; the keys of the names below do not have it there. */
	uint8_t key[NODE_KEY_MAX];
	size_t len = node_key(apex, key);
	records->apex_key_len = len >= 2 && key[len - 2] == 0 ? len - 1 : len;
}

/* What is wrong with a record by itself. \return NULL if nothing is. */
static const char *find_fault(const taker_t *taker, const knot_dname_t *owner, bool known,
                              uint16_t type, uint8_t *rdata, uint16_t len)
{
	if (!known && knot_dname_in_bailiwick(owner, taker->apex) < 0) {
		return "it is not in the zone";
	}
	if (type == 0 || knot_rrtype_is_metatype(type)) {
		return "no zone can have this type";
	}
	if (!zonefile_canonical(type, rdata, len)) {
		return "the RDATA is malformed";
	}
	/* Header, question, head of the record, OPT: without room for them it cannot be
	 * transferred. */
	if (12 + knot_dname_size(taker->apex) + 4 + knot_dname_size(owner) + 10 + len + 11 >
	    UINT16_MAX) {
		return "too long for a DNS message";
	}
	if (type == KNOT_RRTYPE_SOA && !knot_dname_is_equal(owner, taker->apex)) {
		return "an SOA that is not at the zone's apex";
	}
	return NULL;
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

int take_record(taker_t *taker, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                uint8_t *rdata, uint16_t rdata_len, place_t place)
{
	const size_t owner_len = knot_dname_size(owner);
	const bool known = taker->owner_len == owner_len &&
	                   memcmp(owner, taker->owner, owner_len) == 0;
	knot_dname_storage_t lower;
	memcpy(lower, owner, owner_len);
	knot_dname_to_lower(lower);

	const char *fault = find_fault(taker, lower, known, type, rdata, rdata_len);
	if (fault != NULL) {
		report_fault(taker, owner, type, place, fault);
		return KNOT_EOK;
	}

	record_t record = { .ttl = ttl, .place = place, .type = type, .count = 1 };
	int ret = records_add(taker->records, known ? NULL : lower, &record, rdata, rdata_len);
	if (ret == KNOT_EOK && !known) {
		memcpy(taker->owner, owner, owner_len);
		taker->owner_len = owner_len;
	}
	return ret;
}
