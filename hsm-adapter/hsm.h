/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Keys in PKCS#11 tokens: find, generate, list, remove, sign.
 *
 * A hsm_t stands for all repositories of one conf.xml. The adapter connects to a token when it is
 * first needed. A token that is gone does not hinder others; when it is back, the next call logs in
 * again. Every function may be called from any thread; only a hsm_session_t is for one thread at a
 * time. Calls block for as long as the token takes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libdnssec/key.h>
#include <libknot/dname.h>

#include "hsm-adapter/conf.h"

#define HSM_SIGNATURE_MAX 512 /*!< Bytes of the longest signature (RSA 4096). */

typedef struct hsm hsm_t;
typedef struct hsm_key hsm_key_t;
typedef struct hsm_session hsm_session_t;

/*!
 * Takes the repositories of a configuration.
 *
 * \param hsm   The handle, to be freed by hsm_close().
 * \param conf  Copied.
 * \retval HSM_EOK, HSM_ENOMEM
 */
int hsm_open(hsm_t **hsm, const hsm_conf_t *conf, hsm_error_t *err);

/*!
 * Closes and frees. All its keys and sessions have to be freed before. NULL is allowed.
 *
 * A token logs out when the process closes its last session: another hsm_t keeps its login.
 */
void hsm_close(hsm_t *hsm);

/*!
 * Loads the repository's library, finds its token and logs in, unless that is done already.
 *
 * \param last_try  The PIN is tried even if the token locks when that fails. No other function does so.
 * \retval HSM_EOK, HSM_EREPOSITORY, HSM_EMODULE, HSM_ETOKEN, HSM_EPIN, HSM_ELOGIN, HSM_EDEVICE, HSM_ESESSIONS
 */
int hsm_login(hsm_t *hsm, const char *repository, bool last_try, hsm_error_t *err);

/*! What was last tried with a token, and what came of it. */
typedef struct {
	const char *repository; /*!< Borrowed from the hsm_t. */
	int64_t when;        /*!< When that ended, Unix seconds; 0 = nothing was tried. */
	int64_t since;       /*!< Since when it does not work; 0 = it does. */
	int64_t waits_since; /*!< Since when it is asked, and does not answer; 0 = it does. */
	bool signed_last;    /*!< It was asked to sign, and not only whether it is there. */
	int code;            /*!< HSM_EOK: it works; HSM_EMODULE, HSM_ETOKEN, HSM_EPIN, HSM_ELOGIN,
	                          HSM_EDEVICE. */
	hsm_error_t err;     /*!< Why it does not. */
	uint64_t signatures; /*!< That it has made since hsm_open()... */
	uint64_t errors;     /*!< ...and calls that failed, wrong signatures included. */
} hsm_last_t;

/*! Tells of the repositories one after the other, in the order of conf.xml; does not wait for a
 *  token. \return Whether there is one of that index. */
bool hsm_last(hsm_t *hsm, size_t index, hsm_last_t *last);

/*! \return Whether a token of the repository works, as far as is known: it has not failed, and nothing has
 *  waited for it for two seconds. Does not wait for a token. */
bool hsm_works(hsm_t *hsm, const char *repository);

/*! Writes that for an operator: whether it works, when it was asked, and what to do. */
void hsm_last_text(const hsm_last_t *last, char *out, size_t size);

/*! What hsm_watch_start() tells, by any of its threads; must not block, nor use the hsm_t. Each may be NULL. */
typedef struct {
	void (*returned)(void *ctx); /*!< A token works again, or has a key again, on which something
	                                  may wait. */
	void (*changed)(void *ctx, const hsm_last_t *last); /*!< A token does not work any more, or does
	                                  again. */
	void *ctx;
} hsm_watch_calls_t;

typedef struct hsm_watch hsm_watch_t;

/*!
 * Has threads, one for each token, ask those that were used whether they are still there. A token that
 * does not work is asked again within seconds; a key that could not be found, or made no good signature,
 * has to make one before its token counts as working again.
 *
 * \param watch    To be ended by hsm_watch_stop().
 * \param seconds  From one look to the next, at a token that works.
 * \param calls    Copied.
 * \retval HSM_EOK, HSM_ENOMEM
 */
