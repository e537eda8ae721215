/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The commands of the engine's control socket.
 */
#pragma once

#include "policy-engine/control/context.h"

/*! The ctx of all of them is a context_t. Ends with a NULL name. */
extern const ctl_command_t control_commands[];
