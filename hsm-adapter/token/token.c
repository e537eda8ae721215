/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/token.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "hsm-adapter/folder/folder.h"
#include "hsm-adapter/pin.h"
#include "hsm-adapter/token/rv.h"
#include "hsm-adapter/token/slot.h"

/* Milliseconds from one start of a library anew to the next: if that helped, and if it did not. All
 * sessions end with it. */
#define RESTART_SOON_MS 2000
/* For so long a token that was there may be believed to be there still. */
#define KNOWN_MS 1000
static const int64_t RESTART_LATE_MS[HSM_RESTARTS] = {
	[HSM_FOR_KEY] = 600000, /* A key that is missing may be so for long. */
	[HSM_FOR_SIGNATURE] = 60000,
	[HSM_FOR_PROOF] = 8000, /* What waits for it goes on soon. */
};

int hsm_token_init(hsm_token_t *token, const hsm_repository_t *conf, hsm_error_t *err)
{
	memset(token, 0, sizeof(*token));
	if (!hsm_repository_copy(&token->conf, conf)) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	pthread_mutex_init(&token->hold_lock, NULL);
	pthread_cond_init(&token->released, NULL);
	pthread_mutex_init(&token->lock, NULL);
	tried_init(&token->tried);
	closing_init(&token->closing, token->conf.module);
	token->seats.lock = &token->lock;
	token->seats.library = &token->library;
	token->seats.closing = &token->closing;
	token->session = CK_INVALID_HANDLE;
	atomic_init(&token->last_try, false);
	atomic_init(&token->connection, 1);
	atomic_init(&token->login, 1); /* A key with login 0 has no handle. */
	return HSM_EOK;
}

void hsm_token_hold(hsm_token_t *token)
{
	pthread_mutex_lock(&token->hold_lock);
	token->holders++;
	pthread_mutex_unlock(&token->hold_lock);
}

void hsm_token_release(hsm_token_t *token)
{
	pthread_mutex_lock(&token->hold_lock);
	token->holders--;
	pthread_cond_signal(&token->released);
	pthread_mutex_unlock(&token->hold_lock);
}

void hsm_token_await(hsm_token_t *token)
{
	pthread_mutex_lock(&token->hold_lock);
	while (token->holders > 0) {
		pthread_cond_wait(&token->released, &token->hold_lock);
	}
	pthread_mutex_unlock(&token->hold_lock);
}

void hsm_token_deinit(hsm_token_t *token)
{
	hsm_seats_clear(&token->seats);
	/* No C_Logout: all of the process share one login. Closing the token's last session logs
	 * out. */
	if (token->session != CK_INVALID_HANDLE) {
		hsm_token_close(token, token->session);
	}
	if (token->library.initialized) {
		closing_again(&token->closing, token->library.module);
	}
	/* Before the library may give their handles to others. */
	closing_deinit(&token->closing);
	hsm_library_release(&token->library);
	hsm_mechanisms_free(&token->mechanisms);
	if (token->catalog != NULL) {
		token->free_catalog(token->catalog);
	}
	pthread_mutex_destroy(&token->lock);
	pthread_cond_destroy(&token->released);
	pthread_mutex_destroy(&token->hold_lock);
	tried_deinit(&token->tried);
	hsm_repository_deinit(&token->conf);
}

static int refusal(const hsm_token_t *token, hsm_error_t *err)
{
	if (err != NULL) {
		*err = token->refusal;
	}
	return HSM_EPIN;
}

/*! The PIN that a person has given is of no use any more. Nobody else is to try it. */
static int refuse_kept(const hsm_token_t *token, kept_id_t kept, CK_RV rv, hsm_error_t *err)
{
	kept_forget(kept);
	return hsm_error_set(err, HSM_ELOGIN, rv, "repository \"%s\": the token \"%s\" refused the PIN "
	                     "(%s, CK_RV 0x%lx), which is forgotten now; give the right one: ods-hsm "
	                     "login %s", token->conf.name, token->conf.token_label,
	                     p11_kit_strerror(rv), rv, token->conf.name);
}

