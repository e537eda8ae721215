/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/closing.h"

#include <stdlib.h>
#include <string.h>

/*! A session that nobody has any more. */
typedef struct orphan {
	struct orphan *next;
	CK_SESSION_HANDLE session;
	char library[];
} orphan_t;

/*! The process's, as libraries and their sessions are. */
static struct {
	pthread_mutex_t lock;
	orphan_t *list;
} orphans = { PTHREAD_MUTEX_INITIALIZER, NULL };

static void leave_orphan(const closing_t *closing, CK_SESSION_HANDLE session)
{
	const size_t size = strlen(closing->library) + 1;
	orphan_t *orphan = malloc(sizeof(*orphan) + size);
	if (orphan == NULL) {
		return;
	}
	orphan->session = session;
	memcpy(orphan->library, closing->library, size);
	pthread_mutex_lock(&orphans.lock);
	orphan->next = orphans.list;
	orphans.list = orphan;
	pthread_mutex_unlock(&orphans.lock);
}

/*! Takes an orphan of the library. \param session  0: any; else the one of that handle. \return Its handle; 0:
 *  there is none */
static CK_SESSION_HANDLE take_orphan(const closing_t *closing, CK_SESSION_HANDLE session)
{
	pthread_mutex_lock(&orphans.lock);
	orphan_t **at = &orphans.list;
	while (*at != NULL && (strcmp((*at)->library, closing->library) != 0 ||
	                       (session != 0 && (*at)->session != session))) {
		at = &(*at)->next;
	}
	orphan_t *taken = *at;
	if (taken != NULL) {
		*at = taken->next;
	}
	pthread_mutex_unlock(&orphans.lock);
	const CK_SESSION_HANDLE found = taken != NULL ? taken->session : 0;
	free(taken);
	return found;
}

void closing_init(closing_t *closing, const char *library)
{
	closing->library = library;
	pthread_mutex_init(&closing->lock, NULL);
	closing->count = 0;
}

void closing_deinit(closing_t *closing)
{
	for (size_t i = 0; i < closing->count; i++) {
		leave_orphan(closing, closing->list[i]);
	}
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

/*! \return Whether there is none left. */
static bool close_orphans(const closing_t *closing, CK_FUNCTION_LIST *module)
{
	CK_SESSION_HANDLE orphan;
	while ((orphan = take_orphan(closing, 0)) != 0) {
		if (!is_closed(module, orphan)) {
			leave_orphan(closing, orphan);
			return false;
		}
	}
	return true;
}

void closing_again(closing_t *closing, CK_FUNCTION_LIST *module)
{
	bool closed = close_orphans(closing, module);
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
	(void)take_orphan(closing, session);
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
