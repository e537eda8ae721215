/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "common/clock.h"
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

struct hsm_session {
	const hsm_group_t *group;
	hsm_token_t *token;      /*!< One of the group; NULL: none could be used. */
	hsm_seat_t *seat;        /*!< There. */
	int64_t settled_ms;      /*!< Since when it is there; monotonic_ms(). */
};

/*! Opens a PKCS#11 session with a token that is locked. \param seat  NULL: there is none yet. */
static int open_seat(hsm_token_t *token, hsm_seat_t **seat, hsm_error_t *err)
{
	CK_SESSION_HANDLE handle;
	CK_RV rv = hsm_token_open(token, &handle);
	if (rv != CKR_OK) {
		return hsm_rv_error(token->conf.name, rv, "cannot open a session", err);
	}
	const int ret = hsm_token_join(token, handle, err);
	if (ret != HSM_EOK) {
		hsm_token_close(token, handle);
		return ret;
	}
	const unsigned long connection = atomic_load(&token->connection);
	if (*seat != NULL) {
		hsm_seat_reopened(*seat, handle, connection);
		return HSM_EOK;
	}
	*seat = hsm_seat_new(&token->seats, handle, connection);
	if (*seat == NULL) {
		hsm_token_close(token, handle);
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	return HSM_EOK;
}

/*! Opens the session with a token of its group. */
static int enter(hsm_session_t *session, hsm_token_t *token, hsm_error_t *err)
{
	int ret = hsm_token_lock(token, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	const hsm_repository_t *conf = &token->conf;
	ret = hsm_token_room(token) > 0
	      ? open_seat(token, &session->seat, err)
	      : hsm_error_set(err, HSM_ESESSIONS, 0, "repository \"%s\": no more than %zu sessions, "
	                      "says <Sessions>", conf->name, conf->sessions);
	hsm_token_unlock(token);
	if (ret == HSM_EOK) {
		session->token = token;
		session->settled_ms = monotonic_ms();
	}
	return ret;
}

/*! Closes the session with the token that it has. */
static void leave(hsm_session_t *session)
{
	hsm_seat_leave(session->seat);
	session->seat = NULL;
	session->token = NULL;
}

/*! Opens a session that has no token with the best of those that are left. */
static int enter_any(hsm_session_t *session, choice_t *choice, hsm_error_t *err)
{
	int ret = HSM_ESESSIONS;
	hsm_token_t *token;
	while (session->token == NULL && (token = choice_next(choice)) != NULL) {
		ret = enter(session, token, err);
	}
	return ret;
}

int hsm_session_open(hsm_session_t **session, hsm_t *hsm, const char *repository,
                     hsm_error_t *err)
{
	const hsm_group_t *group = hsm_group(hsm, repository, err);
	if (group == NULL) {
		return HSM_EREPOSITORY;
	}
	hsm_session_t *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	opened->group = group;
	choice_t choice = choice_of(group);
	const int ret = enter_any(opened, &choice, err);
	if (ret != HSM_EOK) {
		free(opened);
		return ret;
	}
	*session = opened;
	return HSM_EOK;
}

void hsm_session_close(hsm_session_t *session)
{
	if (session != NULL && session->token != NULL) {
		leave(session);
	}
	free(session);
}

/*! A seat and a key, both of the same token. */
typedef struct {
	hsm_token_t *token;
	hsm_seat_t *seat;
	const hsm_key_t *key;
	hsm_copy_t *copy;
	bool to_prove; /*!< Whether the replica has the key is what is to be seen. */
} use_t;

static int make_input(const use_t *use, const uint8_t *data, size_t data_len, input_t *input,
                      hsm_error_t *err)
{
	const hsm_algorithm_t *algorithm = use->key->algorithm;
	input->mechanism = atomic_load(&use->copy->mechanism);
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

/*! \return The data as the token signs it if it hashes itself; with HSM_MECHANISM_NONE it cannot. */
static input_t whole_input(const use_t *use, const uint8_t *data, size_t data_len)
{
	return (input_t){ .mechanism = atomic_load(&use->copy->other), .data = data,
		          .len = data_len };
}

/*! \return CK_INVALID_HANDLE if the handle is one of an earlier login, or of a replica that was not proven
 *          since. */
static CK_OBJECT_HANDLE current_handle(const use_t *use)
{
	hsm_copy_t *copy = use->copy;
	unsigned long login = atomic_load(&copy->token->login);
	const bool replica = use->key->group->count > 1 && !use->to_prove;
	if (atomic_load(&copy->login) != login ||
	    (replica && atomic_load(&copy->proven) != login)) {
		return CK_INVALID_HANDLE;
	}
	CK_OBJECT_HANDLE handle = atomic_load(&copy->handle);
	return (atomic_load(&copy->login) == login) ? handle : CK_INVALID_HANDLE;
}

static size_t signature_len(const hsm_key_t *key)
{
	return key->algorithm->signature_len != 0 ? key->algorithm->signature_len
	                                          : (key->public.bits + 7) / 8;
}

/*! \return How much room the token is given. NSS signs by EdDSA into exactly as much as it needs. */
static CK_ULONG signature_room(const hsm_key_t *key)
{
	return key->algorithm->key_type == CKK_EC_EDWARDS ? signature_len(key) : HSM_SIGNATURE_MAX;
}

/*! Begins to sign. By PKCS #11 3.0 Ed448 needs a parameter, which says that nothing is hashed before; older
 *  libraries, as SoftHSM, know none. */
static CK_RV begin(const use_t *use, CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE handle)
{
	/* CK_EDDSA_PARAMS, which older headers of p11-kit lack. */
	static const struct { CK_BBOOL hashes; CK_ULONG context_len; CK_BYTE *context; } PURE;
	const CK_FUNCTION_LIST *module = use->token->library.module;
	CK_MECHANISM plain = { mechanism, NULL, 0 };
	CK_MECHANISM pure = { mechanism, (void *)&PURE, sizeof(PURE) };
	const bool by_parameter = atomic_load(&use->copy->by_parameter);
	CK_RV rv = module->C_SignInit(use->seat->handle, by_parameter ? &pure : &plain, handle);
	if (rv == CKR_MECHANISM_PARAM_INVALID && use->key->algorithm->has_parameter && !by_parameter) {
		rv = module->C_SignInit(use->seat->handle, &pure, handle);
		atomic_store(&use->copy->by_parameter, rv == CKR_OK);
	}
	return rv;
}

static CK_RV call_token(const use_t *use, const input_t *input, uint8_t *signature, CK_ULONG *len)
{
	hsm_seat_t *seat = use->seat;
	CK_FUNCTION_LIST *module = use->token->library.module;
	/* This thread has set busy before it reads the connection. A thread that ends the
	 * connection does the reverse: so either that one waits, or this one sees it. */
	if (seat->connection != atomic_load(&use->token->connection)) {
		return CKR_SESSION_HANDLE_INVALID;
	}
	CK_OBJECT_HANDLE handle = current_handle(use);
	if (handle == CK_INVALID_HANDLE) {
		return CKR_KEY_HANDLE_INVALID;
	}
	CK_RV rv = begin(use, input->mechanism, handle);
	if (rv == CKR_OK) {
		*len = signature_room(use->key);
		rv = module->C_Sign(seat->handle, (CK_BYTE *)input->data, input->len, signature,
		                    len);
	}
	return rv;
}

/*! Signs without a lock. Fails if the session's connection, or the key's login, has ended. */
static CK_RV sign_once(const use_t *use, const input_t *input, uint8_t *signature, CK_ULONG *len)
{
	atomic_store(&use->seat->busy, true);
	CK_RV rv = call_token(use, input, signature, len);
	atomic_store(&use->seat->busy, false);
	return rv == CKR_OK && *len != signature_len(use->key) ? CKR_SIGNATURE_LEN_RANGE : rv;
}

/*! Opens the session anew, and finds the key's handle anew.
 *  \param why      Of the signature that failed; CKR_OK: there was none yet.
 *  \param restart  Has the library started anew before, if that may be. */
static int recover(const use_t *use, CK_RV why, bool restart, hsm_error_t *err)
{
	hsm_seat_t *seat = use->seat;
	hsm_token_t *token = use->token;
	const unsigned long login = atomic_load(&token->login);
	int ret = hsm_token_lock(token, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	/* The token's own session is, and was, logged in. */
	token->each_logs_in |= why == CKR_USER_NOT_LOGGED_IN && login == atomic_load(&token->login);
	hsm_seat_close(seat);
	if (restart) {
		ret = hsm_token_restart(token, HSM_FOR_SIGNATURE, err);
		if (ret == HSM_EOK) {
			hsm_token_restarted(token, HSM_FOR_SIGNATURE, false);
		}
		ret = ret == HSM_ENOKEY ? HSM_EOK : ret;
	}
	if (ret == HSM_EOK) {
		ret = open_seat(token, &seat, err);
	}
	if (ret == HSM_EOK) {
		ret = hsm_key_locate(use->key, use->copy, err);
	}
	hsm_token_unlock(token);
	return ret;
}

static int length_error(const use_t *use, CK_ULONG len, hsm_error_t *err)
{
	return hsm_error_set(err, HSM_EDEVICE, 0, "repository \"%s\": a signature by key %s has "
	                     "%lu bytes instead of %zu", use->token->conf.name,
	                     use->key->id.hex, len, signature_len(use->key));
}

static int sign_error(const use_t *use, CK_RV rv, hsm_error_t *err)
{
	if (rv == CKR_KEY_TYPE_INCONSISTENT) {
		rv = CKR_MECHANISM_INVALID;
	}
	char what[2 * HSM_ID_MAX + 64];
	(void)snprintf(what, sizeof(what), "cannot sign by key %s", use->key->id.hex);
	return hsm_rv_error(use->token->conf.name, rv, what, err);
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
static CK_RV sign_either(const use_t *use, const input_t *input, const input_t *data,
                         uint8_t *signature, CK_ULONG *len)
{
	hsm_copy_t *copy = use->copy;
	if (atomic_load(&copy->mechanism) == data->mechanism) {
		return sign_once(use, data, signature, len);
	}
	CK_RV rv = sign_once(use, input, signature, len);
	if (may_want_data(rv) && data->mechanism != HSM_MECHANISM_NONE &&
	    sign_once(use, data, signature, len) == CKR_OK) {
		atomic_store(&copy->mechanism, data->mechanism);
		rv = CKR_OK;
	}
	return rv;
}

/*! A replica is believed to have the key once it has made a good signature by it since it was connected:
 *  a wrong one would make the zone bogus. */
static int prove(const use_t *use, hsm_error_t *err)
{
	static const uint8_t data[] = "whether a replica has the same key";
	hsm_signature_t signature;
	input_t input;
	CK_ULONG got = 0;
	int ret = make_input(use, data, sizeof(data), &input, err);
	if (ret == HSM_EOK) {
		const input_t whole = whole_input(use, data, sizeof(data));
		CK_RV rv = sign_either(use, &input, &whole, signature.data, &got);
		ret = rv == CKR_OK ? HSM_EOK : sign_error(use, rv, err);
	}
	signature.len = got;
	if (ret == HSM_EOK &&
	    hsm_key_verify(use->key, data, sizeof(data), &signature, NULL) != HSM_EOK) {
		ret = hsm_error_set(err, HSM_EDEVICE, 0, "repository \"%s\": the signature by key %s "
		                    "does not verify by the key that the other replicas have; copy "
		                    "the right one there", use->token->conf.name,
		                    use->key->id.hex);
	}
	return ret;
}

/*! Finds the key, where it was not found yet, or with a session that is opened anew. A replica has to prove
 *  then that it has it. */
static int find_anew(const use_t *use, CK_RV why, bool restart, hsm_error_t *err)
{
	int ret = recover(use, why, restart, err);
	if (ret == HSM_EOK && use->key->group->count > 1) {
		use_t trial = *use;
		trial.to_prove = true;
		const unsigned long login = atomic_load(&use->copy->login);
		ret = prove(&trial, err);
		if (ret == HSM_EOK) {
			atomic_store(&use->copy->proven, login);
		}
	}
	return ret;
}

/*! The same. If the token fails, it is asked once more, and then with the library started anew. */
static int find_again(const use_t *use, CK_RV why, bool restart, hsm_error_t *err)
{
	int ret = find_anew(use, why, restart, err);
	if (ret == HSM_EDEVICE && !restart) {
		ret = find_anew(use, why, false, err);
	}
	return ret == HSM_EDEVICE && !restart ? find_anew(use, why, true, err) : ret;
}

/*! Signs. What may pass, a lost session, a token that is busy or limits its rate, is tried again with a
 *  new session, so that one failure of many calls does not fail all of a zone's signatures. Some
 *  libraries, as YubiHSM's after an idle while, or Luna's after a loss of its network, open sessions that
 *  are of no use until they are started anew, or do not find the key; so that is tried at last. */
static int sign_input(const use_t *use, const input_t *input, const input_t *data,
                      hsm_signature_t *signature, hsm_error_t *err)
{
	CK_ULONG got = 0;
	tried_t *tried = &use->token->tried;
	CK_RV rv = sign_either(use, input, data, signature->data, &got);
	for (int wait_ms = FIRST_WAIT_MS; !hsm_rv_is_final(rv) && wait_ms <= LAST_WAIT_MS;
	     wait_ms *= 4) {
		tried_error(tried);
		if (!hsm_rv_is_loss(rv) || wait_ms > FIRST_WAIT_MS) {
			poll(NULL, 0, wait_ms);
		}
		const int ret = find_again(use, rv, wait_ms == LAST_WAIT_MS, err);
		if (ret != HSM_EOK) {
			return ret;
		}
		rv = sign_either(use, input, data, signature->data, &got);
	}
	if (rv != CKR_OK) {
		tried_error(tried);
		return rv == CKR_SIGNATURE_LEN_RANGE ? length_error(use, got, err)
		                                     : sign_error(use, rv, err);
	}
	signature->len = got;
	return HSM_EOK;
}

static int sign_data(const use_t *use, const uint8_t *data, size_t data_len,
                     hsm_signature_t *signature, hsm_error_t *err)
{
	input_t input;
	int ret = make_input(use, data, data_len, &input, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	const input_t whole = whole_input(use, data, data_len);
	return sign_input(use, &input, &whole, signature, err);
}

/*! Signs with the token that the session has. */
static int sign_there(hsm_session_t *session, const hsm_key_t *key, const uint8_t *data,
                      size_t data_len, hsm_signature_t *signature, hsm_error_t *err)
{
	hsm_token_t *token = session->token;
	const use_t use = { token, session->seat, key, hsm_key_copy(key, token), false };
	int ret = HSM_EOK;
	tried_call_t call;
	tried_sign(&token->tried, &call);
	if (session->group->count > 1 && current_handle(&use) == CK_INVALID_HANDLE) {
		ret = find_anew(&use, CKR_OK, false, err);
	}
	if (ret == HSM_EOK) {
		ret = sign_data(&use, data, data_len, signature, err);
	}
	tried_signed(&token->tried, &call, ret, err);
	if (ret != HSM_EOK) {
		hsm_key_suspect(key, token, ret, err);
	}
	return ret;
}

/*! Signs with one of the tokens of its group. */
static int sign_anywhere(hsm_session_t *session, const hsm_key_t *key, const uint8_t *data,
                         size_t data_len, hsm_signature_t *signature, hsm_error_t *err)
{
	choice_t choice = choice_of(session->group);
	if (session->token != NULL && choice_better(session->group, session->token, session->settled_ms)) {
		leave(session);
	}
	int ret = HSM_EOK;
	do {
		if (session->token == NULL) {
			ret = enter_any(session, &choice, err);
		}
		if (session->token != NULL) {
			choice_used(&choice, session->token);
			ret = sign_there(session, key, data, data_len, signature, err);
		}
		if (ret != HSM_EOK && session->token != NULL) {
			leave(session);
		}
	} while (ret != HSM_EOK && !choice_is_empty(&choice));
	return ret;
}

int hsm_session_sign(hsm_session_t *session, const hsm_key_t *key, const uint8_t *data,
                     size_t data_len, hsm_signature_t *signature, hsm_error_t *err)
{
	if (key->group != session->group) {
		return hsm_error_set(err, HSM_ENOKEY, 0, "key %s is of repository \"%s\", the "
		                     "session of \"%s\"", key->id.hex, key->group->name,
		                     session->group->name);
	}
	return session->group->count == 1
	       ? sign_there(session, key, data, data_len, signature, err)
	       : sign_anywhere(session, key, data, data_len, signature, err);
}

int hsm_session_wrong(hsm_session_t *session, const hsm_key_t *key, hsm_error_t *err)
{
	hsm_token_t *token = session->token;
	hsm_error_set(err, HSM_EDEVICE, 0, "the token of repository %s made a wrong signature; it "
	              "was not published", token->conf.name);
	tried_error(&token->tried);
	hsm_key_suspect(key, token, HSM_EDEVICE, err);
	return HSM_EDEVICE;
}