static int refuse(hsm_token_t *token, CK_RV rv, hsm_error_t *err)
{
	token->refused = true;
	hsm_error_set(&token->refusal, HSM_EPIN, rv, "repository \"%s\": the token \"%s\" refused "
	              "the PIN, and is not asked again before a reload, lest it locks: %s "
	              "(CK_RV 0x%lx)", token->conf.name, token->conf.token_label,
	              p11_kit_strerror(rv), rv);
	return refusal(token, err);
}

/*! Tells whether the PIN may be tried: only a person risks the last try. */
static int may_try(hsm_token_t *token, CK_FLAGS flags, hsm_error_t *err)
{
	const bool last_try = atomic_exchange(&token->last_try, false);
	const int code = token->conf.asked ? HSM_ELOGIN : HSM_EPIN;
	if (flags & CKF_USER_PIN_LOCKED) {
		return hsm_error_set(err, code, CKR_PIN_LOCKED, "repository \"%s\": the token "
		                     "\"%s\" has locked its PIN; have its security officer set one",
		                     token->conf.name, token->conf.token_label);
	}
	if ((flags & CKF_USER_PIN_FINAL_TRY) && !last_try) {
		return hsm_error_set(err, code, 0, "repository \"%s\": the token \"%s\" locks at "
		                     "the next wrong PIN, so none is tried; check the PIN, then: "
		                     "ods-hsm login %s", token->conf.name, token->conf.token_label,
		                     token->conf.name);
	}
	return HSM_EOK;
}

/*! No PIN is there, and the token has no keypad of its own. */
static int wait_for_pin(const hsm_token_t *token, int why, hsm_error_t *err)
{
	const char *name = token->conf.name;
	return !token->conf.asked || why == ENOKEY
	       ? hsm_error_set(err, HSM_ELOGIN, 0, "repository \"%s\": the token waits for its PIN, "
	                       "from a person, as conf.xml has none: ods-hsm login %s",
	                       name, name)
	       : hsm_error_set(err, HSM_ELOGIN, 0, "repository \"%s\": the token needs a PIN, and the "
	                       "system lets nobody keep one in its keyring (%s), so that ods-hsm login "
	                       "is of no use; add a <PINFile>", name, strerror(why));
}

static CK_USER_TYPE user_type(const hsm_token_t *token)
{
	return token->conf.user_type != 0 ? token->conf.user_type : CKU_USER;
}

/*! \return Whether a session is that of a user. Users of a maker's own may have a state of their own. */
static bool is_users(const hsm_token_t *token, const CK_SESSION_INFO *session)
{
	return session->state == CKS_RO_USER_FUNCTIONS || session->state == CKS_RW_USER_FUNCTIONS ||
	       (token->conf.user_type != 0 && session->state > CKS_RW_SO_FUNCTIONS);
}

static bool shows_user(const hsm_token_t *token, CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info;
	return token->library.module->C_GetSessionInfo(session, &info) != CKR_OK || is_users(token, &info);
}

/*! Calls C_Login. A card may have been logged out by another process that uses it, which its library sees, and yet
 *  says that the user is logged in (OpenSC). */
static CK_RV call_login(hsm_token_t *token, CK_SESSION_HANDLE session, const hsm_pin_t *pin)
{
	CK_FUNCTION_LIST *module = token->library.module;
	CK_UTF8CHAR *text = pin->given ? (CK_UTF8CHAR *)pin->text : NULL;
	CK_RV rv = module->C_Login(session, user_type(token), text, pin->len);
	if (rv == CKR_USER_ALREADY_LOGGED_IN && !token->hides_login && !shows_user(token, session)) {
		(void)module->C_Logout(session);
		rv = module->C_Login(session, user_type(token), text, pin->len);
		token->hides_login = rv == CKR_OK && !shows_user(token, session);
	}
	return rv;
}

