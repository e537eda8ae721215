/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A text, served by HTTP at /metrics, to this machine alone.
 */
#pragma once

#include <stddef.h>

typedef struct http http_t;

/*! Makes the text. Called in the server's thread. \return To be freed by free(); NULL if it cannot
 *  be made. */
typedef char *(*http_text_f)(void *ctx);

/*!
 * Starts the server, in a thread of its own, which serves one client after the other.
 *
 * \param where  ADDRESS@PORT of a loopback address, or the path of a UNIX socket, which gets mode
 * 0660.
 * \param err    What failed.
 * \return NULL on failure.
 */
http_t *http_start(const char *where, http_text_f text, void *ctx, char *err, size_t err_size);

/*! Ends it; a client that is being served is waited for. NULL is allowed. */
void http_stop(http_t *http);
