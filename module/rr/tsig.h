/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief TSIG keys of knot.conf that a zone needs.
 */
#pragma once

#include <stddef.h>

#include <libknot/tsig.h>

typedef struct {
	knot_tsig_key_t *keys;
	size_t count;
} tsig_keys_t;

/*! Adds a copy of a key, unless there is a key of its name. \return KNOT_EOK, KNOT_ENOMEM */
int tsig_add(tsig_keys_t *keys, const knot_tsig_key_t *key);

/*! \return The key of that name, NULL if there is none. Names are compared without case. */
const knot_tsig_key_t *tsig_find(const tsig_keys_t *keys, const knot_dname_t *name);

/*! Wipes the secrets and frees all. */
void tsig_deinit(tsig_keys_t *keys);
