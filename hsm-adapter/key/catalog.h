/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which key pairs a token has, as far as is known.
 *
 * A look-up by CKA_ID costs some calls in one token, and in another, as SoftHSM, a look at each of
 * its objects. So what was found is kept while the login lasts; after some look-ups the token's objects
 * are all learnt at once, and again when look-ups of keys that are not known have cost as much.
 *
 * The caller holds the token's lock.
 */
#pragma once

#include "hsm-adapter/key/search.h"

/*!
 * Finds the objects of a CKA_ID, private keys first.
 *
 * \param anew     Has the token asked, whatever is known.
 * \param objects  Borrowed until the next call for that token.
 * \retval HSM_EOK (also if there are none), HSM_ENOMEM, or as hsm_rv_error()
 */
int hsm_catalog_find(hsm_token_t *token, const hsm_id_t *id, bool anew, hsm_objects_t *objects,
                     hsm_error_t *err);

/*! Finds those of which something is known, and was not long ago, without a call to the token. \return Whether there
 *  are any. \param objects  As hsm_catalog_find(). */
bool hsm_catalog_known(const hsm_token_t *token, const hsm_id_t *id, hsm_objects_t *objects);

/*!
 * Removes the objects of a CKA_ID from the token, one after the other until that fails. A public half that
 * the token does not let go may stay when the private one has gone.
 *
 * \param objects  As hsm_catalog_find() has found them.
 * \param what     For hsm_rv_error().
 */
int hsm_catalog_destroy(hsm_token_t *token, const hsm_id_t *id, const hsm_objects_t *objects,
                        const char *what, hsm_error_t *err);

/*! What is known of the objects of a CKA_ID is of no use. */
void hsm_catalog_forget(hsm_token_t *token, const hsm_id_t *id);

/*! Learns all objects, or those that are new. \param objects  Sorted as by hsm_object_compare();
 *  borrowed until the next call for that token. \retval as hsm_catalog_find() */
int hsm_catalog_list(hsm_token_t *token, hsm_objects_t *objects, hsm_error_t *err);
