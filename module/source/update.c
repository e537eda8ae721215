/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/update.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/input/edit.h"
#include "module/input/rules.h"
#include "module/rr/rdata.h"
#include "module/rr/serial.h"
#include "module/source/room.h"

/* WKS (RFC 1035): address and protocol, in its first five octets, tell one from another. */
#define TYPE_WKS 11
#define WKS_ID 5
/* A larger TTL means zero (RFC 2181, section 8). */
#define TTL_MAX INT32_MAX

typedef struct {
	const knot_dname_t *zone;
	size_t room;                      /*!< Bytes that the signed zone may have. */
	bool passes;                      /*!< The zone is published as the input is. */
	edit_t edit;
	update_result_t *result;
	const knot_rrset_t *rr;           /*!< Being worked on. */
	knot_dname_storage_t owner;       /*!< Its owner, lower case. */
	uint8_t rdata[sizeof(knot_rdata_t) + UINT16_MAX] __attribute__((aligned(2)));
} update_t;

/* All functions that return an int return KNOT_EOK, KNOT_EDENIED (the result tells why), or an
 * error of the store. */

/*! Refuses the message. */
__attribute__((format(printf, 3, 4)))
static int refuse(update_t *update, uint8_t rcode, const char *fmt, ...)
{
	char text[200], type[16] = "";
	knot_dname_txt_storage_t name = "";
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (update->rr != NULL) {
		(void)knot_dname_to_str(name, update->rr->owner, sizeof(name));
		(void)knot_rrtype_to_string(update->rr->type, type, sizeof(type));
	}
	update->result->rcode = rcode;
	snprintf(update->result->reason, sizeof(update->result->reason), "%.100s %s: %s", name,
	         type, text);
	return KNOT_EDENIED;
}

/*! Makes a record the one that is worked on. */
static int see(update_t *update, const knot_rrset_t *rr)
{
	update->rr = rr;
	memcpy(update->owner, rr->owner, knot_dname_size(rr->owner));
	knot_dname_to_lower(update->owner);
	return knot_dname_in_bailiwick(update->owner, update->zone) < 0
	       ? refuse(update, KNOT_RCODE_NOTZONE, "is not in the zone") : KNOT_EOK;
}

static uint16_t rdata_len(const knot_rrset_t *rr)
{
	return rr->rrs.count > 0 ? rr->rrs.rdata->len : 0;
}

/*! Copies RDATA in canonical form. */
static int take_rdata(update_t *update, const knot_rdata_t **rdata)
{
	knot_rdata_t *copy = (knot_rdata_t *)update->rdata;
	const uint16_t len = rdata_len(update->rr);
	knot_rdata_init(copy, len, len > 0 ? update->rr->rrs.rdata->data : NULL);
	*rdata = copy;
	return rdata_canonical(update->rr->type, copy->data, len)
	       ? KNOT_EOK : refuse(update, KNOT_RCODE_FORMERR, "the RDATA is malformed");
}

/*** Prerequisites (RFC 2136, section 3.2). ***/

/*! Checks whether a name or an RRset is there, of whatever value. */
static int check_existence(update_t *update, bool wanted)
{
	edit_node_t *node = NULL;
	const uint16_t type = update->rr->type;
	if (rdata_len(update->rr) > 0) {
		return refuse(update, KNOT_RCODE_FORMERR, "the prerequisite has RDATA");
	}
	int ret = edit_node(&update->edit, update->owner, &node);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (type == KNOT_RRTYPE_ANY) {
		return (node->node.count > 0) == wanted ? KNOT_EOK :
		       wanted ? refuse(update, KNOT_RCODE_NXDOMAIN, "the name is not in use") :
		                refuse(update, KNOT_RCODE_YXDOMAIN, "the name is in use");
	}
	return (node_rrset(&node->node, type) != NULL) == wanted ? KNOT_EOK :
	       wanted ? refuse(update, KNOT_RCODE_NXRRSET, "there is no such RRset") :
	                refuse(update, KNOT_RCODE_YXRRSET, "there is such an RRset");
}