static int log_in(hsm_token_t *token, CK_SESSION_HANDLE session, CK_FLAGS flags, hsm_error_t *err)
{
	if ((flags & CKF_LOGIN_REQUIRED) == 0) {
		return HSM_EOK;
	}
	hsm_pin_t pin;
	int ret = may_try(token, flags, err);
	if (ret == HSM_EOK) {
		ret = hsm_pin_read(&token->conf, &pin, err);
	}
	if (ret != HSM_EOK) {
		return ret;
	}
	if (!pin.given && (flags & CKF_PROTECTED_AUTHENTICATION_PATH) == 0) {
		return wait_for_pin(token, pin.why, err);
	}
	CK_RV rv = call_login(token, session, &pin);
	const kept_id_t kept = pin.kept;
	hsm_pin_wipe(&pin);

	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
		return HSM_EOK;
	}
	if (hsm_rv_is_refusal(rv)) {
		return kept != 0 ? refuse_kept(token, kept, rv, err) : refuse(token, rv, err);
	}
	return hsm_rv_error(token->conf.name, rv, "cannot log in", err);
}

static CK_RV open_with(hsm_token_t *token, CK_FLAGS flags, CK_SESSION_HANDLE *session)
{
	CK_RV rv = token->library.module->C_OpenSession(token->slot, flags, NULL, NULL, session);
	if (rv == CKR_OK) {
		closing_opened(&token->closing, *session);
	} else {
		*session = CK_INVALID_HANDLE;
	}
	return rv;
}

/*! \return Whether a token may give a session that can write, though it gives no other. */
static bool wants_to_write(CK_RV rv)
{
	switch (rv) {
	case CKR_FUNCTION_FAILED: /* AWS CloudHSM */
	case CKR_FUNCTION_REJECTED:
	case CKR_ARGUMENTS_BAD:
		return true;
	default:
		return false;
	}
}

CK_RV hsm_token_open(hsm_token_t *token, CK_SESSION_HANDLE *session)
{
	CK_RV rv = open_with(token, CKF_SERIAL_SESSION, session);
	return wants_to_write(rv)
	       ? open_with(token, CKF_SERIAL_SESSION | CKF_RW_SESSION, session) : rv;
}

int hsm_token_join(hsm_token_t *token, CK_SESSION_HANDLE session, hsm_error_t *err)
{
	CK_TOKEN_INFO info;
	if (!token->each_logs_in) {
		return HSM_EOK;
	}
	CK_RV rv = token->library.module->C_GetTokenInfo(token->slot, &info);
	return rv == CKR_OK ? log_in(token, session, info.flags, err)
	                    : hsm_rv_error(token->conf.name, rv, "cannot log in", err);
}

void hsm_token_close(hsm_token_t *token, CK_SESSION_HANDLE session)
{
	closing_close(&token->closing, token->library.module, session);
}

static int open_session(hsm_token_t *token, hsm_error_t *err)
{
	CK_RV rv = open_with(token, CKF_SERIAL_SESSION | CKF_RW_SESSION, &token->session);
	if (rv == CKR_TOKEN_WRITE_PROTECTED || rv == CKR_SESSION_READ_ONLY ||
	    rv == CKR_FUNCTION_REJECTED) {
		rv = open_with(token, CKF_SERIAL_SESSION, &token->session);
	}
	if (rv != CKR_OK) {
		return hsm_rv_error(token->conf.name, rv, "cannot open a session", err);
	}
	hsm_seats_took(&token->seats, token->session);
	return HSM_EOK;
}

static void disconnect(hsm_token_t *token)
{
	if (token->session != CK_INVALID_HANDLE) {
		hsm_token_close(token, token->session);
		token->session = CK_INVALID_HANDLE;
		/* From now on no thread begins to use a session of before. */
		atomic_fetch_add(&token->connection, 1);
		hsm_seats_bury(&token->seats);
		atomic_fetch_add(&token->login, 1);
	}
}

/*! The state of the token's own session, from good to bad. */
typedef enum { ALIVE, LOGGED_OUT, GONE, LIBRARY_GONE } life_t;

static life_t look_at_life(hsm_token_t *token, CK_FLAGS *flags)
{
	if (token->session == CK_INVALID_HANDLE) {
		return GONE;
	}
	CK_SESSION_INFO session;
	CK_TOKEN_INFO info;
	CK_RV rv = token->library.module->C_GetSessionInfo(token->session, &session);
	if (rv == CKR_OK) {
		rv = token->library.module->C_GetTokenInfo(token->slot, &info);
	}
	if (rv != CKR_OK) {
		return (rv == CKR_CRYPTOKI_NOT_INITIALIZED) ? LIBRARY_GONE : GONE;
	}
	if (session.slotID != token->slot || !hsm_slot_has_label(&token->conf, &info)) {
		return GONE;
	}
	*flags = info.flags;
	const bool needed = (info.flags & CKF_LOGIN_REQUIRED) != 0;
	return !needed || token->hides_login || is_users(token, &session) ? ALIVE : LOGGED_OUT;
}

