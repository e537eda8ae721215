/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Compares replicas: whether each has the keys that the others have, and signs by them.
 */
#pragma once

#include "hsm-adapter/hsm.h"

/*! What was found. */
typedef struct {
	size_t keys;    /*!< CKA_IDs that some replica has. */
	size_t unlike;  /*!< Of these, such that another lacks, has as another key, or cannot sign by. */
} compare_t;

/*! A key of which a replica is unlike the first that has it. \param why  One line. */
typedef void (*compare_f)(const char *cka_id, const char *replica, const char *why);

/*!
 * Compares the replicas of a repository by their public halves, and has each sign by each key.
 *
 * \param repository  Has replicas.
 * \param unlike      Called in the order of the CKA_IDs.
 * \retval HSM_EOK, HSM_ENOMEM, or as hsm_login() of one of them
 */
int compare_replicas(hsm_t *hsm, const hsm_repository_t *repository, compare_f unlike,
                     compare_t *result, hsm_error_t *err);
