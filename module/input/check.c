/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/input/check.h"

#include <string.h>

#include <libknot/libknot.h>

#include "module/input/rules.h"

/* The node at hand. */
typedef struct {
	const records_t *records;
	const owner_run_t *run;
	const knot_dname_t *owner;
	report_t *report;
	node_t node;        /* Its array is used again for the next node. */
	knot_dname_txt_storage_t name;
} check_t;

/* The node with a DNAME above the nodes at hand. */
typedef struct {
	const uint8_t *key;
	size_t key_len;
} cover_t;

/* \return KNOT_EOK, KNOT_ENOMEM */
static int read_node(check_t *check, const owner_run_t *run)
{
	int ret = KNOT_EOK;
	check->run = run;
	check->owner = records_owner(check->records, run);
	check->node.count = 0;
	record_t *it = records_first(check->records, run);
	for (uint32_t left = run->count; ret == KNOT_EOK && left > 0; left--) {
		node_rrset_t rrset = { .type = it->type, .ttl = it->ttl };
		it = records_next(it, &rrset.rrs);
		ret = node_add(&check->node, &rrset);
	}
	return ret;
}

static const char *node_name(check_t *check)
{
	return knot_dname_to_str(check->name, check->owner, sizeof(check->name));
}

/* \return Where the RRset of a type is; no line if there is none. */
static place_t place_of(const check_t *check, uint16_t type)
{
	record_t *it = check->run != NULL ? records_first(check->records, check->run) : NULL;
	for (uint32_t left = it != NULL ? check->run->count : 0; left > 0; left--) {
		knot_rdataset_t rrs;
		if (it->type == type) {
			return it->place;
		}
		it = records_next(it, &rrs);
	}
	return (place_t) { 0 };
}

/* Of two RRsets that exclude each other, the later one is reported. */
static void report_pair(check_t *check, const rules_fault_t *fault)
{
	char type[16] = "", other[16] = "";
	const place_t a = place_of(check, fault->type), b = place_of(check, fault->other);
	(void)knot_rrtype_to_string(fault->type, type, sizeof(type));
	(void)knot_rrtype_to_string(fault->other, other, sizeof(other));
	report_error(check->report, place_is_before(a, b) ? b : a, "%s %s (%s, line %u; the %s is "
	             "in line %u)", node_name(check), fault->text, other, b.line, type, a.line);
}

static void check_node(check_t *check)
{
	rules_fault_t fault;
	if (rules_node_fault(check->report->apex, check->owner, &check->node, &fault)) {
		if (fault.other != 0) {
			report_pair(check, &fault);
		} else {
			report_error(check->report, place_of(check, fault.type), "%s %s",
			             node_name(check), fault.text);
		}
	} else if (rules_node_warning(&check->node, &fault)) {
		report_warning(check->report, place_of(check, fault.type), "%s %s",
		               node_name(check), fault.text);
	}
}

static void check_cover(check_t *check, cover_t *cover)
{
	size_t len;
	const uint8_t *key = records_key(check->records, check->run, &len);
	if (cover->key != NULL && node_key_below(key, len, cover->key, cover->key_len)) {
		if (node_count_data(&check->node) == 0) {
			return; /* It has only what a signer makes: NSEC3. */
		}
		report_error(check->report, records_first(check->records, check->run)->place,
		             "%s " RULES_BELOW_DNAME, node_name(check));
	} else if (node_rrset(&check->node, KNOT_RRTYPE_DNAME) != NULL) {
		cover->key = key;
		cover->key_len = len;
	} else {
		cover->key = NULL;
	}
}

static bool has_address(const records_t *records, const knot_dname_t *name)
{
	uint8_t key[NODE_KEY_MAX];
	const owner_run_t *run = records_find(records, key, node_key(name, key));
	if (run == NULL) {
		return false;
	}
	record_t *it = records_first(records, run);
	for (uint32_t left = run->count; left > 0; left--) {
		if (it->type == KNOT_RRTYPE_A || it->type == KNOT_RRTYPE_AAAA) {
			return true;
		}
		knot_rdataset_t rrs;
		it = records_next(it, &rrs);
	}
	return false;
}

/* A name server whose name is in the zone that it serves cannot be found without its address. */
static void check_glue(check_t *check)
{
	const node_rrset_t *ns = node_rrset(&check->node, KNOT_RRTYPE_NS);
	const knot_rdata_t *rdata = ns != NULL ? ns->rrs.rdata : NULL;
	for (uint16_t i = 0; ns != NULL && i < ns->rrs.count; i++) {
		const knot_dname_t *host = rdata->data;
		if (knot_dname_in_bailiwick(host, check->owner) >= 0 &&
		    !has_address(check->records, host)) {
			knot_dname_txt_storage_t name;
			knot_dname_to_str(name, host, sizeof(name));
			report_warning(check->report, place_of(check, KNOT_RRTYPE_NS), "%s NS %s: "
			               "missing glue, the zone has no address of it",
			               node_name(check), name);
		}
		rdata = knot_rdataset_next((knot_rdata_t *)rdata);
	}
}

/* The apex is the first node, if there is one: all are in the zone. */
static bool has_apex(const records_t *records, const knot_dname_t *apex)
{
	return records->run_count > 0 &&
	       knot_dname_is_equal(records_owner(records, &records->runs[0]), apex);
}

int check_records(const records_t *records, const knot_dname_t *apex, report_t *report)
{
	check_t check = { .records = records, .report = report, .owner = apex };
	cover_t cover = { 0 };
	int ret = KNOT_EOK;

	if (!has_apex(records, apex)) {
		check_node(&check);
	}
	for (size_t i = 0; ret == KNOT_EOK && i < records->run_count; i++) {
		ret = read_node(&check, &records->runs[i]);
		if (ret == KNOT_EOK) {
			check_node(&check);
			check_cover(&check, &cover);
			check_glue(&check);
		}
	}
	node_deinit(&check.node);
	return ret;
}
