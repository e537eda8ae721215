/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "hsm-adapter/key/key.h"
#include "hsm-adapter/token/rv.h"
#include "hsm-adapter/token/tokens.h"

/* Milliseconds between the tries of a signature, four times as many each time. */
#define FIRST_WAIT_MS 20
#define LAST_WAIT_MS 320

#define INPUT_MAX 128 /* The longest DigestInfo with its hash: 19 + 64 bytes. */

/*! What the token signs: the data, or its hash. */
typedef struct {
	CK_MECHANISM_TYPE mechanism;
	uint8_t buffer[INPUT_MAX];
	const uint8_t *data;
	size_t len;
} input_t;

/*! Opens a session's handle. The token is locked. */
static int open_handle(hsm_session_t *session, hsm_error_t *err)
{
	hsm_token_t *token = session->token;
	CK_SESSION_HANDLE handle;
	CK_RV rv = hsm_token_open(token, &handle);
	if (rv == CKR_OK) {
		hsm_token_took(token, handle);
	}
	session->handle = handle;
	session->dead = (rv != CKR_OK);
	if (rv != CKR_OK) {
		return hsm_rv_error(token->conf.name, rv, "cannot open a session", err);
	}
	session->connection = atomic_load(&token->connection);
	return HSM_EOK;
}

static void link_session(hsm_session_t *session)
{
	hsm_token_t *token = session->token;
	session->next = token->sessions;
	if (session->next != NULL) {
		session->next->prev = session;
	}
	token->sessions = session;
	token->session_count++;
}

static void unlink_session(hsm_session_t *session)
{
	if (session->prev != NULL) {
		session->prev->next = session->next;
	} else {
		session->token->sessions = session->next;
	}
	if (session->next != NULL) {
		session->next->prev = session->prev;
	}
	session->token->session_count--;
}

static int open_first(hsm_session_t *session, hsm_error_t *err)
{
	const hsm_repository_t *conf = &session->token->conf;
	if (hsm_token_room(session->token) == 0) {
		return hsm_error_set(err, HSM_ESESSIONS, 0, "repository \"%s\": no more than %zu "
		                     "sessions, says <Sessions>", conf->name, conf->sessions);
	}
	const int ret = open_handle(session, err);
	if (ret == HSM_EOK) {
		link_session(session);
	}
	return ret;
}

int hsm_session_open(hsm_session_t **session, hsm_t *hsm, const char *repository,
                     hsm_error_t *err)
{
	hsm_token_t *token = hsm_token(hsm, repository, err);
	if (token == NULL) {
		return HSM_EREPOSITORY;
	}
	hsm_session_t *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	opened->token = token;

	int ret = hsm_token_lock(token, err);
	if (ret == HSM_EOK) {
		ret = open_first(opened, err);
		hsm_token_unlock(token);
	}
	if (ret != HSM_EOK) {
		free(opened);
		return ret;
	}
	*session = opened;
	return HSM_EOK;
}

void hsm_session_close(hsm_session_t *session)
{
	if (session == NULL) {
		return;
	}
	hsm_token_t *token = session->token;
	/* Not hsm_token_lock(), which would look for a token that is gone. */
	pthread_mutex_lock(&token->lock);
	unlink_session(session);
	if (!session->dead) {
		hsm_token_close(token, session->handle);
	}
	pthread_mutex_unlock(&token->lock);
	free(session);
}

static int make_input(const hsm_key_t *key, const uint8_t *data, size_t data_len, input_t *input,
                      hsm_error_t *err)
{
	const hsm_algorithm_t *algorithm = key->algorithm;
	input->mechanism = atomic_load(&key->mechanism);
	if (input->mechanism == algorithm->sign_data) {
		input->data = data;
		input->len = data_len;
		return HSM_EOK;
	}
	const hsm_der_t *info = &algorithm->digest_info;
	if (info->len > 0) {
		memcpy(input->buffer, info->data, info->len);
	}
	int ret = gnutls_hash_fast(algorithm->hash, data, data_len, input->buffer + info->len);
	if (ret != GNUTLS_E_SUCCESS) {
		return hsm_error_set(err, HSM_EALGORITHM, 0, "cannot compute the hash of %s: %s",
		                     algorithm->name, gnutls_strerror(ret));
	}
	input->data = input->buffer;
	input->len = info->len + gnutls_hash_get_len(algorithm->hash);
	return HSM_EOK;
}

