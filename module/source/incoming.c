/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/incoming.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <libknot/libknot.h>

#include "module/base/arena.h"
#include "module/input/edit.h"
#include "module/input/rules.h"
#include "module/rr/rdata.h"
#include "module/rr/serial.h"
#include "module/rr/soa.h"

/* Larger ones mean zero (RFC 2181, section 8). */
#define TTL_MAX INT32_MAX
/* Bytes of records outside of the zone, which are left out, at most: glue of an odd server takes
 * far less, and without a limit a transfer of such records alone would never end. */
#define JUNK_MAX (1 << 20)

/* Bytes that a name with changes takes while they are applied, beside its records: its edit_node_t,
 * and what the tree, the array of RRsets and the allocator add. */
#define EDIT_SIZE (sizeof(edit_node_t) + 200)

/*! A record that is removed or added. */
typedef struct change {
	STAILQ_ENTRY(change) link;
	const knot_dname_t *owner;
	const knot_rdata_t *rdata;
	uint32_t ttl;
	uint16_t type;
	bool comes;
} change_t;

typedef enum {
	AT_FIRST,     /*!< The SOA that begins the transfer is next. */
	AT_SECOND,    /*!< The record that tells AXFR from IXFR is next. */
	IN_ZONE,
	IN_REMOVALS,
	IN_ADDITIONS,
	AT_END,
} part_t;

struct incoming {
	incoming_args_t args;
	part_t part;
	incoming_kind_t kind;
	knot_rdata_t *soa;       /*!< Of the primary. */
	uint32_t soa_ttl;
	uint32_t to;             /*!< Serial to which the changes at hand lead. */
	contents_t *contents;    /*!< Of all of the zone. */
	arena_t arena;
	STAILQ_HEAD(, change) changes;
	const knot_dname_t *last; /*!< Owner of the last of them. */
	size_t size;             /*!< Bytes of the changes. */
	size_t junk;             /*!< Bytes of changes that are not in the zone. */
	size_t removed_ns;       /*!< NS records that they remove. */
	char *err;
	size_t err_size;
};

incoming_t *incoming_new(const incoming_args_t *args)
{
	incoming_t *in = calloc(1, sizeof(*in));
	if (in != NULL) {
		in->args = *args;
		STAILQ_INIT(&in->changes);
	}
	return in;
}

void incoming_free(incoming_t *in)
{
	if (in != NULL) {
		contents_free(in->contents);
		arena_free(&in->arena);
		free(in);
	}
}

incoming_kind_t incoming_kind(const incoming_t *in)
{
	return in->kind;
}

const knot_rdata_t *incoming_soa(const incoming_t *in)
{
	return in->soa;
}

size_t incoming_removed_ns(const incoming_t *in)
{
	return in->removed_ns;
}

__attribute__((format(printf, 3, 4)))
static int refuse(incoming_t *in, int ret, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(in->err, in->err_size, fmt, args);
	va_end(args);
	return ret;
}

/*** Record by record. ***/

static bool is_soa(const incoming_t *in, const knot_rrset_t *rr)
{
	return rr->type == KNOT_RRTYPE_SOA && knot_dname_is_case_equal(rr->owner, in->args.zone);
}

static uint32_t serial_of(const knot_rrset_t *rr)
{
	return knot_soa_serial(rr->rrs.rdata);
}

static int refuse_junk(incoming_t *in)
{
	return refuse(in, KNOT_ESPACE, "more than %d MiB of records are not in the zone",
	              JUNK_MAX >> 20);
}

static int add_to_zone(incoming_t *in, const knot_rrset_t *rr)
{
	knot_rdata_t *rdata = rr->rrs.rdata;
	int ret = contents_add(in->contents, &(source_rr_t) {
		.owner = rr->owner, .type = rr->type, .ttl = rr->ttl,
		.rdata = rdata->data, .rdata_len = rdata->len,
	});
	if (ret == KNOT_EOK && contents_left_out(in->contents) > JUNK_MAX) {
		return refuse_junk(in);
	}
	if (ret == KNOT_EOK && contents_size(in->contents) > in->args.size_max) {
		return refuse(in, KNOT_ESPACE, "the zone is larger than zone-max-size or "
		              "journal-max-usage allow");
	}
	return ret;
}

/*! Begins with a whole zone, of which the first SOA is a part. */
static int begin_zone(incoming_t *in)
{
	in->part = IN_ZONE;
	in->kind = INCOMING_ZONE;
	in->contents = contents_new(in->args.origin, in->args.zone, in->args.log);
	if (in->contents == NULL) {
		return KNOT_ENOMEM;
	}
	return contents_add(in->contents, &(source_rr_t) {
		.owner = in->args.zone, .type = KNOT_RRTYPE_SOA, .ttl = in->soa_ttl,
		.rdata = in->soa->data, .rdata_len = in->soa->len,
	});
}

