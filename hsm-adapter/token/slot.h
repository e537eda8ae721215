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
#include "hsm-adapter/token/library.h"

/*! \return The length of a text of PKCS#11, without what it is padded by: blanks, or NULs in some
 *          libraries. */
size_t hsm_slot_text_len(const CK_UTF8CHAR *text, size_t size);

/*! \return Whether that is the token of the repository, by its label. */
bool hsm_slot_has_label(const hsm_repository_t *repository, const CK_TOKEN_INFO *info);

/*!
 * Finds the slot by the token's label; of several tokens with that label, by the repository's slot.
 *
 * \param library  The repository's, initialised; that of a folder is a slot itself.
 * \param flags    The token's.
 * \retval HSM_EOK, HSM_ETOKEN (no token has that label, or two have it), HSM_EDEVICE
 */
int hsm_slot_find(const hsm_library_t *library, const hsm_repository_t *repository, CK_SLOT_ID *slot,
                  CK_FLAGS *flags, hsm_error_t *err);
