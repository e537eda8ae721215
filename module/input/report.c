/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/input/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#define WARNINGS_MAX 20 /* Warnings of a zone that are logged; more would fill the log. */
#define TEXT_MAX 1024   /* Bytes of a message, and of a path; what is longer is cut. */

int report_file(report_t *report, const char *path, uint16_t *file)
{
	if (report->file_count > UINT16_MAX) {
		return KNOT_ELIMIT;
	}
	char **files = realloc(report->files, (report->file_count + 1) * sizeof(*files));
	if (files == NULL) {
		return KNOT_ENOMEM;
	}
	report->files = files;
	files[report->file_count] = strdup(path);
	if (files[report->file_count] == NULL) {
		return KNOT_ENOMEM;
	}
	*file = report->file_count++;
	return KNOT_EOK;
}

static void write_place(const report_t *report, place_t place, char *out, size_t size)
{
	const char *path = report->files[place.file];
	if (place.line > 0) {
		snprintf(out, size, "%s:%u", path, place.line);
	} else {
		snprintf(out, size, "%s", path);
	}
}

bool place_is_before(place_t a, place_t b)
{
	return a.file < b.file || (a.file == b.file && a.line < b.line);
}

static void write_line(const report_t *report, int priority, place_t place, const char *text)
{
	char where[TEXT_MAX];
	write_place(report, place, where, sizeof(where));
	log_msg(report->log, priority, report->apex, "%s: %s", where, text);
}

void report_error(report_t *report, place_t place, const char *fmt, ...)
{
	const bool first = report->errors++ == 0 || place_is_before(place, report->first);
	if (!first && !report->all) {
		return;
	}
	char text[TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	if (report->all) {
		write_line(report, LOG_ERR, place, text);
	}
	if (!first) {
		return;
	}
	free(report->text);
	report->text = strdup(text);
	report->first = place;
}

void report_warning(report_t *report, place_t place, const char *fmt, ...)
{
	const bool many = report->warnings++ >= WARNINGS_MAX && !report->all;
	if (many || report->log == NULL) {
		return;
	}
	char text[TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	write_line(report, LOG_WARNING, place, text);
}

void report_end(const report_t *report)
{
	if (report->warnings > WARNINGS_MAX && report->log != NULL && !report->all) {
		log_msg(report->log, LOG_WARNING, report->apex, "%s: %"PRIu64" more warnings",
		        report->files[0], report->warnings - WARNINGS_MAX);
	}
}

void report_write(const report_t *report, char *err, size_t err_size)
{
	char where[TEXT_MAX], more[64] = "";
	write_place(report, report->first, where, sizeof(where));
	if (report->errors > 1) {
		snprintf(more, sizeof(more), " (and %"PRIu64" more error%s)", report->errors - 1,
		         report->errors > 2 ? "s" : "");
	}
	snprintf(err, err_size, "%s: %s%s", where,
	         report->text != NULL ? report->text : "invalid", more);
}

void report_deinit(report_t *report)
{
	for (size_t i = 0; i < report->file_count; i++) {
		free(report->files[i]);
	}
	free(report->files);
	free(report->text);
}