static int take_first(incoming_t *in, const knot_rrset_t *rr)
{
	if (!is_soa(in, rr)) {
		return refuse(in, KNOT_EMALF, "the transfer does not begin with the zone's SOA");
	}
	in->soa = arena_copy(&in->arena, rr->rrs.rdata, knot_rdata_size(rr->rrs.rdata->len));
	in->soa_ttl = rr->ttl;
	in->part = AT_SECOND;
	if (in->soa == NULL) {
		return KNOT_ENOMEM;
	}
	if (in->args.ixfr && !serial_greater(serial_of(rr), in->args.serial)) {
		in->kind = INCOMING_SAME;
		in->part = AT_END;
	}
	return KNOT_EOK;
}

static int take_in_zone(incoming_t *in, const knot_rrset_t *rr)
{
	if (!is_soa(in, rr)) {
		return add_to_zone(in, rr);
	}
	if (serial_of(rr) != knot_soa_serial(in->soa)) {
		return refuse(in, KNOT_EMALF, "the transfer begins with serial %u and ends with %u",
		              knot_soa_serial(in->soa), serial_of(rr));
	}
	in->part = AT_END;
	return KNOT_EOK;
}

static int take_second(incoming_t *in, const knot_rrset_t *rr)
{
	if (in->args.ixfr && is_soa(in, rr) && serial_of(rr) != knot_soa_serial(in->soa)) {
		if (serial_of(rr) != in->args.serial) {
			return refuse(in, KNOT_EMALF, "the changes begin at serial %u, we have %u",
			              serial_of(rr), in->args.serial);
		}
		in->kind = INCOMING_CHANGES;
		in->part = IN_REMOVALS;
		return KNOT_EOK;
	}
	int ret = begin_zone(in);
	return ret == KNOT_EOK ? take_in_zone(in, rr) : ret;
}

/*! \return What is wrong with a record of a change, NULL if nothing is. */
static const char *find_fault(const incoming_t *in, const knot_rrset_t *rr,
                              const knot_dname_t *owner, bool comes)
{
	knot_rdata_t *rdata = rr->rrs.rdata;
	if (!comes) {
		/* What the zone has from an older version of the module can go. */
		return rdata_canonical(rr->type, rdata->data, rdata->len)
		       ? NULL : "the RDATA is malformed";
	}
	const char *fault = rules_form_fault(rr->type, rdata->data, rdata->len);
	return fault != NULL ? fault : rules_place_fault(in->args.zone, owner, rr->type, rdata->len);
}

static int refuse_change(incoming_t *in, const knot_rrset_t *rr, const char *fault)
{
	knot_dname_txt_storage_t name = "";
	char type[16] = "";
	(void)knot_dname_to_str(name, rr->owner, sizeof(name));
	(void)knot_rrtype_to_string(rr->type, type, sizeof(type));
	return refuse(in, KNOT_EMALF, "a change has %s %s: %s", name, type, fault);
}

