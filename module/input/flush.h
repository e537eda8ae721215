/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writes the input to the zone's file, so that what updates did is in it, too.
 */
#pragma once

#include "module/store/state.h"

/*!
 * Writes a zone file with the input as it is; one that is there is replaced by it in one step, and
 * keeps its mode. Updates can be done meanwhile, but no other replacement of the input.
 *
 * \param zone   Lower case.
 * \param path   Where to; a symbolic link stays one.
 * \param state  Its input's part is updated: it is as if it had been read from that file.
 * \param err    Path and reason.
 * \return KNOT_EOK, or an error; the file is as it was then, unless the error is the store's
 */
int flush_file(store_t *store, const knot_dname_t *zone, const char *path, state_t *state, char *err,
               size_t err_size);
