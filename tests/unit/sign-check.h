/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether a version is right, found out by brute force and without the module's own code.
 */
#pragma once

#include "tests/unit/sign-subject.h"

/*!
 * Checks the published version: each name that needs an entry of the denial chain has it, with
 * the right types and link, and there are no others; each RRset has a signature of each
 * algorithm in the DNSKEY RRset that is in turn by a published key, and none if it is not
 * authoritative.
 */
void check_version(subject_t *subject);

/*! Checks that there is a ZONEMD of all that is published, if the key set asks for it; else none. */
void check_zonemd(subject_t *subject);
