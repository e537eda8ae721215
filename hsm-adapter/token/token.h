/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief One token: its library, its login, and whether it is still there.
 *
 * A token has a lock, which is held for everything but signing. Under it, the token uses a session
 * of its own: this session keeps the login alive, and serves the management of keys. Each signing
 * session belongs to a thread. The token has a list of them. After a loss, the token only marks
 * them, and each thread closes its session and opens a new one: many libraries crash if a thread
 * closes a session that another is using.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/repository.h"
#include "hsm-adapter/token/away.h"
#include "hsm-adapter/token/closing.h"
#include "hsm-adapter/token/library.h"
#include "hsm-adapter/token/mechanism.h"
#include "hsm-adapter/token/seat.h"
#include "hsm-adapter/token/tried.h"

typedef struct hsm_token hsm_token_t;
typedef struct hsm_group hsm_group_t;

/*! What a library is started anew for, as that may help. */
typedef enum {
	HSM_FOR_KEY,       /*!< A key that it does not find. */
	HSM_FOR_SIGNATURE, /*!< Signatures that fail with whatever session. */
	HSM_FOR_PROOF,     /*!< A token that fails again and again when it is asked whether it works. */
	HSM_RESTARTS
} hsm_restart_t;

struct hsm_token {
	hsm_repository_t conf;       /*!< A copy. */
	hsm_token_t *peers;          /*!< All tokens of the hsm_t, including this one. */
	size_t peer_count;
	tried_t tried;               /*!< With a lock of its own, the last to be taken. */
	closing_t closing;           /*!< Sessions that could not be closed; has a lock of its own. */
	atomic_bool last_try;        /*!< The next login may use up the last try of the PIN. */
	pthread_mutex_t hold_lock;   /*!< Of the two below. */
	pthread_cond_t released;
	unsigned holders;
	pthread_mutex_t lock;        /*!< Guards all below but the two counters. */
	hsm_library_t library;
	bool refused;                /*!< The token refused the PIN: it is not tried again. */
	hsm_error_t refusal;         /*!< Why. */
	away_t away;                 /*!< It was not reached. */
	bool hides_login;            /*!< Its sessions do not show that a user is logged in. */
	bool each_logs_in;           /*!< A login counts for no other session, as NetHSM's, if its password is
	                                  not in its library's own configuration. */
	CK_SLOT_ID slot;
	hsm_mechanisms_t mechanisms; /*!< As the token had them when it was connected. */
	CK_SESSION_HANDLE session;   /*!< CK_INVALID_HANDLE: not connected. */
	hsm_seats_t seats;           /*!< Of threads that sign. */
	void *catalog;               /*!< What is known of its keys (key/catalog.h); NULL = none. */
	void (*free_catalog)(void *catalog);
	int64_t seen_ms;             /*!< When it was there last, by monotonic_ms(). */
	int64_t restart_ms[HSM_RESTARTS]; /*!< When the library may be started anew for that, by
	                                  monotonic_ms(). */
	atomic_ulong connection;     /*!< Increased when the sessions have become invalid. */
	atomic_ulong login;          /*!< Increased when object handles may have become invalid. */
};

/*! Closes a session, now or later. */
void hsm_token_close(hsm_token_t *token, CK_SESSION_HANDLE session);

/*! Copies conf. The caller sets the peers afterwards. \retval HSM_EOK, HSM_ENOMEM */
int hsm_token_init(hsm_token_t *token, const hsm_repository_t *conf, hsm_error_t *err);

/*! Closes the token's session and frees. No thread may use the token any more. */
void hsm_token_deinit(hsm_token_t *token);

/*! A thread uses the token that nobody else waits for. */
void hsm_token_hold(hsm_token_t *token);
void hsm_token_release(hsm_token_t *token);

/*! Waits until there is none. */
void hsm_token_await(hsm_token_t *token);

/*!
 * Takes the lock, and checks that the token is there and logged in; if not, connects and logs in. Where that has failed
 * again and again, or took long, it is not tried before a pause is over, and fails as it did last.
 *
 * \retval HSM_EOK      Locked; call hsm_token_unlock().
 * \retval other        As hsm_login(); not locked.
 */
int hsm_token_lock(hsm_token_t *token, hsm_error_t *err);

void hsm_token_unlock(hsm_token_t *token);

/*! Ends such a pause: for who looks at times whether the token is there again. */
void hsm_token_look(hsm_token_t *token);

/*! Has all keys of a folder outlast a loss of power, as folder_settle(). \retval HSM_EOK, HSM_EDEVICE,
 *  HSM_ECAPACITY, or as hsm_login() */
int hsm_token_settle(hsm_token_t *token, hsm_error_t *err);

/*!
 * Locks the token for who needs nothing but what is known of it, if it was seen to be there a moment ago: a call
 * may take milliseconds, and thousands of keys are looked for. The token is not called, and must not be.
 *
 * \param wait  Also until nobody else has it locked.
 * \return Whether it is locked.
 */
bool hsm_token_lock_known(hsm_token_t *token, bool wait);
void hsm_token_unlock_known(hsm_token_t *token);

/*! Opens a session that reads and signs. The token is locked, or its session is used by who locked it.
 *  \return CK_RV */
CK_RV hsm_token_open(hsm_token_t *token, CK_SESSION_HANDLE *session);

/*!
 * Logs a session in where each has to do so; nothing is done where one login is for all. The token is locked.
 *
 * \retval HSM_EOK
 * \retval other    As hsm_login().
 */
int hsm_token_join(hsm_token_t *token, CK_SESSION_HANDLE session, hsm_error_t *err);

/*! \return How many sessions may be opened beside those that are open; the token is locked. */
size_t hsm_token_room(const hsm_token_t *token);

/*!
 * Has the library started anew: some libraries read a token's objects only once, and miss what another
 * process has made since; with others only that ends a loss. The token is locked, and stays so. Nothing is
 * done if another token of the library is in use, or if it was done in vain not long ago.
 *
 * \param why  Each reason has a pace of its own.
 * \retval HSM_EOK      It was, and the token is logged in again: try again, and call
 *                      hsm_token_restarted().
 * \retval HSM_ENOKEY   It was not; err is not filled.
 * \retval other        As hsm_login(): the token has been lost by that.
 */
int hsm_token_restart(hsm_token_t *token, hsm_restart_t why, hsm_error_t *err);

/*! \param helped  Whether that is known to have helped; false: it is done again only after a while. */
void hsm_token_restarted(hsm_token_t *token, hsm_restart_t why, bool helped);
