/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/unit/publish-memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#define TTL 3600

struct view {
	memory_t *memory;
	size_t next;
};

static knot_rrset_t *last(const rrlist_t *list)
{
	return list->count > 0 ? list->rr[list->count - 1] : NULL;
}

void memory_add(rrlist_t *list, const knot_dname_t *owner, uint16_t type, const uint8_t *rdata,
                uint16_t len)
{
	knot_rrset_t *rr = last(list);
	if (rr == NULL || rr->type != type || type == KNOT_RRTYPE_SOA ||
	    !knot_dname_is_equal(rr->owner, owner)) {
		if (list->count == list->capacity) {
			list->capacity = 2 * list->capacity + 16;
			list->rr = realloc(list->rr, list->capacity * sizeof(list->rr[0]));
		}
		rr = knot_rrset_new(owner, type, KNOT_CLASS_IN, TTL, NULL);
		list->rr[list->count++] = rr;
	}
	knot_rrset_add_rdata(rr, rdata, len, NULL);
}

void memory_soa_rdata(uint8_t *rdata, uint32_t serial)
{
	static const uint32_t timers[] = { 7200, 3600, 604800, 300 };
	rdata[0] = rdata[1] = 0;
	knot_wire_write_u32(rdata + 2, serial);
	for (int i = 0; i < 4; i++) {
		knot_wire_write_u32(rdata + 6 + 4 * i, timers[i]);
	}
}

void memory_add_soa(rrlist_t *list, const knot_dname_t *zone, uint32_t serial)
{
	uint8_t rdata[22];
	memory_soa_rdata(rdata, serial);
	memory_add(list, zone, KNOT_RRTYPE_SOA, rdata, sizeof(rdata));
}

/* Oddities: the same in each run. */
typedef struct {
	uint64_t state;
	const knot_dname_t *zone;
} odd_t;

static uint32_t rnd(odd_t *o, uint32_t below)
{
	o->state = o->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(o->state >> 33) % below;
}

/*! Makes a name below a zone (or, at times, below the root), with odd bytes and odd sizes. */
static void odd_name(odd_t *o, uint8_t *name)
{
	size_t suffix = rnd(o, 4) == 0 ? 1 : knot_dname_size(o->zone);
	size_t room = 255 - suffix, pos = 0;
	unsigned labels = rnd(o, 8) == 0 ? 127 : 1 + rnd(o, 4);
	unsigned max = labels == 127 ? 1 : rnd(o, 2) == 0 ? 63 : 5;
	while (labels-- > 0) {
		unsigned len = 1 + rnd(o, max);
		if (len + 1 > room) {
			break;
		}
		name[pos++] = len;
		room -= len + 1;
		for (; len > 0; len--) {
			uint8_t c = rnd(o, 3) == 0 ? rnd(o, 256) : 'a' + rnd(o, 3);
			name[pos++] = (c >= 'A' && c <= 'Z') ? c + 32 : c;
		}
	}
	memcpy(name + pos, suffix == 1 ? (const uint8_t *)"" : o->zone, suffix);
}

