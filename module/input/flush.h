/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Writes the input to the zone's file, so that the file has what updates changed.
 */
#pragma once

#include "module/store/state.h"

/*!
 * Writes a zone file with the input as it is. A file that is there is replaced in one step; who may
 * read and write it stays. Nothing is written through a symbolic link. Updates can be done
 * meanwhile, but no other replacement of the input.
 *
 * \param zone   Lower case.
 * \param path   Of the file; links above the file itself are followed.
 * \param state  Its input's part is updated, as if the input had been read from that file.
 * \param err    Path and reason.
 * \return KNOT_EOK, KNOT_EINVAL (there is a link, or something else that is no file), or another
 *         error; the file is then as it was, unless the error is the store's
 */
int flush_file(store_t *store, const knot_dname_t *zone, const char *path, state_t *state,
               char *err, size_t err_size);
