/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The state of zones and of the engine, in words.
 */
#pragma once

#include "policy-engine/control/context.h"

/*! Answers with the engine's state in one line. Takes the lock. */
void status_engine(context_t *c, ctl_request_t *req);

/*!
 * Answers with the state of one zone. Takes the lock.
 * \param name  As zone_name_canonical() makes it.
 */
void status_zone(context_t *c, ctl_request_t *req, const char *name);
