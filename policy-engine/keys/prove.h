/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Has key pairs prove that they work, before a zone gets them.
 */
#pragma once

#include "policy-engine/keys/keys.h"

/*!
 * Has those pairs make a signature that zones want, and of which nothing is known. Takes some seconds at
 * most. Main thread, not locked.
 *
 * \param found  Set if there is one that works, or if it is time to ask anew; left alone otherwise.
 * \return 0, or -1 if the database failed.
 */
int prove_pass(keys_t *keys, int64_t now, bool *found);

/*! A pair was generated now. A token has what it has made; replicas have to show it. Main thread, not
 *  locked. */
void prove_made(keys_t *keys, const kind_t *kind, const hsm_key_t *key, int64_t now);
