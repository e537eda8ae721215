/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/online/subject.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/rr/rdata.h"

/*! The beginning of a subject; RDATA as a rdataset has it, and the owner, follow. */
typedef struct {
	uint8_t keys[SUBJECT_KEYS];
	uint32_t ttl;
	uint32_t rdata_len;  /*!< Of all RDATA, their heads included. */
	uint16_t type, count;
	uint32_t owner_len;
} head_t;

static int reserve(subject_t *subject, size_t len)
{
	subject->len = len;
	subject->data = len <= sizeof(subject->room) ? subject->room : malloc(len);
	return subject->data != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! Copies an RDATA in canonical form. */
static bool put_rdata(uint8_t *out, uint16_t type, const knot_rdata_t *rdata)
{
	knot_rdata_t *copy = (knot_rdata_t *)out;
	knot_rdata_init(copy, rdata->len, rdata->data);
	return rdata_canonical(type, copy->data, copy->len);
}

/*! Copies several RDATA, which canonical form may put into another order. */
static int put_sorted(subject_t *subject, const knot_rdataset_t *rrs, uint16_t type)
{
	head_t *head = (head_t *)subject->data;
	uint8_t *out = subject->data + sizeof(*head);
	knot_rdataset_t sorted = { 0 };
	const knot_rdata_t *rdata = rrs->rdata;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && i < rrs->count; i++) {
		/* The copy is a work space here; nothing is longer than all of them. */
		ret = put_rdata(out, type, rdata) ? knot_rdataset_add(&sorted, (knot_rdata_t *)out, NULL)
		                                  : KNOT_EMALF;
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
	if (ret == KNOT_EOK) {
		rdata = sorted.rdata;
		for (uint16_t i = 0; i < sorted.count; i++) {
			(void)put_rdata(out, type, rdata);
			out += knot_rdata_size(rdata->len);
			rdata = knot_rdataset_next((knot_rdata_t *)rdata);
		}
		head->count = sorted.count;
		head->rdata_len = out - (subject->data + sizeof(*head));
	}
	knot_rdataset_clear(&sorted, NULL);
	return ret;
}

int subject_make(subject_t *subject, const uint8_t *keys, const knot_dname_t *owner,
                 const knot_rrset_t *rrset)
{
	const size_t owner_len = knot_dname_size(owner);
	int ret = reserve(subject, sizeof(head_t) + rrset->rrs.size + owner_len);
	if (ret != KNOT_EOK) {
		return ret;
	}
	head_t *head = (head_t *)subject->data;
	*head = (head_t) {
		.ttl = rrset->ttl, .type = rrset->type, .count = rrset->rrs.count,
		.rdata_len = rrset->rrs.size, .owner_len = owner_len,
	};
	memcpy(head->keys, keys, sizeof(head->keys));
	if (rrset->rrs.count == 1) {
		ret = put_rdata(subject->data + sizeof(*head), rrset->type, rrset->rrs.rdata)
		      ? KNOT_EOK : KNOT_EMALF;
	} else {
		ret = put_sorted(subject, &rrset->rrs, rrset->type);
	}
	if (ret != KNOT_EOK) {
		subject_deinit(subject);
		return ret;
	}
	uint8_t *at = subject->data + sizeof(*head) + head->rdata_len;
	knot_dname_copy_lower(at, owner);
	subject->len = at + owner_len - subject->data;
	return KNOT_EOK;
}

void subject_deinit(subject_t *subject)
{
	if (subject->data != subject->room) {
		free(subject->data);
	}
}

void subject_read(const uint8_t *data, knot_rrset_t *rrset)
{
	const head_t *head = (const head_t *)data;
	uint8_t *rdata = (uint8_t *)data + sizeof(*head);
	knot_rrset_init(rrset, rdata + head->rdata_len, head->type, KNOT_CLASS_IN, head->ttl);
	rrset->rrs = (knot_rdataset_t) {
		.count = head->count, .size = head->rdata_len, .rdata = (knot_rdata_t *)rdata,
	};
}