int hsm_watch_start(hsm_watch_t **watch, hsm_t *hsm, unsigned seconds,
                    const hsm_watch_calls_t *calls);

/*! Ends it before its hsm_t; a look that is under way has to end first. NULL is allowed. */
void hsm_watch_stop(hsm_watch_t *watch);

/*! Where a key is. All is borrowed. */
typedef struct {
	const char *repository;
	const char *cka_id;     /*!< CKA_ID in hexadecimal, any case. */
	uint8_t algorithm;      /*!< DNSSEC algorithm number it is used with (8, 10, 13, 14, 15, 16). */
	dnssec_binary_t public; /*!< Which of replicas' keys it is, if they differ: its public half, in
	                             DNSKEY form. No bytes: not known, the first found is taken. */
} hsm_wanted_t;

/*!
 * Finds a private key by its CKA_ID, and reads its public half.
 *
 * \param key  To be freed by hsm_key_free().
 * \retval HSM_EOK, HSM_ENOKEY (also: two keys of that CKA_ID), HSM_EALGORITHM (not a key for that
 *         algorithm), or as hsm_login()
 */
int hsm_key_find(hsm_t *hsm, const hsm_wanted_t *wanted, hsm_key_t **key, hsm_error_t *err);

/*! A key pair to be generated. */
typedef struct {
	const char *repository;
	uint8_t algorithm;  /*!< DNSSEC algorithm number. */
	unsigned bits;      /*!< RSA modulus size; ignored for other algorithms. */
	const char *cka_id; /*!< Hexadecimal, at most 64 digits; NULL = 16 random bytes. A caller
	                         that has to find the key after a crash chooses the CKA_ID, and
	                         records it before the call. */
	bool fresh;         /*!< No key can have it: it was drawn at random for this one. */
	bool unsettled;     /*!< The key need not outlast a loss of power before hsm_settle(). */
} hsm_key_spec_t;

/*!
 * Generates a key pair; its CKA_LABEL is the CKA_ID in hexadecimal.
 *
 * \param key  To be freed by hsm_key_free().
 * \retval HSM_EOK, HSM_ECAPACITY, HSM_EALGORITHM, HSM_EEXISTS, HSM_ENOKEY (spec->cka_id is not
 *         hexadecimal), or as hsm_login()
 */
int hsm_key_generate(hsm_t *hsm, const hsm_key_spec_t *spec, hsm_key_t **key, hsm_error_t *err);

/*! Has all keys that were generated .unsettled outlast a loss of power: those in files; tokens see to it by
 *  themselves. \retval HSM_EOK, HSM_EDEVICE and others as hsm_login(): none of them may */
int hsm_settle(hsm_t *hsm, const char *repository, hsm_error_t *err);

/*! \return Whether there is need of that: the repository, or one of its replicas, has keys in files. Asks no
 *          token. */
bool hsm_needs_settling(hsm_t *hsm, const char *repository);

/*! Removes a key pair from the token, or from all replicas; its public half stays if the token does not let
 *  it go. \retval HSM_EOK, HSM_ENOKEY, or as hsm_login() (a replica does not work; it may be gone from
 *  others) */
int hsm_key_remove(hsm_t *hsm, const char *repository, const char *cka_id, hsm_error_t *err);

/*! Gives both halves of a key pair another CKA_LABEL, in all replicas: for people; nothing here looks at it.
 *  \retval HSM_EOK, HSM_ENOKEY, HSM_EDEVICE (also: the token lets nobody change it), or as hsm_login() */
int hsm_key_label(hsm_t *hsm, const char *repository, const char *cka_id, const char *label,
                  hsm_error_t *err);

/*! A key pair found by hsm_key_list(). Strings are borrowed for the call. */
typedef struct {
	const char *cka_id;  /*!< Hexadecimal. */
	const char *type;    /*!< "RSA", "ECDSA", "EdDSA", or "other". */
	unsigned bits;       /*!< Size, 0 if unknown. */
	uint8_t algorithm;   /*!< The usual DNSSEC algorithm of such a key (RSA: 8), 0 if none. */
} hsm_key_info_t;

