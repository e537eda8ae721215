/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zonefile/zonefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "module/zonefile/parts.h"

static int read_zone(zonefile_t *zf, const char *path, const knot_dname_t *apex, report_t *report,
                     char *err, size_t err_size)
{
	int ret = zonefile_parse(path, apex, &zf->records, report, err, err_size);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (report->errors == 0) {
		ret = records_sort(&zf->records, report);
		if (ret != KNOT_EOK) {
			snprintf(err, err_size, "%s: not enough memory for the zone", path);
			return ret;
		}
		zonefile_check(&zf->records, apex, report);
	}
	return report->errors == 0 ? KNOT_EOK : KNOT_EMALF;
}

int zonefile_read(const char *path, const knot_dname_t *apex, log_t *log, zonefile_t **zf,
                  char *err, size_t err_size)
{
	zonefile_t *new = calloc(1, sizeof(*new));
	if (new == NULL) {
		snprintf(err, err_size, "%s: not enough memory", path);
		return KNOT_ENOMEM;
	}

	report_t report = { .log = log, .apex = apex };
	int ret = read_zone(new, path, apex, &report, err, err_size);
	report_end(&report);
	if (ret == KNOT_EMALF && report.errors > 0) {
		report_write(&report, err, err_size);
	}
	report_deinit(&report);

	if (ret != KNOT_EOK) {
		zonefile_free(new);
		return ret;
	}
	*zf = new;
	return KNOT_EOK;
}

int zonefile_next(zonefile_t *zf, const knot_dname_t **owner, node_t *node)
{
	if (zf->next == zf->records.run_count) {
		return KNOT_ENOENT;
	}
	const owner_run_t *run = &zf->records.runs[zf->next++];

	memset(node, 0, sizeof(*node));
	record_t *it = records_first(&zf->records, run);
	for (uint32_t left = run->count; left > 0; left--) {
		node_rrset_t rrset = { .type = it->type, .ttl = it->ttl };
		it = records_next(it, &rrset.rrs);
		int ret = node_add(node, &rrset);
		if (ret != KNOT_EOK) {
			node_deinit(node);
			return ret;
		}
	}
	*owner = records_owner(&zf->records, run);
	return KNOT_EOK;
}

void zonefile_rewind(zonefile_t *zf)
{
	zf->next = 0;
}

void zonefile_free(zonefile_t *zf)
{
	if (zf != NULL) {
		records_deinit(&zf->records);
		free(zf);
	}
}
