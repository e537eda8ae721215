/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input/contents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/input/check.h"

struct contents {
	records_t records;
	report_t report;
	taker_t taker;
	place_t place; /*!< Of the last record of a transfer; its line is the record's number. */
	size_t next;   /*!< Run to be given. */
};

contents_t *contents_new(const char *origin, const knot_dname_t *apex, log_t *log)
{
	contents_t *contents = calloc(1, sizeof(*contents));
	if (contents == NULL) {
		return NULL;
	}
	contents->report = (report_t) { .log = log, .apex = apex };
	if (report_file(&contents->report, origin, &contents->place.file) != KNOT_EOK) {
		contents_free(contents);
		return NULL;
	}
	take_init(&contents->taker, apex, &contents->records, &contents->report);
	return contents;
}

void contents_free(contents_t *contents)
{
	if (contents != NULL) {
		records_deinit(&contents->records);
		report_deinit(&contents->report);
		free(contents);
	}
}

/*** Filled. ***/

report_t *contents_report(contents_t *contents)
{
	return &contents->report;
}

int contents_take(contents_t *contents, const source_rr_t *rr, place_t place)
{
	return take_record(&contents->taker, rr, place);
}

int contents_add(contents_t *contents, const source_rr_t *rr)
{
	contents->place.line++;
	return take_record(&contents->taker, rr, contents->place);
}

size_t contents_left_out(const contents_t *contents)
{
	return contents->taker.left_out;
}

size_t contents_size(const contents_t *contents)
{
	return contents->records.size;
}

int contents_end(contents_t *contents, char *err, size_t err_size)
{
	report_t *report = &contents->report;
	int ret = KNOT_EOK;
	if (report->errors == 0) {
		ret = records_sort(&contents->records, report);
		if (ret == KNOT_EOK) {
			ret = check_records(&contents->records, report->apex, report);
		}
	}
	report_end(report);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "%s: not enough memory for the zone", report->files[0]);
	} else if (report->errors > 0) {
		report_write(report, err, err_size);
		ret = KNOT_EMALF;
	}
	return ret;
}

void contents_refuse(contents_t *contents, uint16_t type, const char *reason, char *err,
                     size_t err_size)
{
	knot_dname_txt_storage_t name = "";
	char text[16] = "";
	place_t place = { 0 };
	const owner_run_t *run = contents->records.runs;
	record_t *it = run != NULL ? records_first(&contents->records, run) : NULL;
	for (uint32_t left = run != NULL ? run->count : 0; left > 0; left--) {
		knot_rdataset_t rrs;
		if (it->type == type) {
			place = it->place;
		}
		it = records_next(it, &rrs);
	}
	(void)knot_dname_to_str(name, contents->report.apex, sizeof(name));
	(void)knot_rrtype_to_string(type, text, sizeof(text));
	report_error(&contents->report, place, "%s %s: %s", name, text, reason);
	report_write(&contents->report, err, err_size);
}

/*** Read. ***/

int contents_next(contents_t *contents, const knot_dname_t **owner, node_t *node)
{
	if (contents->next == contents->records.run_count) {
		return KNOT_ENOENT;
	}
	const owner_run_t *run = &contents->records.runs[contents->next++];

	memset(node, 0, sizeof(*node));
	record_t *it = records_first(&contents->records, run);
	for (uint32_t left = run->count; left > 0; left--) {
		node_rrset_t rrset = { .type = it->type, .ttl = it->ttl };
		it = records_next(it, &rrset.rrs);
		int ret = node_add(node, &rrset);
		if (ret != KNOT_EOK) {
			node_deinit(node);
			return ret;
		}
	}
	*owner = records_owner(&contents->records, run);
	return KNOT_EOK;
}

void contents_count(const contents_t *contents, uint16_t type, uint64_t *names, uint64_t *with)
{
	const records_t *records = &contents->records;
	*names = records->run_count;
	*with = 0;
	for (size_t i = 0; i < records->run_count; i++) {
		record_t *it = records_first(records, &records->runs[i]);
		for (uint32_t left = records->runs[i].count; left > 0; left--) {
			knot_rdataset_t rrs;
			*with += it->type == type;
			it = records_next(it, &rrs);
		}
	}
}

void contents_rewind(contents_t *contents)
{
	contents->next = 0;
}
