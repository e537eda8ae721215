/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Report: what is wrong with an unsigned zone, and where in its file or transfer it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/dname.h>

#include "module/base/log.h"

/*! Where a record is. */
typedef struct {
	uint32_t line;  /*!< In a transfer the record's number; 0: the file as a whole. */
	uint16_t file;  /*!< Index in report_t's files; 0 is the zone file, others were included. */
} __attribute__((packed, aligned(2))) place_t;

typedef struct {
	log_t *log;     /*!< For warnings. May be NULL. */
	const knot_dname_t *apex;
	bool all;       /*!< Log each error, too, and all warnings. */
	char **files;
	size_t file_count;
	uint64_t warnings;
	uint64_t errors;
	place_t first;  /*!< Of all errors, the one that stands first. */
	char *text;     /*!< The reason of that error. */
} report_t;

/*! \return Whether a place stands before another. */
bool place_is_before(place_t a, place_t b);

/*! Adds a file. \return KNOT_EOK, KNOT_ENOMEM, KNOT_ELIMIT */
int report_file(report_t *report, const char *path, uint16_t *file);

/*! Notes an error; the text of the one that stands first is kept, the others may be logged. */
void report_error(report_t *report, place_t place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*! Logs a warning, if there were not too many before. */
void report_warning(report_t *report, place_t place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*! Logs how many warnings were not logged. */
void report_end(const report_t *report);

/*! Writes the first error, which there has to be, and how many more there are. */
void report_write(const report_t *report, char *err, size_t err_size);

void report_deinit(report_t *report);
