/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone's key set, with its keys found in their tokens.
 */
#pragma once

#include <stdatomic.h>

#include <libdnssec/key.h>
#include <libknot/rdata.h>

#include "hsm-adapter/hsm.h"
#include "keyset/keyset.h"
#include "module/keys/given.h"
#include "module/keys/verify.h"

typedef struct {
	const keyset_key_t *info; /*!< Borrowed from the key set. */
	dnssec_key_t *dnskey;     /*!< Public half, as the key set has it. */
	knot_rdata_t *rdata;      /*!< DNSKEY RDATA. */
	hsm_key_t *secret;        /*!< NULL if the key signs nothing, or is lacking. */
	char *lack;               /*!< Why the key is lacking; NULL: it is not. */
	verify_key_t *verifier;   /*!< Of the public half; NULL if the key signs nothing. */
	size_t signature_len;     /*!< Bytes of a signature. */
} keyring_key_t;

typedef struct {
	atomic_uint users;
	keyset_t set;
	keyring_key_t *keys; /*!< set.key_count of them, in the set's order. */
	given_t given;       /*!< What was signed ahead. */
} keyring_t;

/*!
 * Reads a key set and finds, in their tokens, those of its keys that sign.
 *
 * A key that signs the DNSKEY RRset alone may be lacking, its token being away: the signatures that
 * it made serve until they expire, and the other keys sign on. Any other key that cannot be found
 * is an error, since no RRset may lack the signature of an algorithm (RFC 4035, section 2.2).
 *
 * A key that is in no repository is not looked for: it signs nothing here.
 *
 * A key whose public half in the token differs from that in the key set is an error: signatures of
 * such a key are bogus.
 *
 * \param text  The key set's text form.
 * \param ring  To be freed by keyring_free().
 * \param err   Names repository, key and remedy.
 * \return KNOT_EOK, KNOT_EMALF (text, or it does not fit the zone), KNOT_EAGAIN (a token; it may
 *         work later), KNOT_ENOMEM
 */
int keyring_load(const char *text, const knot_dname_t *zone, hsm_t *hsm, keyring_t **ring,
                 char *err, size_t err_size);

/*!
 * Tells whether a zone can be signed as a key set wants: whether a hash and its length fit before
 * the zone's name where the denial is NSEC3 (RFC 5155, section 3).
 * \param err  Filled if not, with the remedy.
 */
bool keyring_fits(const keyset_t *set, const knot_dname_t *zone, char *err, size_t err_size);

/*! \return Whether what the KSKs sign was signed ahead. */
bool keyring_is_given(const keyring_t *ring);

/*! \return Whether nothing that the key signs is made here: a bundle has it. */
bool keyring_is_away(const keyring_key_t *key);

/*! \return Why a key is lacking, with its key tag; NULL if none is. Borrowed from the ring. */
const char *keyring_lack(const keyring_t *ring);

/*! A key cannot be used, though it was found: it is lacking from now on. \param info  Of a key that
 *  signs the DNSKEY RRset alone; nothing is done if the ring has no such key. */
void keyring_lose(keyring_t *ring, const keyset_key_t *info, const char *why);

/*! \return Whether two key sets ask for the same DNSKEY, CDS and CDNSKEY RRsets, signed by the same
 *  keys, but for those that sign all of the zone. */
bool keyring_same_dnskeys(const keyset_t *a, const keyset_t *b);

/*! Adds a user, who leaves by keyring_free(). \return ring */
keyring_t *keyring_use(keyring_t *ring);

/*! A user less; the last one frees the ring, and before the tokens are left that it is of. NULL is
 *  allowed. */
void keyring_free(keyring_t *ring);

/*!
 * \return The key of that algorithm and key tag that is published or signs the zone; NULL if there
 *         is none.
 */
const keyring_key_t *keyring_find(const keyring_t *ring, uint8_t algorithm, uint16_t keytag);

/*!
 * \return Whether a change from one key set to another touches all of the zone; if not, it touches
 *         the apex alone.
 */
bool keyring_walk(const keyset_t *before, const keyset_t *after);
