/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which slot holds a repository's token. Slot numbers change, labels do not.
 */
#pragma once

#include <stdbool.h>

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/repository.h"

/*! \return Whether that is the token of the repository. */
bool hsm_slot_has_label(const hsm_repository_t *repository, const CK_TOKEN_INFO *info);

/*!
 * Finds the slot by the token's label.
 *
 * \param module  The repository's library, initialised.
 * \param flags   The token's.
 * \retval HSM_EOK, HSM_ETOKEN (no token has that label, or two have it), HSM_EDEVICE
 */
int hsm_slot_find(CK_FUNCTION_LIST *module, const hsm_repository_t *repository, CK_SLOT_ID *slot,
                  CK_FLAGS *flags, hsm_error_t *err);
