/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the commands of the engine's control socket work on.
 */
#pragma once

#include "control/server.h"
#include "policy-engine/engine/engine.h"

/*! The parts of the engine, all borrowed. The commands run in threads of the control server's, at
 *  the same time, and take the desk's lock themselves: each reads, decides and writes under it. */
typedef struct {
	desk_t *desk;
	parent_t *parent;
	const link_t *link;
	keys_t *keys;
	engine_t *engine;
} context_t;
