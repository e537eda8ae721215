/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Sessions are closed, if not at once, then later: a token has few, and those that it fails to
 *        close would be lost to it.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <p11-kit/p11-kit.h>

#define CLOSING_MAX 1024 /*!< Sessions that are remembered, at most. */

/*! Sessions that could not be closed. From any thread. */
typedef struct {
	const char *library;     /*!< Its name, borrowed. */
	pthread_mutex_t lock;    /*!< Of what follows. */
	CK_SESSION_HANDLE list[CLOSING_MAX];
	size_t count;
} closing_t;

void closing_init(closing_t *closing, const char *library);

/*! Leaves those that there are to who uses the library of that name next, in this process. */
void closing_deinit(closing_t *closing);

/*! Closes a session, and remembers it if that fails. */
void closing_close(closing_t *closing, CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session);

/*! Closes those that could not be closed, and those that somebody has left; the first that fails ends that. */
void closing_again(closing_t *closing, CK_FUNCTION_LIST *module);

/*! \return Whether there are any. */
bool closing_waits(closing_t *closing);

/*! A session has been opened: who had its number before is closed. */
void closing_opened(closing_t *closing, CK_SESSION_HANDLE session);

/*! The library has stopped, and closed them all. */
void closing_forget(closing_t *closing);
