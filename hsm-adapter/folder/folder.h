/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A folder of keys in files, for who wants no token, which is used as one: by PKCS#11's functions.
 *
 * Those of these functions that hsm-adapter calls are there. A folder is a slot with a token in it; its
 * handles are of this process, and of this folder_t. Several threads may sign at a time.
 */
#pragma once

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/repository.h"

typedef struct folder folder_t;

/*!
 * Opens the folder that a repository names. Nobody but its user and group may get into it.
 *
 * \param repository  With a PIN, the keys are encrypted by it.
 * \param folder      folder_close().
 * \retval HSM_EOK, HSM_ENOMEM, HSM_EMODULE
 */
int folder_open(const hsm_repository_t *repository, folder_t **folder, hsm_error_t *err);

/*! Closes the folder, with the sessions that there are. */
void folder_close(folder_t *folder);

/*! \return The slot of a folder. */
CK_SLOT_ID folder_slot(folder_t *folder);

/*!
 * Has all keys made so far outlast a loss of power. For many of them that takes no longer than for one: each
 * by itself waits for the disk twice.
 *
 * \return CKR_OK, or as file_write()
 */
CK_RV folder_settle(folder_t *folder);

/*! \return PKCS#11's functions, those that are there; not to be freed. */
CK_FUNCTION_LIST *folder_functions(void);

/*! Makes the folder that a repository names, for this process's user; if that is root, for who has the
 *  folder above it. \retval HSM_EOK, HSM_EEXISTS, HSM_EMODULE */
int folder_make(const hsm_repository_t *repository, hsm_error_t *err);
