/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/online/compact.h"

#include <string.h>

#include <libknot/libknot.h>

/* Bitmap of RRSIG, NSEC and NXNAME: window 0, of 17 octets. */
static const uint8_t missing[] = {
	0, 17, 0, 0, 0, 0, 0, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80
};

/* Octets of a bitmap, at most: 256 windows, each with a head of 2 and 32 (RFC 4034, section 4.1.2). */
#define BITMAP_MAX (256 * 34)

/*! Puts a zero octet behind the first label, which has room for it. */
static void append_zero(const knot_dname_t *name, knot_dname_storage_t next)
{
	const size_t size = knot_dname_size(name), label = name[0];
	memcpy(next, name, 1 + label);
	next[0] = label + 1;
	next[1 + label] = 0;
	memcpy(next + 2 + label, name + 1 + label, size - 1 - label);
}

/*!
 * Makes the first label the next one that has no more octets: nothing fits in between that would be
 * longer. Upper case is no octet of its own (RFC 4034, section 6.1).
 */
static void increment(const knot_dname_t *name, const knot_dname_t *zone,
                      knot_dname_storage_t next)
{
	while (!knot_dname_is_equal(name, zone)) {
		size_t label = name[0];
		while (label > 0 && name[label] == 0xff) {
			label--;
		}
		const knot_dname_t *parent = knot_wire_next_label(name, name);
		if (label > 0) {
			memcpy(next, name, 1 + label);
			next[0] = label;
			next[label] = next[label] == 'A' - 1 ? 'Z' + 1 : next[label] + 1;
			memcpy(next + 1 + label, parent, knot_dname_size(parent));
			return;
		}
		name = parent;
	}
	memcpy(next, zone, knot_dname_size(zone));
}

void compact_next(const knot_dname_t *name, const knot_dname_t *zone, bool cut,
                  knot_dname_storage_t next)
{
	const size_t size = knot_dname_size(name);
	if (!cut && size + 2 <= KNOT_DNAME_MAXLEN) {
		next[0] = 1;
		next[1] = 0;
		memcpy(next + 2, name, size);
	} else if (size + 1 <= KNOT_DNAME_MAXLEN && name[0] < KNOT_DNAME_MAXLABELLEN &&
	           !knot_dname_is_equal(name, zone)) {
		append_zero(name, next);
	} else {
		increment(name, zone, next);
	}
}

int compact_nsec(const knot_dname_t *owner, const knot_dname_t *zone, uint32_t ttl,
                 dnssec_nsec_bitmap_t *bitmap, bool cut, knot_rrset_t *rrset, knot_mm_t *mm)
{
	knot_dname_storage_t next;
	compact_next(owner, zone, cut, next);
	const size_t next_len = knot_dname_size(next);
	const size_t len = next_len + (bitmap != NULL ? dnssec_nsec_bitmap_size(bitmap)
	                                              : sizeof(missing));
	uint8_t rdata[KNOT_DNAME_MAXLEN + BITMAP_MAX];
	memcpy(rdata, next, next_len);
	if (bitmap != NULL) {
		dnssec_nsec_bitmap_write(bitmap, rdata + next_len);
	} else {
		memcpy(rdata + next_len, missing, sizeof(missing));
	}
	knot_dname_t *copy = knot_dname_copy(owner, mm);
	if (copy == NULL) {
		return KNOT_ENOMEM;
	}
	knot_rrset_init(rrset, copy, KNOT_RRTYPE_NSEC, KNOT_CLASS_IN, ttl);
	const int ret = knot_rrset_add_rdata(rrset, rdata, len, mm);
	if (ret != KNOT_EOK) {
		knot_rrset_clear(rrset, mm);
	}
	return ret;
}
