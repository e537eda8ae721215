/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which objects a token has.
 *
 * The caller holds the token's lock.
 */
#pragma once

#include "hsm-adapter/key/object.h"
#include "hsm-adapter/token/token.h"

/*! Objects; hsm_objects_free(). */
typedef struct {
	hsm_object_t *objects;
	size_t count;
} hsm_objects_t;

/*!
 * Lists the private and public keys: handle and class of each, in the order of the handles. That is a
 * few searches, whatever the number of keys.
 *
 * \param types  Whether to learn the types, too, by more searches; else each object is asked for its own when
 *               it is read.
 * \retval HSM_EOK (also if there are none), HSM_ENOMEM, or as hsm_rv_error()
 */
int hsm_search_all(hsm_token_t *token, bool types, hsm_objects_t *objects, hsm_error_t *err);

/*! Finds the private and public keys of a CKA_ID, and reads them. \retval as hsm_search_all() */
int hsm_search_id(hsm_token_t *token, const hsm_id_t *id, hsm_objects_t *objects,
                  hsm_error_t *err);

/*! Finds the private keys whose CKA_LABEL is that CKA_ID's text, as the labels of ours are, whatever their CKA_ID.
 *  Nothing is read. \retval as hsm_search_all() */
int hsm_search_label(hsm_token_t *token, const hsm_id_t *id, hsm_objects_t *objects, hsm_error_t *err);

/*!
 * Reads the objects that stand last, and sorts all by hsm_object_compare(). Those without a CKA_ID are
 * dropped: another process may be about to write one, so they are read again when they are found again.
 *
 * \param objects  Freed on failure.
 * \param fresh    How many are to be read.
 * \retval as hsm_search_all()
 */
int hsm_search_read(hsm_token_t *token, hsm_objects_t *objects, size_t fresh, hsm_error_t *err);

/*! Counts the private keys. \retval as hsm_search_all() */
int hsm_search_count(hsm_token_t *token, size_t *count, hsm_error_t *err);

/*! \param order  For qsort(). */
void hsm_objects_sort(hsm_objects_t *objects, int (*order)(const void *, const void *));

/*! Frees the objects, and what they have. */
void hsm_objects_free(hsm_objects_t *objects);