static int connect_once(hsm_token_t *token, hsm_error_t *err)
{
	CK_FLAGS flags = 0;
	int ret = hsm_library_load(&token->library, &token->conf, err);
	if (ret == HSM_EOK) {
		ret = hsm_slot_find(&token->library, &token->conf, &token->slot, &flags, err);
	}
	if (ret == HSM_EOK) {
		ret = open_session(token, err);
	}
	if (ret == HSM_EOK) {
		token->hides_login = false;
		ret = log_in(token, token->session, flags, err);
	}
	if (ret == HSM_EOK) {
		hsm_mechanisms_read(&token->mechanisms, token->library.module, token->slot);
	} else {
		disconnect(token);
	}
	return ret;
}

/*! Locks a token that does not use its library. \return False, and not locked, if it does. */
static bool lock_idle(hsm_token_t *token)
{
	if (pthread_mutex_trylock(&token->lock) != 0) {
		return false;
	}
	CK_FLAGS flags = 0;
	if (token->session != CK_INVALID_HANDLE && look_at_life(token, &flags) < GONE) {
		pthread_mutex_unlock(&token->lock);
		return false;
	}
	disconnect(token);
	if (!hsm_seats_idle(&token->seats)) {
		pthread_mutex_unlock(&token->lock);
		return false;
	}
	return true;
}

static bool same_library(const hsm_token_t *a, const hsm_token_t *b)
{
	return a != b && strcmp(a->conf.module, b->conf.module) == 0;
}

/*! Gives up the token's part in its library. */
static void stop_own_library(hsm_token_t *token)
{
	hsm_library_stop(&token->library);
	closing_forget(&token->closing);
	hsm_seats_end(&token->seats);
}

/*!
 * Stops the library, so that it looks for its tokens anew when it is started again. Without that,
 * SoftHSM for example does not find a token that was gone for a moment. The library goes on if
 * another of its tokens is alive, or may be in use.
 *
 * \return True if the library is stopped.
 */
static bool stop_library(hsm_token_t *token)
{
	if (!hsm_seats_idle(&token->seats)) {
		return false;
	}
	size_t i = 0;
	while (i < token->peer_count &&
	       (!same_library(token, &token->peers[i]) || lock_idle(&token->peers[i]))) {
		i++;
	}
	bool idle = (i == token->peer_count);
	while (i-- > 0) {
		hsm_token_t *peer = &token->peers[i];
		if (same_library(token, peer)) {
			if (idle) {
				stop_own_library(peer);
			}
			pthread_mutex_unlock(&peer->lock);
		}
	}
	if (idle) {
		stop_own_library(token);
	}
	return idle;
}

/*! Tells whether the library may find the token if it is started anew: one that looks for its tokens
 *  but once, or whose way to them is broken, as p11-kit's when its server was restarted. */
static bool restart_may_help(int ret)
{
	return ret == HSM_ETOKEN || ret == HSM_EDEVICE;
}

static int connect_token(hsm_token_t *token, hsm_error_t *err)
{
	int ret = connect_once(token, err);
	if (restart_may_help(ret) && stop_library(token)) {
		ret = connect_once(token, err);
		if (restart_may_help(ret)) {
			/* Another hsm_t of the process may wait for the library to stop, too. */
			(void)stop_library(token);
		}
	}
	return ret;
}

/*! Connects, and notes what came of it. */
static int reach(hsm_token_t *token, hsm_error_t *err)
{
	const int64_t begun_ms = monotonic_ms();
	const int ret = connect_token(token, err);
	if (restart_may_help(ret) || ret == HSM_EMODULE) {
		away_note(&token->away, begun_ms, ret, err);
	} else {
		token->away = (away_t){ 0 };
	}
	return ret;
}