/*! \return CK_INVALID_HANDLE if the handle is one of an earlier login. */
static CK_OBJECT_HANDLE current_handle(const hsm_key_t *key)
{
	unsigned long login = atomic_load(&key->token->login);
	if (atomic_load(&key->login) != login) {
		return CK_INVALID_HANDLE;
	}
	CK_OBJECT_HANDLE handle = atomic_load(&key->handle);
	return (atomic_load(&key->login) == login) ? handle : CK_INVALID_HANDLE;
}

static CK_RV call_token(hsm_session_t *session, const hsm_key_t *key, const input_t *input,
                        uint8_t *signature, CK_ULONG *len)
{
	CK_FUNCTION_LIST *module = session->token->library.module;
	/* This thread has set busy before it reads the connection. A thread that ends the
	 * connection does the reverse: so either that one waits, or this one sees it. */
	if (session->connection != atomic_load(&session->token->connection)) {
		return CKR_SESSION_HANDLE_INVALID;
	}
	CK_OBJECT_HANDLE handle = current_handle(key);
	if (handle == CK_INVALID_HANDLE) {
		return CKR_KEY_HANDLE_INVALID;
	}
	CK_MECHANISM mechanism = { input->mechanism, NULL, 0 };
	CK_RV rv = module->C_SignInit(session->handle, &mechanism, handle);
	if (rv == CKR_OK) {
		*len = HSM_SIGNATURE_MAX;
		rv = module->C_Sign(session->handle, (CK_BYTE *)input->data, input->len, signature,
		                    len);
	}
	return rv;
}

static size_t signature_len(const hsm_key_t *key)
{
	return key->algorithm->signature_len != 0 ? key->algorithm->signature_len
	                                          : (key->public.bits + 7) / 8;
}

/*! Signs without a lock. Fails if the session's connection, or the key's login, has ended. */
static CK_RV sign_once(hsm_session_t *session, const hsm_key_t *key, const input_t *input,
                       uint8_t *signature, CK_ULONG *len)
{
	atomic_store(&session->busy, true);
	CK_RV rv = call_token(session, key, input, signature, len);
	atomic_store(&session->busy, false);
	return rv == CKR_OK && *len != signature_len(key) ? CKR_SIGNATURE_LEN_RANGE : rv;
}

/*! Opens the session anew, and finds the key's handle anew.
 *  \param restart  Has the library started anew before, if that may be. */
