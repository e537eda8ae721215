/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The Regexp field of NAPTR records (RFC 3402, section 3.2; RFC 3403, section 4.1).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*!
 * Looks at a substitution expression: delimiter, extended regular expression (POSIX), delimiter,
 * replacement, delimiter, flags. Of the servers only BIND does this; what it refuses is refused.
 *
 * \param text  Of the character-string, without its length; may be empty, which is fine.
 * \return NULL if nothing is wrong; else what is, as half a sentence for a log. It is static.
 */
const char *naptr_regexp_fault(const uint8_t *text, size_t len);
