/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A block of request units. The server reads all of it before it answers the first unit.
 *
 * A client may send all its units before it reads an answer. If the server answered meanwhile, both
 * could fill the socket and wait for each other.
 */
#pragma once

#include "control/unit.h"
#include "control/wire.h"

typedef struct block_unit {
	struct block_unit *next;
	ctl_unit_t unit;
	char text[]; /*!< The strings of the unit. */
} block_unit_t;

typedef struct {
	block_unit_t *first;
	block_unit_t *last;
	size_t size; /*!< Bytes of memory of all units. */
} block_t;

/*!
 * Reads units until the block's end. The caller has begun the step.
 *
 * \param block  Empty; to be freed by block_deinit(), after an error as well.
 * \return KNOT_EOK, KNOT_EOF if the client ends the connection, KNOT_ESPACE if the block is too
 *         large, KNOT_EMALF, KNOT_ENOMEM, or as wire_read()
 */
int block_read(block_t *block, wire_t *wire);

void block_deinit(block_t *block);
