/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/closing.h"

void closing_init(closing_t *closing)
{
	pthread_mutex_init(&closing->lock, NULL);
	closing->count = 0;
}

void closing_deinit(closing_t *closing)
{
	pthread_mutex_destroy(&closing->lock);
}

/*! \return Whether the session is open no more. */
static bool is_closed(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session)
{
	const CK_RV rv = module->C_CloseSession(session);
	return rv == CKR_OK || rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
	       rv == CKR_CRYPTOKI_NOT_INITIALIZED;
}

static void remember(closing_t *closing, CK_SESSION_HANDLE session)
{
	pthread_mutex_lock(&closing->lock);
	if (closing->count < CLOSING_MAX) {
		closing->list[closing->count++] = session;
	}
	pthread_mutex_unlock(&closing->lock);
}

void closing_close(closing_t *closing, CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session)
{
	if (!is_closed(module, session)) {
		remember(closing, session);
	}
}

void closing_again(closing_t *closing, CK_FUNCTION_LIST *module)
{
	bool closed = true;
	while (closed) {
		pthread_mutex_lock(&closing->lock);
		const bool any = closing->count > 0;
		const CK_SESSION_HANDLE session = any ? closing->list[--closing->count] : 0;
		pthread_mutex_unlock(&closing->lock);
		closed = any && is_closed(module, session);
		if (any && !closed) {
			remember(closing, session);
		}
	}
}

bool closing_waits(closing_t *closing)
{
	pthread_mutex_lock(&closing->lock);
	const bool waits = closing->count > 0;
	pthread_mutex_unlock(&closing->lock);
	return waits;
}

void closing_opened(closing_t *closing, CK_SESSION_HANDLE session)
{
	pthread_mutex_lock(&closing->lock);
	for (size_t i = 0; i < closing->count; i++) {
		if (closing->list[i] == session) {
			closing->list[i--] = closing->list[--closing->count];
		}
	}
	pthread_mutex_unlock(&closing->lock);
}

void closing_forget(closing_t *closing)
{
	pthread_mutex_lock(&closing->lock);
	closing->count = 0;
	pthread_mutex_unlock(&closing->lock);
}
