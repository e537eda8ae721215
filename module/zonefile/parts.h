/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the parts of the zone file reader share: records, report, and the steps.
 */
#pragma once

#include <stdbool.h>

#include "module/base/log.h"
#include "module/rr/node.h"
#include "module/zonefile/zonefile.h"

/* -- report: what is wrong with a file ----------------------------------- */

/*! Where a record is. */
typedef struct {
	uint32_t line;  /*!< 0: the file as a whole. */
	uint16_t file;  /*!< Index in report_t's files; 0 is the zone file, others were included. */
} __attribute__((packed, aligned(2))) place_t;

typedef struct {
	log_t *log;     /*!< May be NULL. */
	const knot_dname_t *apex;
	char **files;
	size_t file_count;
	uint64_t warnings;
	uint64_t errors;
	place_t first;  /*!< Of all errors, the one that stands first. */
	char *text;     /*!< Its reason. */
} report_t;

/*! Adds a file. \return KNOT_EOK, KNOT_ENOMEM, KNOT_ELIMIT */
int report_file(report_t *report, const char *path, uint16_t *file);

void report_error(report_t *report, place_t place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void report_warning(report_t *report, place_t place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*! Logs how many warnings were not logged. */
void report_end(const report_t *report);

/*! Writes the first error, which there has to be, and how many more there are. */
void report_write(const report_t *report, char *err, size_t err_size);

void report_deinit(report_t *report);

/* -- file: its bytes ----------------------------------------------------- */

typedef struct {
	char *text;     /*!< Not terminated. */
	size_t size;
	uint64_t dev, ino;
} file_t;

/*!
 * Reads a file into memory. (A mapped file would kill the process if someone truncated it.)
 *
 * \param err  "PATH: reason", with the line where it has one.
 * \return KNOT_EOK, KNOT_EINVAL (not a regular file), KNOT_EMALF (not text), KNOT_EAGAIN (changed
 *         meanwhile), KNOT_ENOMEM, or an error of the system
 */
int file_read(const char *path, file_t *file, char *err, size_t err_size);

void file_deinit(file_t *file);

/* -- records: in the order of the file, then as nodes -------------------- */

/*! An RRset; the parser adds each record as an RRset of its own. RDATA follows. */
typedef struct {
	uint32_t ttl;
	place_t place;  /*!< Of its last record. */
	uint16_t type;
	uint16_t count;
} __attribute__((packed, aligned(2))) record_t;

/*! RRsets of one owner; they follow each other. */
typedef struct {
	uint64_t prefix;     /*!< Begin of its key, behind the apex's. */
	uint64_t at : 44;    /*!< Where in the pool. */
	uint64_t count : 20;
} owner_run_t;

typedef struct {
	uint8_t *pool;       /*!< Owners and RRsets, each at an even offset. */
	size_t size, capacity;
	owner_run_t *runs;
	size_t run_count, run_capacity;
	size_t apex_key_len;
} records_t;

/*!
 * Adds a record.
 *
 * \param owner  Lower case; NULL for the same as before.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int records_add(records_t *records, const knot_dname_t *owner, const record_t *record,
                const uint8_t *rdata, uint16_t rdata_len);

/*!
 * Makes nodes of the records: one run for each owner, in canonical order.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int records_sort(records_t *records, report_t *report);

const knot_dname_t *records_owner(const records_t *records, const owner_run_t *run);

/*! \param len  Bytes of the key. */
const uint8_t *records_key(const records_t *records, const owner_run_t *run, size_t *len);

record_t *records_first(const records_t *records, const owner_run_t *run);

/*! Gives an RRset's data. \return The RRset behind it, which is there if the run has one more. */
record_t *records_next(record_t *record, knot_rdataset_t *rrs);

/*! \return The node with that key after records_sort(), NULL if there is none. */
const owner_run_t *records_find(const records_t *records, const uint8_t *key, size_t key_len);

void records_deinit(records_t *records);

struct zonefile {
	records_t records;
	size_t next;     /*!< Run to be given. */
};

/* -- take: records as they come ------------------------------------------ */

/*! Takes records that are sound. */
typedef struct {
	const knot_dname_t *apex;
	records_t *records;
	report_t *report;
	uint8_t owner[KNOT_DNAME_MAXLEN]; /*!< Of the last record, as it was spelt. */
	size_t owner_len;                 /*!< 0: there is none. */
} taker_t;

/*! \param records  Zeroed. */
void take_init(taker_t *taker, const knot_dname_t *apex, records_t *records, report_t *report);

/*!
 * Takes a record, or reports why it cannot be.
 *
 * \param rdata  Becomes canonical.
 * \return KNOT_EOK (also if it is reported), KNOT_ENOMEM
 */
int take_record(taker_t *taker, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                uint8_t *rdata, uint16_t rdata_len, place_t place);

/* -- the steps ----------------------------------------------------------- */

/*! Reads the records of a file and of those that it includes. \param err  As of file_read().
 * \return KNOT_EOK (errors of the contents are in the report), or as file_read() */
int zonefile_parse(const char *path, const knot_dname_t *apex, records_t *records,
                   report_t *report, char *err, size_t err_size);

/*! Checks what concerns several records at once, after records_sort(). */
void zonefile_check(const records_t *records, const knot_dname_t *apex, report_t *report);

/*!
 * Brings RDATA to canonical form (RFC 4034, section 6.2).
 * \return Whether it has the form that its type demands.
 */
bool zonefile_canonical(uint16_t type, uint8_t *rdata, uint16_t len);
