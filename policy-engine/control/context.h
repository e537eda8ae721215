/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the commands of the engine's control socket work on.
 */
#pragma once

#include "control/server.h"
#include "policy-engine/engine/engine.h"

/*! The parts of the engine, all borrowed. The commands run in the control server's thread, and take
 *  the desk's lock themselves. */
typedef struct {
	desk_t *desk;
	parent_t *parent;
	const link_t *link;
	keys_t *keys;
	engine_t *engine;
} context_t;
