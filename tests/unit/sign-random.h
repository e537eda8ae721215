/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Random zones, changes and policies, of which each signed zone is compared with one that is
 *        signed from scratch.
 */
#pragma once

#include <check.h>

void sign_random_add(TCase *tcase);
