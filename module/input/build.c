/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/zonefile/zonefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/zonefile/parts.h"

struct zonefile_build {
	zonefile_t *zf;
	report_t report;
	taker_t taker;
	place_t place;   /*!< Its line is the number of the record. */
};

zonefile_build_t *zonefile_build_new(const char *origin, const knot_dname_t *apex, log_t *log)
{
	zonefile_build_t *build = calloc(1, sizeof(*build));
	if (build == NULL) {
		return NULL;
	}
	build->report = (report_t) { .log = log, .apex = apex };
	build->zf = calloc(1, sizeof(*build->zf));
	if (build->zf == NULL ||
	    report_file(&build->report, origin, &build->place.file) != KNOT_EOK) {
		zonefile_build_free(build);
		return NULL;
	}
	take_init(&build->taker, apex, &build->zf->records, &build->report);
	return build;
}

void zonefile_build_free(zonefile_build_t *build)
{
	if (build != NULL) {
		zonefile_free(build->zf);
		report_deinit(&build->report);
		free(build);
	}
}

int zonefile_build_add(zonefile_build_t *build, const knot_dname_t *owner, uint16_t type,
                       uint32_t ttl, uint8_t *rdata, uint16_t rdata_len)
{
	build->place.line++;
	knot_dname_storage_t lower;
	memcpy(lower, owner, knot_dname_size(owner));
	knot_dname_to_lower(lower);
	if (knot_dname_in_bailiwick(lower, build->report.apex) < 0) {
		knot_dname_txt_storage_t name = "";
		(void)knot_dname_to_str(name, owner, sizeof(name));
		report_warning(&build->report, build->place, "%s is left out, it is not in the zone",
		               name);
		return KNOT_EOK;
	}
	return take_record(&build->taker, owner, type, ttl, rdata, rdata_len, build->place);
}

size_t zonefile_build_size(const zonefile_build_t *build)
{
	return build->zf->records.size;
}

int zonefile_build_end(zonefile_build_t *build, zonefile_t **zf, char *err, size_t err_size)
{
	report_t *report = &build->report;
	int ret = KNOT_EOK;
	if (report->errors == 0) {
		ret = records_sort(&build->zf->records, report);
		if (ret == KNOT_EOK) {
			zonefile_check(&build->zf->records, report->apex, report);
		}
	}
	report_end(report);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "%s", knot_strerror(ret));
	} else if (report->errors > 0) {
		report_write(report, err, err_size);
		ret = KNOT_EMALF;
	} else {
		*zf = build->zf;
		build->zf = NULL;
	}
	return ret;
}
