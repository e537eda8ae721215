/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A store that another version of the module wrote: an older one is brought up to the present
 *        form, a newer one is refused.
 */
#pragma once

#include "module/store/store.h"

/*!
 * Brings all zones' records to STATE_FORM, in one transaction, before anybody else uses the store. No
 * signature is lost by that. A zone whose record is of a form older than upgrade.c knows is signed anew.
 *
 * \param path  Of the store, for the error.
 * \param err   What is wrong, and what to do.
 * \return KNOT_EOK, KNOT_ENOTSUP (the store is of a newer form), or an error of the store
 */
int upgrade_store(store_t *store, const char *path, char *err, size_t err_size);
