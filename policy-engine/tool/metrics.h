/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The picture of all zones as Prometheus' text format has it (version 0.0.4); ods(1) has the
 * names.
 *
 * The number of series has a bound, however many zones there are.
 */
#pragma once

#include <stdio.h>

#include "policy-engine/tool/list.h"

/*!
 * Writes all metrics.
 *
 * \param list  Zones that have series of their own; NULL: the first of each trouble have them
 * alone.
 */
void metrics_write(FILE *out, const picture_t *picture, const list_t *list);
