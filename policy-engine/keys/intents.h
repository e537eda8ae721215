/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Finds out what became of generations that were interrupted, and takes the keys that a person has the
 *        engine adopt.
 *
 * The database notes each key before the token makes it (generate.h). If the outcome was not noted,
 * the key is looked for in the token, and adopted if it is there.
 */
#pragma once

#include "policy-engine/keys/keys.h"

/*!
 * Looks for the keys of interrupted generations, if there may be some. Main thread, not locked.
 *
 * \param adopted  Set if a token has such a key; left alone otherwise.
 * \return 0, or -1 if the database failed.
 */
int intents_pass(keys_t *keys, int64_t now, bool *adopted);
