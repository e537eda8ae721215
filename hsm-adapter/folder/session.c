/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/folder/session.h"

#include <stdlib.h>

#include <openssl/crypto.h>

session_t *session_of(CK_SESSION_HANDLE handle)
{
	return (session_t *)(uintptr_t)handle;
}

session_t *session_open(folder_t *folder)
{
	session_t *session = calloc(1, sizeof(*session));
	if (session == NULL) {
		return NULL;
	}
	session->folder = folder;
	pthread_mutex_lock(&folder->lock);
	session->next = folder->sessions;
	if (session->next != NULL) {
		session->next->prev = session;
	}
	folder->sessions = session;
	pthread_mutex_unlock(&folder->lock);
	return session;
}

void session_close(session_t *session)
{
	folder_t *folder = session->folder;
	pthread_mutex_lock(&folder->lock);
	if (session->prev != NULL) {
		session->prev->next = session->next;
	} else {
		folder->sessions = session->next;
	}
	if (session->next != NULL) {
		session->next->prev = session->prev;
	}
	pthread_mutex_unlock(&folder->lock);
	free(session->found);
	signer_end(&session->signer);
	OPENSSL_cleanse(session->wrapping, sizeof(session->wrapping));
	free(session);
}

const char *folder_passphrase(folder_t *folder)
{
	pthread_mutex_lock(&folder->lock);
	const char *passphrase = folder->passphrase;
	pthread_mutex_unlock(&folder->lock);
	return passphrase;
}

CK_RV folder_is_open(folder_t *folder)
{
	return folder->encrypted && folder_passphrase(folder) == NULL ? CKR_USER_NOT_LOGGED_IN
	                                                             : CKR_OK;
}
