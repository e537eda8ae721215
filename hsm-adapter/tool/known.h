/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the engine knows of key pairs: asked at its control socket.
 */
#pragma once

#include "hsm-adapter/hsm.h"

/*! A pair that the engine's database has. */
typedef struct {
	char *repository, *cka_id; /*!< Owned. */
	unsigned long zones;       /*!< How many zones have it. */
} known_pair_t;

typedef struct {
	known_pair_t *pairs; /*!< Sorted. */
	size_t count;
	char why[640];       /*!< Why the engine did not answer; empty: it did. */
} known_t;

/*! Asks the engine. To be freed by known_deinit(). */
void known_ask(known_t *known, const char *socket);

void known_deinit(known_t *known);

/*! \param repository  Of the pair; for a replica, what it is a replica of is looked up.
 *  \return NULL: the engine does not know it. */
const known_pair_t *known_find(const known_t *known, const hsm_repository_t *repository,
                               const char *cka_id);
