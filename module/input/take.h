/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Takes the records of an unsigned zone one by one, each if it is sound by itself.
 *
 * What concerns several records at once is looked at later (check.h).
 */
#pragma once

#include "module/input/records.h"

/*! A record as its source has it. */
typedef struct {
	const knot_dname_t *owner;
	uint8_t *rdata;     /*!< Becomes canonical when the record is taken. */
	uint32_t ttl;       /*!< Seconds. */
	uint16_t type;
	uint16_t rdata_len;
} source_rr_t;

typedef struct {
	const knot_dname_t *apex;
	records_t *records;
	report_t *report;
	uint8_t owner[KNOT_DNAME_MAXLEN]; /*!< Of the last record, as it was spelt. */
	size_t owner_len;                 /*!< 0: there is none. */
	size_t left_out;                  /*!< Bytes of records that are not in the zone. */
} taker_t;

/*! \param records  Zeroed. */
void take_init(taker_t *taker, const knot_dname_t *apex, records_t *records, report_t *report);

/*!
 * Takes a record, or reports why it cannot be taken. One that is not below the apex is left out,
 * with a warning.
 * \return KNOT_EOK (also if it is reported), KNOT_ENOMEM
 */
int take_record(taker_t *taker, const source_rr_t *rr, place_t place);
