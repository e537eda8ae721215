/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The commands by which a person acts on keys and policies: what they do is noted for the
 * audit.
 */
#pragma once

#include "policy-engine/control/context.h"

/*! Has a handler do a command, and notes who has asked for what, and what came of it. No lock. */
void act(context_t *c, ctl_request_t *req, const ctl_unit_t *unit, ctl_handler_f handler);
