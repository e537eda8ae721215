/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The zone's file, read into the input, and the input written to it.
 */
#pragma once

#include "module/source/source.h"

/*!
 * Looks whether the zone's file is another one than the input was read from, and reads it then, as
 * wishes say; for the zone's worker. A source with primaries has no file.
 *
 * \param state   As loaded; its input's part is updated.
 * \param wishes  SOURCE_*
 * \return Seconds after which to try again with the same wishes, 0 = no need
 */
int file_look(source_t *source, state_t *state, unsigned wishes);