static int revive(hsm_token_t *token, hsm_error_t *err)
{
	CK_FLAGS flags = 0;
	int ret = HSM_EOK;
	switch (look_at_life(token, &flags)) {
	case ALIVE:
		return HSM_EOK;
	case LOGGED_OUT:
		ret = log_in(token, token->session, flags, err);
		atomic_fetch_add(&token->login, 1);
		return ret;
	case LIBRARY_GONE:
		disconnect(token);
		stop_own_library(token);
		return reach(token, err);
	case GONE:
	default:
		disconnect(token);
		return reach(token, err);
	}
}

void hsm_token_restarted(hsm_token_t *token, hsm_restart_t why, bool helped)
{
	token->restart_ms[why] = monotonic_ms() +
	                         (helped ? RESTART_SOON_MS : RESTART_LATE_MS[why]);
}

int hsm_token_restart(hsm_token_t *token, hsm_restart_t why, hsm_error_t *err)
{
	if (monotonic_ms() < token->restart_ms[why]) {
		return HSM_ENOKEY;
	}
	disconnect(token);
	const bool stopped = stop_library(token);
	const int ret = connect_token(token, err);
	if (!stopped) {
		hsm_token_restarted(token, why, false);
	}
	return ret == HSM_EOK && !stopped ? HSM_ENOKEY : ret;
}

/*! Says why the token was not reached; its lock ends. */
static int unlock_away(hsm_token_t *token, hsm_error_t *err)
{
	const int code = token->away.code;
	if (err != NULL) {
		*err = token->away.err;
	}
	pthread_mutex_unlock(&token->lock);
	return code;
}

void hsm_token_look(hsm_token_t *token)
{
	pthread_mutex_lock(&token->lock);
	away_look(&token->away);
	pthread_mutex_unlock(&token->lock);
}

int hsm_token_lock(hsm_token_t *token, hsm_error_t *err)
{
	hsm_error_t why = { 0 };
	pthread_mutex_lock(&token->lock);
	if (away_still(&token->away)) {
		return unlock_away(token, err);
	}
	tried_begin(&token->tried);
	int ret = token->refused ? refusal(token, &why) : revive(token, &why);
	if (ret == HSM_EOK) {
		token->seen_ms = monotonic_ms();
		hsm_seats_clear(&token->seats);
		closing_again(&token->closing, token->library.module);
		return HSM_EOK;
	}
	tried_end(&token->tried, ret, &why);
	pthread_mutex_unlock(&token->lock);
	if (err != NULL) {
		*err = why;
	}
	return ret;
}

size_t hsm_token_room(const hsm_token_t *token)
{
	const size_t most = token->conf.sessions;
	const size_t open = 1 + token->seats.count + token->seats.left;
	return most == 0 ? SIZE_MAX : most > open ? most - open : 0;
}

void hsm_token_unlock(hsm_token_t *token)
{
	tried_end(&token->tried, HSM_EOK, NULL);
	pthread_mutex_unlock(&token->lock);
}

int hsm_token_settle(hsm_token_t *token, hsm_error_t *err)
{
	int ret = hsm_token_lock(token, err);
	if (ret == HSM_EOK) {
		CK_RV rv = folder_settle(token->library.folder);
		ret = rv == CKR_OK ? HSM_EOK : hsm_rv_error(token->conf.name, rv, "cannot write keys", err);
		hsm_token_unlock(token);
	}
	return ret;
}

bool hsm_token_lock_known(hsm_token_t *token, bool wait)
{
	if (wait) {
		pthread_mutex_lock(&token->lock);
	} else if (pthread_mutex_trylock(&token->lock) != 0) {
		return false;
	}
	const bool known = !token->refused && token->session != CK_INVALID_HANDLE &&
	                   monotonic_ms() < token->seen_ms + KNOWN_MS &&
	                   !closing_waits(&token->closing); /* Who calls the token closes them. */
	if (!known) {
		pthread_mutex_unlock(&token->lock);
	}
	return known;
}

void hsm_token_unlock_known(hsm_token_t *token)
{
	pthread_mutex_unlock(&token->lock);
}
