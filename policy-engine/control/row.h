/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief An answer in columns: knotc wants the first one as a unit, the others as extras.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "control/server.h"

typedef struct {
	ctl_request_t *req;
	const char *zone; /*!< May be NULL. */
	bool begun;
} row_t;

static inline void row_column(row_t *row, const char *type, const char *text)
{
	if (row->begun) {
		ctl_extra(row->req, type, text);
	} else {
		ctl_reply(row->req, row->zone, type, text);
	}
	row->begun = true;
}

static inline void row_number(row_t *row, const char *type, long long number)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", number);
	row_column(row, type, text);
}
