/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which slot holds a repository's token. Slot numbers change, labels do not.
 */
#pragma once

#include "hsm-adapter/token.h"

/*! \return True if that is the token of the repository. */
bool hsm_slot_has_label(const hsm_token_t *token, const CK_TOKEN_INFO *info);

/*!
 * Finds the slot by the token's label.
 *
 * \param flags  The token's.
 * \retval HSM_EOK, HSM_ETOKEN (none, or two with that label), HSM_EDEVICE
 */
int hsm_slot_find(hsm_token_t *token, CK_SLOT_ID *slot, CK_FLAGS *flags, hsm_error_t *err);
