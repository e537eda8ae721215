/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/given.h"

#include <stdio.h>

#include <libknot/libknot.h>

#include "common/moment.h"
#include "keyset/bundle.h"

static int place_of(uint16_t type)
{
	static const uint16_t types[GIVEN_TYPES] = {
		KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY
	};
	for (int i = 0; i < GIVEN_TYPES; i++) {
		if (types[i] == type) {
			return i;
		}
	}
	return -1;
}

static int add(given_t *given, const bundle_record_t *record)
{
	const bool is_sig = record->type == KNOT_RRTYPE_RRSIG;
	const int place = place_of(is_sig ? bundle_covered(record) : record->type);
	if (place < 0) {
		return KNOT_EMALF;
	}
	given_rrset_t *rrset = &given->rrsets[place];
	rrset->ttl = is_sig ? rrset->ttl : record->ttl;
	return bundle_put(is_sig ? &rrset->sigs : &rrset->rrs, record);
}

int given_read(const char *bundle, const knot_dname_t *zone, given_t *given, char *err,
               size_t err_size)
{
	given_t fresh = { .rrsets[0].ttl = 0 };
	bundle_record_t record;
	bundle_facts_t facts;
	char why[160];
	if (bundle_verify(bundle, zone, &facts, why, sizeof(why)) != 0) {
		snprintf(err, err_size, "the DNSKEY RRset that was signed ahead is not good: %s",
		         why);
		return KNOT_EMALF;
	}
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && bundle_next(&bundle, &record) == 1) {
		ret = add(&fresh, &record);
	}
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "%s", knot_strerror(ret));
		given_deinit(&fresh);
		return ret;
	}
	*given = fresh;
	return KNOT_EOK;
}

bool given_times(const char *bundle, int64_t near, int64_t *from, int64_t *until)
{
	const char *at = bundle_text(bundle);
	bundle_record_t record;
	bool found = false;
	while (bundle_next(&at, &record) == 1) {
		if (record.type == KNOT_RRTYPE_RRSIG && record.len > RRSIG_SIGNER) {
			const int64_t begin = moment_near(knot_wire_read_u32(record.rdata + RRSIG_INCEPTION), near);
			const int64_t end = moment_near(knot_wire_read_u32(record.rdata + RRSIG_EXPIRATION), near);
			*from = found && *from > begin ? *from : begin;
			*until = found && *until < end ? *until : end;
			found = true;
		}
	}
	return found;
}

const given_rrset_t *given_find(const given_t *given, uint16_t type)
{
	const int place = place_of(type);
	return place >= 0 && given->rrsets[place].rrs.count > 0 ? &given->rrsets[place] : NULL;
}

void given_deinit(given_t *given)
{
	for (int i = 0; i < GIVEN_TYPES; i++) {
		knot_rdataset_clear(&given->rrsets[i].rrs, NULL);
		knot_rdataset_clear(&given->rrsets[i].sigs, NULL);
	}
}
