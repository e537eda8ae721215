/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which mechanisms a token has.
 */
#pragma once

#include <stdbool.h>

#include <p11-kit/p11-kit.h>

#define HSM_MECHANISM_NONE CK_UNAVAILABLE_INFORMATION /*!< No token has it. */

/*! A token's list; all zero: it is not known. */
typedef struct {
	CK_MECHANISM_TYPE *types; /*!< Owned. */
	CK_ULONG count;
} hsm_mechanisms_t;

/*! Reads the list; it is not known if the token does not tell, or there is no memory for it. */
void hsm_mechanisms_read(hsm_mechanisms_t *list, CK_FUNCTION_LIST *module, CK_SLOT_ID slot);

void hsm_mechanisms_free(hsm_mechanisms_t *list);

/*! \return The mechanism; if the token is known to have not it, but the other one, that one. */
CK_MECHANISM_TYPE hsm_mechanisms_choose(const hsm_mechanisms_t *list, CK_MECHANISM_TYPE type,
                                        CK_MECHANISM_TYPE other);
