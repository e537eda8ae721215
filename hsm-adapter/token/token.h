/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief One token: its library, its login, and whether it is still there.
 *
 * A token has a lock, held for anything but signing. Under it, one session of the token's own
 * keeps the login alive and serves key management. Signing sessions are known to the token, so
 * that after a loss each is opened anew by its own thread: closing one that another thread is
 * just using is more than many a library survives.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/repository.h"
#include "hsm-adapter/token/library.h"

typedef struct hsm_token hsm_token_t;
typedef struct hsm_session hsm_session_t;

struct hsm_token {
	hsm_repository_t conf;       /*!< Own copy. */
	hsm_token_t *peers;          /*!< All tokens of the hsm_t, this one among them. */
	size_t peer_count;
	pthread_mutex_t lock;        /*!< Guards all below but the two counters. */
	hsm_library_t library;
	bool refused;                /*!< The token did not like the PIN; refusal says why. */
	hsm_error_t refusal;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;   /*!< CK_INVALID_HANDLE: not connected. */
	hsm_session_t *sessions;     /*!< Signing sessions, a list. */
	atomic_ulong connection;     /*!< Goes up when the token's sessions became worthless. */
	atomic_ulong login;          /*!< Goes up when object handles may have become worthless. */
};

/*! A signing session; belongs to one thread at a time. */
struct hsm_session {
	hsm_token_t *token;
	hsm_session_t *next;         /*!< Guarded by the token's lock, as is dead. */
	hsm_session_t *prev;
	bool dead;                   /*!< The handle was found closed, and may be another's now. */
	atomic_bool busy;            /*!< The thread is in the library, or about to enter it. */
	CK_SESSION_HANDLE handle;
	unsigned long connection;    /*!< The token's, when the handle was got. */
};

/*! Copies conf; peers are to be set then. \retval HSM_EOK, HSM_ENOMEM */
int hsm_token_init(hsm_token_t *token, const hsm_repository_t *conf, hsm_error_t *err);

/*! Nobody may use the token any more. */
void hsm_token_deinit(hsm_token_t *token);

/*!
 * Takes the lock, makes sure that the token is there and logged in; connects if it is not.
 *
 * \retval HSM_EOK      Locked; call hsm_token_unlock().
 * \retval other        As hsm_login(); not locked.
 */
int hsm_token_lock(hsm_token_t *token, hsm_error_t *err);

void hsm_token_unlock(hsm_token_t *token);