/*! Gets a key pair; may use the token. \return 0 to go on, anything else to stop. */
typedef int (*hsm_key_list_f)(void *ctx, const hsm_key_info_t *info);

/*! Calls cb for each private key of the repository, of the first replica that works. \retval as hsm_login() */
int hsm_key_list(hsm_t *hsm, const char *repository, hsm_key_list_f cb, void *ctx,
                 hsm_error_t *err);

/*! Has the key stay until hsm_key_free() is called once more. \return key */
hsm_key_t *hsm_key_use(hsm_key_t *key);

/*! NULL is allowed. */
void hsm_key_free(hsm_key_t *key);

/*! \return CKA_ID in lower-case hexadecimal; borrowed from the key. */
const char *hsm_key_id(const hsm_key_t *key);

/*! \return Public key in DNSKEY form (RFC 3110, 6605, 8080); borrowed from the key. */
dnssec_binary_t hsm_key_public(const hsm_key_t *key);

/*!
 * Makes the DNSKEY of a key: its RDATA, key tag and DS come from libdnssec.
 *
 * \param flags   256 (ZSK) or 257 (KSK, CSK): RFC 4034, section 2.1.1.
 * \param dnskey  To be freed by dnssec_key_free(); has no private half.
 * \retval HSM_EOK, HSM_ENOMEM, HSM_EALGORITHM
 */
int hsm_key_dnskey(const hsm_key_t *key, const knot_dname_t *zone, uint16_t flags,
                   dnssec_key_t **dnskey, hsm_error_t *err);

/*! Opens a session with the repository's token, for signing. \retval HSM_ESESSIONS (no more can be
 *  opened; err->rv is 0 if <Sessions> says so), or as hsm_login() */
int hsm_session_open(hsm_session_t **session, hsm_t *hsm, const char *repository,
                     hsm_error_t *err);

/*! NULL is allowed. */
void hsm_session_close(hsm_session_t *session);

/*! The signature field of an RRSIG (RFC 3110, 6605, 8080). */
typedef struct {
	uint8_t data[HSM_SIGNATURE_MAX];
	size_t len;
} hsm_signature_t;

/*!
 * Signs data with a key of the session's repository; the hash is computed here, unless the token signs
 * only what it hashes itself.
 *
 * If that fails by what may pass, as a session that the token has lost, the session is opened and logged
 * in anew, and its key found anew, some times within half a second.
 *
 * \retval HSM_EOK, HSM_ENOKEY, HSM_EALGORITHM, or as hsm_login()
 */
int hsm_session_sign(hsm_session_t *session, const hsm_key_t *key, const uint8_t *data,
                     size_t data_len, hsm_signature_t *signature, hsm_error_t *err);

/*!
 * Tells whether a signature is one of the key, by its public half.
 * \retval HSM_EOK, HSM_EDEVICE (it is not), HSM_ENOMEM
 */
int hsm_key_verify(const hsm_key_t *key, const uint8_t *data, size_t data_len,
                   const hsm_signature_t *signature, hsm_error_t *err);

/*! A signature that the session has made is wrong: its token is taken for one that does not work, until
 *  the key makes a good one. \return HSM_EDEVICE, with err */
int hsm_session_wrong(hsm_session_t *session, const hsm_key_t *key, hsm_error_t *err);

/*! Tells whether a key can be used: it makes a good signature in its token, or in each replica, of which
 *  none may lack it. \retval HSM_EOK, HSM_ENOKEY, HSM_EDEVICE (a wrong signature, another key), or as
 *  hsm_login() */
int hsm_prove(hsm_t *hsm, const hsm_wanted_t *wanted, hsm_error_t *err);

/*! A key that should be in its token was not found: hsm_watch_start()'s thread looks for it. */
void hsm_key_miss(hsm_t *hsm, const char *repository, const char *cka_id, uint8_t algorithm);
