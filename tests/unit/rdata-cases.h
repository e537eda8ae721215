/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief RDATA of all types, well formed and malformed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint16_t type;
	const char *hex;
	const char *fault;   /*!< A part of what rdata_fault() says; NULL: the RDATA is fine. */
} rdata_case_t;

extern const rdata_case_t RDATA_CASES[];
extern const size_t RDATA_CASE_COUNT;

/*! Reads a case's RDATA. \param rdata  Has room for 65535 octets. \return How many there are. */
uint16_t rdata_case_read(const rdata_case_t *rdata_case, uint8_t *rdata);