static int add_change(incoming_t *in, const knot_rrset_t *rr, bool comes)
{
	knot_rdata_t *rdata = rr->rrs.rdata;
	const size_t owner_len = knot_dname_size(rr->owner);
	knot_dname_storage_t lower;
	memcpy(lower, rr->owner, owner_len);
	knot_dname_to_lower(lower);
	if (knot_dname_in_bailiwick(lower, in->args.zone) < 0) {
		in->junk += owner_len + knot_rdata_size(rdata->len);
		return in->junk > JUNK_MAX ? refuse_junk(in) : KNOT_EOK;
	}
	const char *fault = find_fault(in, rr, lower, comes);
	if (fault != NULL) {
		return refuse_change(in, rr, fault);
	}
	in->size += owner_len + knot_rdata_size(rdata->len) + sizeof(change_t);
	in->size += in->last == NULL || !knot_dname_is_equal(in->last, lower) ? EDIT_SIZE : 0;
	if (in->size > in->args.size_max) {
		return refuse(in, KNOT_ELIMIT, "the changes take more memory than zone-max-size or "
		              "journal-max-usage allow the zone");
	}
	change_t *change = arena_alloc(&in->arena, sizeof(*change));
	if (change == NULL) {
		return KNOT_ENOMEM;
	}
	*change = (change_t) {
		.owner = arena_copy(&in->arena, lower, owner_len),
		.rdata = arena_copy(&in->arena, rdata, knot_rdata_size(rdata->len)),
		.ttl = rr->ttl <= TTL_MAX ? rr->ttl : 0, .type = rr->type, .comes = comes,
	};
	STAILQ_INSERT_TAIL(&in->changes, change, link);
	in->last = change->owner;
	in->removed_ns += !comes && rr->type == KNOT_RRTYPE_NS;
	return change->owner != NULL && change->rdata != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

static int take_removal(incoming_t *in, const knot_rrset_t *rr)
{
	if (!is_soa(in, rr)) {
		return add_change(in, rr, false);
	}
	in->to = serial_of(rr);
	in->part = IN_ADDITIONS;
	return add_change(in, rr, true);
}

static int take_addition(incoming_t *in, const knot_rrset_t *rr)
{
	if (!is_soa(in, rr)) {
		return add_change(in, rr, true);
	}
	if (serial_of(rr) != in->to) {
		return refuse(in, KNOT_EMALF, "changes that begin at serial %u follow those that "
		              "lead to %u", serial_of(rr), in->to);
	}
	in->part = in->to == knot_soa_serial(in->soa) ? AT_END : IN_REMOVALS;
	return KNOT_EOK;
}

static int take_record_of(incoming_t *in, const knot_rrset_t *rr)
{
	if (rr->rclass != KNOT_CLASS_IN || rr->rrs.count != 1) {
		return refuse(in, KNOT_EMALF, "a record of class %u", rr->rclass);
	}
	if (rr->type == KNOT_RRTYPE_SOA && !soa_is_whole(rr->rrs.rdata)) {
		return refuse(in, KNOT_EMALF, "a malformed SOA");
	}
	switch (in->part) {
	case AT_FIRST:
		return take_first(in, rr);
	case AT_SECOND:
		return take_second(in, rr);
	case IN_ZONE:
		return take_in_zone(in, rr);
	case IN_REMOVALS:
		return take_removal(in, rr);
	case IN_ADDITIONS:
		return take_addition(in, rr);
	default:
		return refuse(in, KNOT_EMALF, "there are records behind the end");
	}
}

/*** Messages. ***/

int incoming_message(incoming_t *in, const knot_pkt_t *message, char *err, size_t err_size)
{
	in->err = err;
	in->err_size = err_size;
	const uint16_t rcode = knot_pkt_ext_rcode(message);
	const knot_pktsection_t *answer = knot_pkt_section(message, KNOT_ANSWER);
	if (rcode != KNOT_RCODE_NOERROR) {
		return refuse(in, KNOT_ENOTSUP, "the answer is %s", knot_pkt_ext_rcode_name(message));
	}
	if (knot_wire_get_tc(message->wire) || answer->count == 0) {
		return refuse(in, KNOT_EMALF, "a message is empty or truncated");
	}
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && i < answer->count; i++) {
		ret = take_record_of(in, knot_pkt_rr(answer, i));
	}
	if (ret == KNOT_ENOMEM) {
		return refuse(in, ret, "out of memory");
	}
	return ret == KNOT_EOK && in->part == AT_END ? KNOT_EOF : ret;
}

/*** The whole. ***/

int incoming_zone(incoming_t *in, contents_t **contents, char *err, size_t err_size)
{
	int ret = contents_end(in->contents, err, err_size);
	if (ret == KNOT_EOK) {
		*contents = in->contents;
		in->contents = NULL;
	}
	return ret;
}

static int misfit(incoming_t *in, const change_t *change, const char *text)
{
	knot_dname_txt_storage_t name = "";
	char type[16] = "";
	(void)knot_dname_to_str(name, change->owner, sizeof(name));
	(void)knot_rrtype_to_string(change->type, type, sizeof(type));
	return refuse(in, KNOT_EMALF, "the changes %s %s %s", text, name, type);
}

static int apply_change(incoming_t *in, edit_t *edit, const change_t *change)
{
	edit_node_t *node = NULL;
	int ret = edit_node(edit, change->owner, &node);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (change->type == KNOT_RRTYPE_SOA) {
		edit_remove_rrset(node, KNOT_RRTYPE_SOA);
	}
	if (!change->comes) {
		ret = edit_remove(node, change->type, change->rdata);
		return ret == KNOT_ENOENT ? misfit(in, change, "remove what is not there:") : ret;
	}
	const node_rrset_t *rrset = node_rrset(&node->node, change->type);
	if (rrset != NULL && knot_rdataset_member(&rrset->rrs, change->rdata)) {
		return misfit(in, change, "add what is there:");
	}
	return edit_add(node, change->type, change->ttl, change->rdata);
}

int incoming_apply(incoming_t *in, store_txn_t *txn, state_t *state, size_t *changed, char *err,
                   size_t err_size)
{
	edit_t edit;
	in->err = err;
	in->err_size = err_size;
	if (state->in.serial != in->args.serial) {
		return refuse(in, KNOT_EMALF, "the zone has changed meanwhile");
	}
	edit_init(&edit, txn, state->in.nodes, in->args.zone);
	int ret = KNOT_EOK;
	const change_t *change;
	STAILQ_FOREACH(change, &in->changes, link) {
		ret = apply_change(in, &edit, change);
		if (ret != KNOT_EOK) {
			break;
		}
	}
	if (ret == KNOT_EOK) {
		ret = edit_check(&edit, err, err_size);
		ret = ret == KNOT_ESEMCHECK ? KNOT_EMALF : ret;
	}
	if (ret == KNOT_EOK) {
		ret = edit_store(&edit, state, changed);
	}
	if (ret == KNOT_EOK && edit.warning[0] != '\0') {
		log_msg(in->args.log, LOG_WARNING, in->args.zone, "%s: %s", in->args.origin,
		        edit.warning);
	}
	edit_deinit(&edit);
	return ret;
}
