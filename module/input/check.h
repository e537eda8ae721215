/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Checks an unsigned zone for what concerns several records at once.
 *
 * A record by itself is checked when it is taken (take.h).
 */
#pragma once

#include "module/input/records.h"

/*!
 * Checks all of a zone. What is wrong is in the report.
 * \param records  After records_sort().
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int check_records(const records_t *records, const knot_dname_t *apex, report_t *report);
