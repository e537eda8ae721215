/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The page of a zone.
 */
#pragma once

#include "policy-engine/tool/report-pages.h"

/*!
 * A zone: how it is, what was, and what is to come.
 *
 * \param report  Gets the zone's steps that are to come, for the calendar.
 * \return 0, or -1 if out of memory.
 */
int report_zone(FILE *out, report_t *report, const listed_t *zone);
