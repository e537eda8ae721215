/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Ends the engine at SIGTERM or SIGINT, in time even if a token does not answer: what is in the
 *        database is whole at any time.
 */
#pragma once

#include "policy-engine/engine/engine.h"

typedef struct guard guard_t;

/*!
 * Has a thread take the signals, which are blocked.
 * \param pid_file  Removed if the engine cannot end by itself; NULL: none. Borrowed.
 * \return NULL: out of memory
 */
guard_t *guard_start(engine_t *engine, const char *pid_file);

/*! The engine has stopped, and is about to be freed; the process has to end soon, with that status. */
void guard_ending(guard_t *guard, int status);

/*! It was freed. NULL is allowed. */
void guard_free(guard_t *guard);
