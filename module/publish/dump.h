/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A version as a zone file (RFC 1035, section 5).
 */
#pragma once

#include <stdio.h>

#include "module/publish/view.h"

/*! Writes all records of a fresh view, the SOA first, a line each. \return KNOT_EOK, KNOT_ESPACE (the stream
 *  fails, see errno), KNOT_ENOMEM, or another error of the store */
int dump_zone(view_t *view, FILE *out);
