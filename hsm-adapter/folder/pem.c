/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/folder/pem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "hsm-adapter/folder/pair.h"

#define PUBLIC_BEGIN "-----BEGIN PUBLIC KEY-----"

/*** By GnuTLS. OpenSSL looks at all of its decoders for each key, which takes ten times as long as all else that is
 *   done with a new key; but it reads much that GnuTLS does not, so it has the last word. ***/

static gnutls_datum_t datum_of(const char *text, size_t len)
{
	return (gnutls_datum_t){ (unsigned char *)text, (unsigned)len };
}

static void wipe(gnutls_datum_t *secret)
{
	if (secret->data != NULL) {
		gnutls_memset(secret->data, 0, secret->size);
		gnutls_free(secret->data);
	}
}

static const char *name_of(gnutls_ecc_curve_t curve)
{
	switch (curve) {
	case GNUTLS_ECC_CURVE_SECP256R1: return "P-256";
	case GNUTLS_ECC_CURVE_SECP384R1: return "P-384";
	case GNUTLS_ECC_CURVE_ED25519: return "ED25519";
	case GNUTLS_ECC_CURVE_ED448: return "ED448";
	default: return NULL;
	}
}

/*! Makes a pair of a curve's numbers. */
static EVP_PKEY *make(gnutls_ecc_curve_t curve, const gnutls_datum_t *x, const gnutls_datum_t *y,
                      const gnutls_datum_t *secret)
{
	const char *name = name_of(curve);
	const pair_kind_t *kind = name != NULL ? pair_kind_named(name) : NULL;
	return kind != NULL
	       ? pair_take(kind, &(const pair_numbers_t){ x->data, x->size, y->data, y->size,
	                                                  secret->data, secret->size })
	       : NULL;
}

static EVP_PKEY *quick_private(const char *text, size_t len)
{
	const gnutls_datum_t from = datum_of(text, len);
	gnutls_privkey_t key;
	gnutls_datum_t x = { 0 }, y = { 0 }, secret = { 0 };
	gnutls_ecc_curve_t curve;
	EVP_PKEY *pair = NULL;
	if (gnutls_privkey_init(&key) != 0) {
		return NULL;
	}
	if (gnutls_privkey_import_x509_raw(key, &from, GNUTLS_X509_FMT_PEM, NULL, 0) == 0 &&
	    gnutls_privkey_export_ecc_raw(key, &curve, &x, &y, &secret) == 0) {
		pair = make(curve, &x, &y, &secret);
	}
	gnutls_free(x.data);
	gnutls_free(y.data);
	wipe(&secret);
	gnutls_privkey_deinit(key);
	return pair;
}

static EVP_PKEY *quick_public(const char *text, size_t len)
{
	const gnutls_datum_t from = datum_of(text, len);
	gnutls_pubkey_t key;
	gnutls_datum_t x = { 0 }, y = { 0 };
	gnutls_ecc_curve_t curve;
	EVP_PKEY *pair = NULL;
	if (gnutls_pubkey_init(&key) != 0) {
		return NULL;
	}
	if (gnutls_pubkey_import(key, &from, GNUTLS_X509_FMT_PEM) == 0 &&
	    gnutls_pubkey_export_ecc_raw(key, &curve, &x, &y) == 0) {
		pair = make(curve, &x, &y, &(gnutls_datum_t){ 0 });
	}
	gnutls_free(x.data);
	gnutls_free(y.data);
	gnutls_pubkey_deinit(key);
	return pair;
}

/*** Reading. ***/

/*! What a text is asked for by, and whether that was wanted. */
typedef struct {
	const char *passphrase;
	bool asked;
} door_t;

static int give_passphrase(char *to, int size, int writing, void *ctx)
{
	(void)writing;
	door_t *door = ctx;
	door->asked = true;
	const size_t len = door->passphrase != NULL ? strlen(door->passphrase) : 0;
	if (len == 0 || len > (size_t)size) {
		return -1;
	}
	memcpy(to, door->passphrase, len);
	return (int)len;
}

CK_RV pem_private(const char *text, size_t len, const char *passphrase, EVP_PKEY **pair)
{
	*pair = passphrase == NULL ? quick_private(text, len) : NULL;
	if (*pair != NULL) {
		return CKR_OK;
	}
	door_t door = { passphrase, false };
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	*pair = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &door) : NULL;
	BIO_free(bio);
	if (*pair != NULL) {
		return CKR_OK;
	}
	return !door.asked ? CKR_DATA_INVALID :
	       passphrase == NULL ? CKR_USER_NOT_LOGGED_IN : CKR_PIN_INCORRECT;
}

/* Takes the block of the public half only: OpenSSL would ask for the passphrase of what is before it. */
CK_RV pem_public(const char *text, size_t len, EVP_PKEY **pair)
{
	const char *begin = memmem(text, len, PUBLIC_BEGIN, sizeof(PUBLIC_BEGIN) - 1);
	if (begin == NULL) {
		/* A private key that somebody has put there. */
		return pem_private(text, len, NULL, pair);
	}
	len -= (size_t)(begin - text);
	*pair = quick_public(begin, len);
	if (*pair == NULL) {
		BIO *bio = BIO_new_mem_buf(begin, (int)len);
		*pair = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
		BIO_free(bio);
	}
	return *pair != NULL ? CKR_OK : CKR_DATA_INVALID;
}

/*** Writing. ***/

BIO *pem_write(const char *passphrase, EVP_PKEY *pair)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	const EVP_CIPHER *cipher = passphrase != NULL ? EVP_aes_256_cbc() : NULL;
	const int len = passphrase != NULL ? (int)strlen(passphrase) : 0;
	if (bio != NULL &&
	    (PEM_write_bio_PKCS8PrivateKey(bio, pair, cipher, passphrase, len, NULL, NULL) != 1 ||
	     PEM_write_bio_PUBKEY(bio, pair) != 1)) {
		BIO_free(bio);
		bio = NULL;
	}
	return bio;
}
