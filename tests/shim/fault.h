/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Calls that fail, hang or are late, keys and slots that are not where they were, as the
 *        control file says.
 */
#pragma once

#include <p11-kit/pkcs11.h>

/*! Puts faulty functions into the list, which call those that were there. */
void fault_functions(CK_FUNCTION_LIST *list);
