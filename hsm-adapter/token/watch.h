/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Looks at tokens again and again, so that one that nobody uses is not taken to work for
 *        ever. Each token has a thread: one that hangs holds up no other.
 */
#pragma once

#include "hsm-adapter/token/token.h"

typedef struct token_watch token_watch_t;

/*!
 * Starts to look at a token. One that was not used yet is left alone.
 * \param seconds  From one look to the next.
 * \return NULL: out of memory
 */
token_watch_t *token_watch_start(hsm_token_t *token, unsigned seconds);

/*! Stops; a look that is under way has to end first. NULL is allowed. */
void token_watch_stop(token_watch_t *watch);