static int recover(hsm_session_t *session, const hsm_key_t *key, bool restart, hsm_error_t *err)
{
	hsm_token_t *token = session->token;
	int ret = hsm_token_lock(token, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	/* Always a new handle: the old one may have an operation that was not finished. */
	if (!session->dead) {
		hsm_token_close(token, session->handle);
		session->dead = true;
	}
	if (restart) {
		ret = hsm_token_restart(token, HSM_FOR_SIGNATURE, err);
		if (ret == HSM_EOK) {
			hsm_token_restarted(token, HSM_FOR_SIGNATURE, false);
		}
		ret = ret == HSM_ENOKEY ? HSM_EOK : ret;
	}
	if (ret == HSM_EOK) {
		ret = open_handle(session, err);
	}
	if (ret == HSM_EOK) {
		/* The handle is a cache, no visible part of the key; hence the cast. */
		ret = hsm_key_locate((hsm_key_t *)key, err);
	}
	hsm_token_unlock(token);
	return ret;
}

static int length_error(const hsm_key_t *key, CK_ULONG len, hsm_error_t *err)
{
	return hsm_error_set(err, HSM_EDEVICE, 0, "repository \"%s\": a signature by key %s has "
	                     "%lu bytes instead of %zu", key->token->conf.name, key->id.hex, len,
	                     signature_len(key));
}

static int sign_error(const hsm_key_t *key, CK_RV rv, hsm_error_t *err)
{
	if (rv == CKR_KEY_TYPE_INCONSISTENT) {
		rv = CKR_MECHANISM_INVALID;
	}
	char what[2 * HSM_ID_MAX + 64];
	(void)snprintf(what, sizeof(what), "cannot sign by key %s", key->id.hex);
	return hsm_rv_error(key->token->conf.name, rv, what, err);
}

/*! \return Whether the token may sign by that key only what it hashes itself, as a TPM by RSA keys. */
static bool may_want_data(CK_RV rv)
{
	switch (rv) {
	case CKR_GENERAL_ERROR:
	case CKR_FUNCTION_FAILED:
	case CKR_KEY_FUNCTION_NOT_PERMITTED:
	case CKR_KEY_TYPE_INCONSISTENT:
	case CKR_MECHANISM_INVALID:
		return true;
	default:
		return false;
	}
}

/*! Signs the hash, or else the data; what has worked for the key is tried first from then on. */
static CK_RV sign_either(hsm_session_t *session, const hsm_key_t *key, const input_t *input,
                         const input_t *data, uint8_t *signature, CK_ULONG *len)
{
	if (atomic_load(&key->mechanism) == data->mechanism) {
		return sign_once(session, key, data, signature, len);
	}
	CK_RV rv = sign_once(session, key, input, signature, len);
	if (may_want_data(rv) && data->mechanism != HSM_MECHANISM_NONE &&
	    sign_once(session, key, data, signature, len) == CKR_OK) {
		/* No visible part of the key, as the handle; hence the cast. */
		atomic_store(&((hsm_key_t *)key)->mechanism, data->mechanism);
		rv = CKR_OK;
	}
	return rv;
}

/*! Signs. What may pass, a lost session, a token that is busy or limits its rate, is tried again with a
 *  new session, so that one failure of many calls does not fail all of a zone's signatures. Some
 *  libraries, as YubiHSM's after an idle while, or Luna's after a loss of its network, open sessions that
 *  are of no use until they are started anew; so that is tried at last. */
static int sign_input(hsm_session_t *session, const hsm_key_t *key, const input_t *input,
                      const input_t *data, hsm_signature_t *signature, hsm_error_t *err)
{
	CK_ULONG got = 0;
	CK_RV rv = sign_either(session, key, input, data, signature->data, &got);
	for (int wait_ms = FIRST_WAIT_MS; !hsm_rv_is_final(rv) && wait_ms <= LAST_WAIT_MS;
	     wait_ms *= 4) {
		tried_error(&session->token->tried);
		if (!hsm_rv_is_loss(rv) || wait_ms > FIRST_WAIT_MS) {
			poll(NULL, 0, wait_ms);
		}
		const int ret = recover(session, key, wait_ms == LAST_WAIT_MS, err);
		if (ret != HSM_EOK) {
			return ret;
		}
		rv = sign_either(session, key, input, data, signature->data, &got);
	}
	if (rv != CKR_OK) {
		tried_error(&session->token->tried);
		return rv == CKR_SIGNATURE_LEN_RANGE ? length_error(key, got, err)
		                                     : sign_error(key, rv, err);
	}
	signature->len = got;
	return HSM_EOK;
}

int hsm_session_sign(hsm_session_t *session, const hsm_key_t *key, const uint8_t *data,
                     size_t data_len, hsm_signature_t *signature, hsm_error_t *err)
{
	if (key->token != session->token) {
		return hsm_error_set(err, HSM_ENOKEY, 0, "key %s is of repository \"%s\", the "
		                     "session of \"%s\"", key->id.hex, key->token->conf.name,
		                     session->token->conf.name);
	}
	input_t input;
	int ret = make_input(key, data, data_len, &input, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	const input_t whole = { .mechanism = key->other, .data = data, .len = data_len };
	tried_begin(&session->token->tried);
	ret = sign_input(session, key, &input, &whole, signature, err);
	tried_end(&session->token->tried, true, ret, err);
	if (ret != HSM_EOK) {
		tried_suspect(&key->token->tried, key->id.hex, key->algorithm->number, ret, err);
	}
	return ret;
}
