/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief PINs that a person has given by "ods-hsm login": the kernel keeps them in the user keyring of this
 *        process's user, see keyrings(7). That is memory that is never swapped, nor in a core file, and empty
 *        after a reboot. All of that user's processes can read it, whatever session they have.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hsm-adapter/repository.h"

/*! Which of the PINs that were kept one after the other; 0 = none. */
typedef int32_t kept_id_t;

/*!
 * Reads the PIN of a repository's token.
 *
 * \param text  Not ended by a zero.
 * \param size  If there is a longer PIN, EMSGSIZE is returned.
 * \retval 0
 * \retval ENOKEY  None is kept.
 * \retval other   An error of keyctl(2): ENOSYS, EPERM, EACCES where the system refuses it.
 */
int kept_read(const hsm_repository_t *repository, char *text, size_t size, size_t *len, kept_id_t *id);

/*! Keeps a PIN, in place of one that is kept. \retval 0, ENOMEM, EDQUOT, or as kept_read() */
int kept_put(const hsm_repository_t *repository, const char *text, size_t len);

/*! Forgets the PIN of a repository's token. \retval 0, ENOKEY, or as kept_read() */
int kept_remove(const hsm_repository_t *repository);

/*! Forgets that PIN, and no other that has taken its place since. */
void kept_forget(kept_id_t id);
