/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/input/check.h"

#include <string.h>

#include <libknot/libknot.h>

/* RRsets at a name, at most: more than anybody needs, and few enough for node_t to count them with
 * those that the signer adds. */
#define TYPES_MAX 4096

/* The node at hand, and its RRsets that are checked. */
typedef struct {
	const records_t *records;
	const owner_run_t *run;
	report_t *report;
	bool is_apex;
	knot_dname_txt_storage_t name;
	record_t *soa, *ns, *cname, *dname;
	record_t *other;    /* The first one that is not a CNAME, and not made by a signer. */
	knot_rdataset_t ns_rrs;
} check_t;

/* The node with a DNAME above the nodes at hand. */
typedef struct {
	const uint8_t *key;
	size_t key_len;
} cover_t;

static void read_node(check_t *check, const records_t *records, const owner_run_t *run)
{
	memset(check, 0, sizeof(*check));
	check->records = records;
	check->run = run;

	record_t *it = records_first(records, run);
	for (uint32_t left = run->count; left > 0; left--) {
		knot_rdataset_t rrs;
		record_t *next = records_next(it, &rrs);
		switch (it->type) {
		case KNOT_RRTYPE_SOA:
			check->soa = it;
			break;
		case KNOT_RRTYPE_NS:
			check->ns = it;
			check->ns_rrs = rrs;
			break;
		case KNOT_RRTYPE_CNAME:
			check->cname = it;
			break;
		case KNOT_RRTYPE_DNAME:
			check->dname = it;
			break;
		}
		if (it->type != KNOT_RRTYPE_CNAME && !node_by_signer(it->type) &&
		    check->other == NULL) {
			check->other = it;
		}
		it = next;
	}
}

static const char *node_name(check_t *check)
{
	return knot_dname_to_str(check->name, records_owner(check->records, check->run),
	                         sizeof(check->name));
}

/* Of two records that exclude each other, the later one is reported. */
static place_t later(const record_t *a, const record_t *b)
{
	return place_is_before(a->place, b->place) ? b->place : a->place;
}

static void check_single(check_t *check, const record_t *rrset, const char *type)
{
	if (rrset != NULL && rrset->count > 1) {
		report_error(check->report, rrset->place, "%s has %u %s records, only one is "
		             "allowed", node_name(check), rrset->count, type);
	}
}

static void check_node(check_t *check)
{
	check_single(check, check->soa, "SOA");
	check_single(check, check->cname, "CNAME");
	check_single(check, check->dname, "DNAME");

	if (check->cname != NULL && check->other != NULL) {
		char type[16];
		knot_rrtype_to_string(check->other->type, type, sizeof(type));
		report_error(check->report, later(check->cname, check->other),
		             "%s has a CNAME beside other data (%s, line %u; the CNAME is in line "
		             "%u)", node_name(check), type, check->other->place.line,
		             check->cname->place.line);
	}
	if (check->dname != NULL && check->ns != NULL && !check->is_apex) {
		report_error(check->report, later(check->dname, check->ns),
		             "%s has a DNAME beside NS records (RFC 6672, section 2.3)",
		             node_name(check));
	}
	if (check->run->count > TYPES_MAX) {
		report_error(check->report, records_first(check->records, check->run)->place,
		             "%s has records of more than %d "
		             "types", node_name(check), TYPES_MAX);
	}
}

static void check_cover(check_t *check, cover_t *cover)
{
	size_t len;
	const uint8_t *key = records_key(check->records, check->run, &len);
	if (cover->key != NULL && node_key_below(key, len, cover->key, cover->key_len)) {
		if (check->other == NULL && check->cname == NULL) {
			return; /* It has only what a signer makes: NSEC3. */
		}
		report_error(check->report, records_first(check->records, check->run)->place,
		             "%s is below a DNAME (RFC 6672, section 2.4)", node_name(check));
	} else if (check->dname != NULL) {
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
	knot_rdata_t *ns = check->ns_rrs.rdata;
	for (uint16_t i = 0; i < check->ns_rrs.count; i++, ns = knot_rdataset_next(ns)) {
		const knot_dname_t *host = ns->data;
		if (knot_dname_in_bailiwick(host, records_owner(check->records, check->run)) >= 0 &&
		    !has_address(check->records, host)) {
			knot_dname_txt_storage_t name;
			knot_dname_to_str(name, host, sizeof(name));
			report_warning(check->report, check->ns->place, "%s NS %s: missing glue, "
			               "the zone has no address of it", node_name(check), name);
		}
	}
}

/* The apex is the first node, if there are any: all are in the zone. */
static void check_apex(check_t *check, const knot_dname_t *apex)
{
	knot_dname_txt_storage_t name;
	knot_dname_to_str(name, apex, sizeof(name));
	if (check->soa == NULL) {
		report_error(check->report, (place_t) { 0 }, "there is no SOA record of %s", name);
	} else if (check->ns == NULL) {
		report_error(check->report, check->soa->place, "there are no NS records of %s",
		             name);
	}
}

void check_records(const records_t *records, const knot_dname_t *apex, report_t *report)
{
	check_t check = { .report = report };
	cover_t cover = { 0 };

	if (records->run_count == 0) {
		check_apex(&check, apex);
	}
	for (size_t i = 0; i < records->run_count; i++) {
		read_node(&check, records, &records->runs[i]);
		check.report = report;
		if (i == 0) {
			check.is_apex = knot_dname_is_equal(records_owner(records, check.run),
			                                    apex);
			check_apex(&check, apex);
		}
		check_node(&check);
		check_cover(&check, &cover);
		check_glue(&check);
	}
}