/*! Compares the RRsets of the message with those of the zone. */
static int check_values(update_t *update, edit_t *values, const knot_pktsection_t *section)
{
	for (uint16_t i = 0; i < section->count; i++) {
		edit_node_t *node = NULL, *value = NULL;
		const knot_rrset_t *rr = knot_pkt_rr(section, i);
		if (rr->rclass != KNOT_CLASS_IN) {
			continue;
		}
		int ret = see(update, rr);
		if (ret == KNOT_EOK) {
			ret = edit_node(&update->edit, update->owner, &node);
		}
		if (ret == KNOT_EOK) {
			ret = edit_node(values, update->owner, &value);
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
		const node_rrset_t *is = node_rrset(&node->node, rr->type);
		const node_rrset_t *wanted = node_rrset(&value->node, rr->type);
		if (is == NULL || !knot_rdataset_eq(&is->rrs, &wanted->rrs)) {
			return refuse(update, KNOT_RCODE_NXRRSET, "the RRset is another");
		}
	}
	return KNOT_EOK;
}

static int check_prerequisite(update_t *update, edit_t *values)
{
	const knot_rrset_t *rr = update->rr;
	if (rr->ttl != 0) {
		return refuse(update, KNOT_RCODE_FORMERR, "the prerequisite has a TTL");
	}
	edit_node_t *value = NULL;
	const knot_rdata_t *rdata = NULL;
	int ret = KNOT_EOK;
	switch (rr->rclass) {
	case KNOT_CLASS_ANY:
		return check_existence(update, true);
	case KNOT_CLASS_NONE:
		return check_existence(update, false);
	case KNOT_CLASS_IN:
		ret = take_rdata(update, &rdata);
		if (ret == KNOT_EOK) {
			ret = edit_node(values, update->owner, &value);
		}
		return ret == KNOT_EOK ? edit_add(value, rr->type, 0, rdata) : ret;
	default:
		return refuse(update, KNOT_RCODE_FORMERR, "class %u in a prerequisite",
		              rr->rclass);
	}
}

static int check_prerequisites(update_t *update, const knot_pktsection_t *section)
{
	/* The RRsets that are wanted are gathered as if they were a zone; no zone has the id 0. */
	edit_t values;
	int ret = KNOT_EOK;
	edit_init(&values, update->edit.txn, 0, update->zone);
	for (uint16_t i = 0; ret == KNOT_EOK && i < section->count; i++) {
		ret = see(update, knot_pkt_rr(section, i));
		if (ret == KNOT_EOK) {
			ret = check_prerequisite(update, &values);
		}
	}
	if (ret == KNOT_EOK) {
		ret = check_values(update, &values, section);
	}
	edit_deinit(&values);
	return ret;
}

/*** Form of the changes (RFC 2136, section 3.4.1). ***/

static int prescan_addition(update_t *update)
{
	const knot_rrset_t *rr = update->rr;
	if (!update->passes && node_by_signer(rr->type) != 0) {
		return refuse(update, KNOT_RCODE_REFUSED,
		              "the signer makes these itself, as the policy says");
	}
	const uint16_t len = rdata_len(rr);
	knot_rdata_t *copy = (knot_rdata_t *)update->rdata;
	knot_rdata_init(copy, len, len > 0 ? rr->rrs.rdata->data : NULL);
	const char *fault = rules_form_fault(rr->type, copy->data, len);
	if (fault != NULL) {
		return refuse(update, KNOT_RCODE_FORMERR, "%s", fault);
	}
	/* RFC 2136, section 3.4.2.2: an SOA elsewhere is ignored, not refused. */
	fault = rr->type != KNOT_RRTYPE_SOA
	        ? rules_place_fault(update->zone, update->owner, rr->type, len) : NULL;
	return fault != NULL ? refuse(update, KNOT_RCODE_REFUSED, "%s", fault) : KNOT_EOK;
}

static int prescan(update_t *update)
{
	const knot_rrset_t *rr = update->rr;
	switch (rr->rclass) {
	case KNOT_CLASS_IN:
		return prescan_addition(update);
	case KNOT_CLASS_ANY:
		if (rr->ttl != 0 || rdata_len(rr) > 0 ||
		    (rules_is_meta(rr->type) && rr->type != KNOT_RRTYPE_ANY)) {
			return refuse(update, KNOT_RCODE_FORMERR,
			              "deletion of an RRset with TTL, RDATA or an odd type");
		}
		return KNOT_EOK;
	case KNOT_CLASS_NONE:
		if (rr->ttl != 0 || rules_is_meta(rr->type)) {
			return refuse(update, KNOT_RCODE_FORMERR,
			              "deletion of a record with TTL or an odd type");
		}
		return KNOT_EOK;
	default:
		return refuse(update, KNOT_RCODE_FORMERR, "class %u in a change", rr->rclass);
	}
}

/*** The changes (RFC 2136, section 3.4.2). ***/

static bool at_apex(const update_t *update)
{
	return knot_dname_is_equal(update->owner, update->zone);
}

/*! Drops the WKS of the same address and protocol: the new one replaces it. */
static void drop_wks(edit_node_t *node, const knot_rdata_t *rdata)
{
	const node_rrset_t *rrset = node_rrset(&node->node, TYPE_WKS);
	const knot_rdata_t *old = rrset != NULL ? rrset->rrs.rdata : NULL;
	for (uint16_t i = 0; rrset != NULL && i < rrset->rrs.count; i++) {
		if (old->len >= WKS_ID && rdata->len >= WKS_ID &&
		    memcmp(old->data, rdata->data, WKS_ID) == 0) {
			(void)edit_remove(node, TYPE_WKS, old);
			return;
		}
		old = knot_rdataset_next((knot_rdata_t *)old);
	}
}

static bool is_newer_soa(const edit_node_t *node, const knot_rdata_t *rdata)
{
	const node_rrset_t *soa = node_rrset(&node->node, KNOT_RRTYPE_SOA);
	return soa != NULL &&
	       serial_greater(knot_soa_serial(rdata), knot_soa_serial(soa->rrs.rdata));
}

static int add(update_t *update, edit_node_t *node)
{
	const knot_rrset_t *rr = update->rr;
	const knot_rdata_t *rdata = NULL;
	int ret = take_rdata(update, &rdata);
	if (ret != KNOT_EOK) {
		return ret;
	}
	const bool has_cname = node_rrset(&node->node, KNOT_RRTYPE_CNAME) != NULL;
	switch (rr->type) {
	case KNOT_RRTYPE_SOA:
		if (!at_apex(update) || !is_newer_soa(node, rdata)) {
			return KNOT_EOK;
		}
		edit_remove_rrset(node, rr->type);
		break;
	case KNOT_RRTYPE_CNAME:
		if (!has_cname && node_count_data(&node->node) > 0) {
			return KNOT_EOK;
		}
		edit_remove_rrset(node, rr->type);
		break;
	case KNOT_RRTYPE_DNAME:
		if (has_cname) {
			return KNOT_EOK;
		}
		edit_remove_rrset(node, rr->type);
		break;
	default:
		if (has_cname && node_by_signer(rr->type) == 0) {
			return KNOT_EOK;
		}
		if (rr->type == TYPE_WKS) {
			drop_wks(node, rdata);
		}
	}
	ret = edit_add(node, rr->type, rr->ttl <= TTL_MAX ? rr->ttl : 0, rdata);
	return ret == KNOT_ELIMIT ? refuse(update, KNOT_RCODE_REFUSED,
	                                   "the RRset has 65535 records already") : ret;
}

static void remove_rrset(const update_t *update, edit_node_t *node, uint16_t type)
{
	if (!at_apex(update) || (type != KNOT_RRTYPE_SOA && type != KNOT_RRTYPE_NS)) {
		edit_remove_rrset(node, type);
	}
}

static void remove_all(const update_t *update, edit_node_t *node)
{
	for (uint16_t i = node->node.count; i > 0; i--) {
		remove_rrset(update, node, node->node.rrsets[i - 1].type);
	}
}

static int remove_record(update_t *update, edit_node_t *node)
{
	const uint16_t type = update->rr->type;
	const knot_rdata_t *rdata = NULL;
	const node_rrset_t *rrset = node_rrset(&node->node, type);
	if (rrset == NULL || type == KNOT_RRTYPE_SOA ||
	    (type == KNOT_RRTYPE_NS && at_apex(update) && rrset->rrs.count == 1)) {
		return KNOT_EOK;
	}
	int ret = take_rdata(update, &rdata);
	if (ret == KNOT_EOK) {
		ret = edit_remove(node, type, rdata);
	}
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

static int change(update_t *update)
{
	edit_node_t *node = NULL;
	const knot_rrset_t *rr = update->rr;
	int ret = edit_node(&update->edit, update->owner, &node);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (rr->rclass == KNOT_CLASS_IN) {
		return add(update, node);
	} else if (rr->rclass == KNOT_CLASS_NONE) {
		return remove_record(update, node);
	} else if (rr->type == KNOT_RRTYPE_ANY) {
		remove_all(update, node);
	} else {
		remove_rrset(update, node, rr->type);
	}
	return KNOT_EOK;
}

static int each_record(update_t *update, const knot_pktsection_t *section,
                       int (*call)(update_t *update))
{
	int ret = KNOT_EOK;
	for (uint16_t i = 0; ret == KNOT_EOK && i < section->count; i++) {
		ret = see(update, knot_pkt_rr(section, i));
		if (ret == KNOT_EOK) {
			ret = call(update);
		}
	}
	update->rr = NULL;
	return ret;
}

/*** The message. ***/

/*!
 * Increases the serial (section 3.6) if the changes have not; never to 0 (section 7.11). Where the
 * zone is signed elsewhere that would break the SOA's signature: the message is refused.
 */
static int increase_serial(update_t *update)
{
	edit_node_t *apex = NULL;
	int ret = edit_node(&update->edit, update->zone, &apex);
	node_rrset_t *soa = ret == KNOT_EOK ? node_rrset(&apex->node, KNOT_RRTYPE_SOA) : NULL;
	if (soa == NULL) {
		return ret == KNOT_EOK ? KNOT_ESOAINVAL : ret;
	}
	const uint32_t serial = knot_soa_serial(soa->rrs.rdata);
	if (serial == update->result->before && update->passes && node_is_signed(&apex->node)) {
		update->result->rcode = KNOT_RCODE_REFUSED;
		snprintf(update->result->reason, sizeof(update->result->reason),
		         "the zone is signed elsewhere: the update has to have an SOA with a greater "
		         "serial than %u, and its signature", serial);
		return KNOT_EDENIED;
	}
	if (serial == update->result->before) {
		knot_soa_serial_set(soa->rrs.rdata, serial + 1 != 0 ? serial + 1 : 1);
	}
	return KNOT_EOK;
}

static int check_result(update_t *update)
{
	char reason[256];
	int ret = edit_check(&update->edit, reason, sizeof(reason));
	if (ret == KNOT_ESEMCHECK) {
		update->result->rcode = KNOT_RCODE_REFUSED;
		snprintf(update->result->reason, sizeof(update->result->reason), "%s", reason);
		return KNOT_EDENIED;
	}
	return ret;
}

/*! Refuses what knotd would refuse to take, for its size. */
static int check_room(update_t *update, const state_t *state)
{
	const edit_growth_t growth = edit_growth(&update->edit);
	if (!room_lacks(state, update->zone, &growth, update->room)) {
		return KNOT_EOK;
	}
	update->result->rcode = KNOT_RCODE_REFUSED;
	snprintf(update->result->reason, sizeof(update->result->reason),
	         "the signed zone would be larger than the %zu bytes that zone-max-size or "
	         "journal-max-usage in knot.conf allow", update->room);
	return KNOT_EDENIED;
}

static int apply(update_t *update, state_t *state, const knot_pkt_t *message)
{
	/* RFC 2136 has names of its own for the sections: zone, prerequisite, update. */
	const knot_pktsection_t *changes = knot_pkt_section(message, KNOT_AUTHORITY);
	int ret = check_prerequisites(update, knot_pkt_section(message, KNOT_ANSWER));
	if (ret == KNOT_EOK) {
		ret = each_record(update, changes, prescan);
	}
	if (ret == KNOT_EOK) {
		ret = each_record(update, changes, change);
	}
	if (ret != KNOT_EOK || !edit_changed(&update->edit)) {
		return ret;
	}
	ret = increase_serial(update);
	if (ret == KNOT_EOK) {
		ret = check_result(update);
	}
	if (ret == KNOT_EOK) {
		ret = check_room(update, state);
	}
	if (ret == KNOT_EOK) {
		state->in.updates++;
		ret = edit_store(&update->edit, state, &update->result->changed);
	}
	if (ret == KNOT_EOK) {
		snprintf(update->result->reason, sizeof(update->result->reason), "%s",
		         update->edit.warning);
	}
	return ret;
}

int update_apply(store_txn_t *txn, const knot_dname_t *zone, state_t *state,
                 const knot_pkt_t *message, size_t room, update_result_t *result)
{
	update_t update = {
		.zone = zone, .room = room, .result = result, .passes = state->passthrough
	};
	memset(result, 0, sizeof(*result));
	result->before = state->in.serial;
	edit_init(&update.edit, txn, state->in.nodes, zone);
	int ret = apply(&update, state, message);
	edit_deinit(&update.edit);
	return ret == KNOT_EDENIED ? KNOT_EOK : ret;
}