static void add_odd(odd_t *o, rrlist_t *list, const knot_dname_t *owner)
{
	uint8_t rdata[600], name[255];
	odd_name(o, name);
	size_t len = knot_dname_size(name);
	switch (rnd(o, 5)) {
	case 0:
		memcpy(rdata, name, len);
		memory_add(list, owner, KNOT_RRTYPE_NS, rdata, len);
		break;
	case 1:
		knot_wire_write_u16(rdata, rnd(o, 3));
		memcpy(rdata + 2, name, len);
		memory_add(list, owner, KNOT_RRTYPE_MX, rdata, 2 + len);
		break;
	case 2:
		memcpy(rdata, name, len);
		odd_name(o, name);
		memcpy(rdata + len, name, knot_dname_size(name));
		memory_add(list, owner, KNOT_RRTYPE_MINFO, rdata, len + knot_dname_size(name));
		break;
	case 3:
		memcpy(rdata, "\0\1\15\2\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 18);
		memcpy(rdata + 18, name, len);
		memset(rdata + 18 + len, rnd(o, 256), 64);
		memory_add(list, owner, KNOT_RRTYPE_RRSIG, rdata, 18 + len + 64);
		break;
	default:
		memory_add(list, owner, 65000 + rnd(o, 9), name, rnd(o, len + 1));
	}
}

void memory_fill(rrlist_t *list, const knot_dname_t *zone, size_t rrsets, bool odd)
{
	uint8_t owner[255], rdata[82] = { 0, 1, 13, 2 };
	char text[64];
	odd_t o = { .state = list->count, .zone = zone };
	while (list->count < rrsets) {
		size_t i = list->count;
		if (odd) {
			if (i == 0 || rnd(&o, 3) > 0) {
				odd_name(&o, owner);
			}
			add_odd(&o, list, owner);
			continue;
		}
		(void)snprintf(text, sizeof(text), "host%zu.example.", i / 2);
		knot_dname_from_str(owner, text, sizeof(owner));
		knot_wire_write_u32(rdata + 4, i);
		memory_add(list, owner, i % 2 ? KNOT_RRTYPE_A : KNOT_RRTYPE_RRSIG,
		           i % 2 ? rdata + 4 : rdata, i % 2 ? 4 : sizeof(rdata));
	}
}

static void list_free(rrlist_t *list)
{
	for (size_t i = 0; i < list->count; i++) {
		knot_rrset_free(list->rr[i], NULL);
	}
	free(list->rr);
}

void memory_deinit(memory_t *p)
{
	list_free(&p->rrsets);
	list_free(&p->changes);
	knot_rrset_free(p->soa, NULL);
	knot_dname_free((knot_dname_t *)p->zone, NULL);
}

static int open_zone(void *ctx, const knot_dname_t *zone, view_t **view)
{
	memory_t *p = ctx;
	if (!knot_dname_is_equal(zone, p->zone)) {
		return KNOT_ENOZONE;
	}
	if (p->open_error != KNOT_EOK) {
		return p->open_error;
	}
	view_t *v = calloc(1, sizeof(*v));
	v->memory = p;
	p->views++;
	*view = v;
	return KNOT_EOK;
}

static int kept(void *ctx, const knot_dname_t *zone, uint32_t *serial)
{
	memory_t *p = ctx;
	if (!p->kept || !knot_dname_is_equal(zone, p->zone)) {
		return KNOT_ENOENT;
	}
	*serial = knot_soa_serial(p->soa->rrs.rdata);
	return KNOT_EOK;
}

static void close_view(view_t *v)
{
	v->memory->views--;
	free(v);
}

static const knot_rrset_t *view_soa(const view_t *v)
{
	return v->memory->soa;
}

static uint32_t view_expires_in(const view_t *v)
{
	return v->memory->expires_in;
}

static int next_of(view_t *v, const rrlist_t *list, knot_rrset_t *rr)
{
	if (v->memory->fail_at > 0 && v->next + 1 == v->memory->fail_at) {
		return KNOT_ESYSTEM;
	}
	if (v->next == list->count) {
		return KNOT_ENOENT;
	}
	*rr = *list->rr[v->next++];
	return KNOT_EOK;
}

static int view_next(view_t *v, knot_rrset_t *rr)
{
	return next_of(v, &v->memory->rrsets, rr);
}

static int view_seek(view_t *v, uint32_t serial)
{
	if (v->memory->seek_error != KNOT_EOK) {
		return v->memory->seek_error;
	}
	return serial == v->memory->changes_from ? KNOT_EOK : KNOT_ENOENT;
}

static int view_next_change(view_t *v, knot_rrset_t *rr)
{
	return next_of(v, &v->memory->changes, rr);
}

static void asked(void *ctx, const knot_dname_t *zone)
{
	memory_t *p = ctx;
	p->asked += knot_dname_is_equal(zone, p->zone);
}

static void handed(void *ctx, const knot_dname_t *zone, uint32_t serial, int64_t ms)
{
	memory_t *p = ctx;
	if (knot_dname_is_equal(zone, p->zone)) {
		p->handed_serial = serial;
		p->handed_ms = ms;
		p->handed++;
	}
}

static void taken(void *ctx, const knot_dname_t *zone, uint32_t serial)
{
	memory_t *p = ctx;
	if (knot_dname_is_equal(zone, p->zone)) {
		p->taken_serial = serial;
		p->taken++;
	}
}

static uint8_t update(void *ctx, const knot_pkt_t *message)
{
	memory_t *p = ctx;
	p->updates += knot_dname_is_equal(knot_pkt_qname(message), p->zone);
	return p->update_rcode;
}

static int key_of(void *ctx, const knot_dname_t *zone, const knot_dname_t *name,
                  knot_tsig_key_t *key)
{
	memory_t *p = ctx;
	return p->key != NULL && knot_dname_is_equal(zone, p->zone) &&
	               knot_dname_is_equal(name, p->key->name)
	       ? knot_tsig_key_copy(key, p->key) : KNOT_ENOENT;
}

void memory_init(memory_t *p, const char *zone, uint32_t serial)
{
	static const publisher_calls_t calls = {
		.open = open_zone, .kept = kept, .close = close_view, .soa = view_soa,
		.expires_in = view_expires_in, .next = view_next, .seek = view_seek,
		.next_change = view_next_change, .asked = asked, .update = update, .key = key_of,
		.handed = handed, .taken = taken,
	};
	memset(p, 0, sizeof(*p));
	p->zone = knot_dname_from_str_alloc(zone);
	rrlist_t soa = { 0 };
	memory_add_soa(&soa, p->zone, serial);
	p->soa = soa.rr[0];
	p->expires_in = UINT32_MAX;
	p->publisher = (publisher_t) { .calls = &calls, .ctx = p };
	free(soa.rr);
}
