/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The SvcParams of SVCB and HTTPS records (RFC 9460, section 2.2).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*!
 * Looks at all parameters: keys that increase; "mandatory" that names keys which are there (section
 * 8); "alpn" before "no-default-alpn" (7.1.1); values of the keys 0 to 7 (7.1 to 7.3; RFC 9461,
 * section 5). A record in AliasMode may have parameters, which clients ignore (section 2.4.2).
 *
 * \param params  The RDATA behind TargetName; may be empty.
 * \return NULL if nothing is wrong; else what is, as half a sentence for a log. It is static.
 */
const char *svcb_params_fault(const uint8_t *params, size_t len);
