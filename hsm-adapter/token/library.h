/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A PKCS#11 library, which p11-kit shares among all its users in the process; or a folder of keys in
 *        files, which each user has opened for himself.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/folder/folder.h"
#include "hsm-adapter/repository.h"

/*! One user's part in a library; all zero before the first hsm_library_load(). */
typedef struct {
	CK_FUNCTION_LIST *module; /*!< NULL: not loaded. */
	folder_t *folder;         /*!< Of keys in files; NULL: it is a library. */
	pthread_mutex_t *turn;    /*!< Of the process: whoever starts or stops that library holds it. */
	bool initialized;
} hsm_library_t;

/*!
 * Loads and starts the library, unless that is done.
 *
 * \param repository  Says which library: by its file, or, without a '/' and ".so", by its name in
 *                    p11-kit's configuration; or which folder.
 * \retval HSM_EOK, HSM_EMODULE
 */
int hsm_library_load(hsm_library_t *library, const hsm_repository_t *repository,
                     hsm_error_t *err);

/*! Gives up this user's part. The library stops with the last user's, and closes all sessions. */
void hsm_library_stop(hsm_library_t *library);

/*! Stops and unloads. */
void hsm_library_release(hsm_library_t *library);
