/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A token gone wild: its answers are errors, garbage, and lengths that cannot be.
 *
 * No length exceeds the room that the caller gave: a library that says it has written more than that
 * has done so, and is held by nobody.
 */
#pragma once

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

/*! \return Whether a call has a random answer now: one in as many as the control file says. */
bool wild_now(void);

/*! Makes a random answer of a good signature. */
CK_RV wild_signature(CK_BYTE *signature, CK_ULONG *len);

/*! Puts wild functions, which call those of a token, into the list. */
void wild_functions(CK_FUNCTION_LIST *list, CK_FUNCTION_LIST *of);
