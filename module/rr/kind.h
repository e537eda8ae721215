/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a name is to its zone: authoritative, a delegation, or occluded.
 */
#pragma once

#include "module/rr/node.h"

typedef enum {
	KIND_NONE,       /*!< There is nothing at the name. */
	KIND_AUTH,       /*!< Authoritative data. */
	KIND_DELEGATION, /*!< NS of a child zone, not at the apex. */
	KIND_OCCLUDED,   /*!< Below a delegation or a DNAME: glue, or data that nobody can see. */
} name_kind_t;

/*! \return The kind of a name with no delegation or DNAME above it. \param node  Unsigned. */
name_kind_t kind_of(const node_t *node, bool apex);

/*! \return Whether names below the node are occluded. */
bool kind_cuts(const node_t *node, bool apex);
