/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/folder/pem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

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

/*** Writing. OpenSSL's encoders are as slow as its decoders; GnuTLS writes a private number in 33 bytes where
 *   RFC 5915 has 32. ***/

#define INNER_MAX 256 /* Bytes of an ECPrivateKey; P-384 has 158. */

/*! Writes a header of DER. \return The place behind it */
static uint8_t *put_header(uint8_t *to, uint8_t tag, size_t len)
{
	*to++ = tag;
	if (len > 127) {
		*to++ = 0x81;
	}
	*to++ = (uint8_t)len;
	return to;
}

static uint8_t *put_bytes(uint8_t *to, const uint8_t *bytes, size_t len)
{
	memcpy(to, bytes, len);
	return to + len;
}

/*! Writes what PKCS #8 has of a private key: of an Edwards curve an octet string (RFC 8410, section 7), of others
 *  an ECPrivateKey (RFC 5915, section 3). \return Where it ends */
static uint8_t *put_private(uint8_t *to, const pair_kind_t *kind, const pair_given_t *given)
{
	static const uint8_t VERSION[] = { 0x02, 0x01, 0x01 };
	const size_t point = 1 + 2 * kind->len;
	if (kind->type == CKK_EC) {
		to = put_header(to, 0x30, sizeof(VERSION) + 2 + kind->len + 2 + 2 + 1 + point);
		to = put_bytes(to, VERSION, sizeof(VERSION));
	}
	to = put_header(to, 0x04, kind->len);
	to = put_bytes(to, given->secret, kind->len);
	if (kind->type == CKK_EC) {
		to = put_header(to, 0xa1, 2 + 1 + point);
		to = put_header(to, 0x03, 1 + point);
		*to++ = 0; /* Bits that are not used. */
		to = put_bytes(to, given->public, point);
	}
	return to;
}

/*! What names a kind in ASN.1; static. */
typedef struct {
	ASN1_OBJECT *algorithm;
	int type; /*!< Of the parameter: V_ASN1_OBJECT, or there is none. */
	ASN1_OBJECT *curve;
} names_t;

static names_t names_of(const pair_kind_t *kind)
{
	return kind->type == CKK_EC
	       ? (names_t){ OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
	                    OBJ_nid2obj(EC_curve_nist2nid(kind->name)) }
	       : (names_t){ OBJ_nid2obj(OBJ_sn2nid(kind->name)), V_ASN1_UNDEF, NULL };
}

static bool write_private(BIO *bio, const pair_kind_t *kind, const pair_given_t *given)
{
	const names_t names = names_of(kind);
	PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new();
	uint8_t *inner = OPENSSL_zalloc(INNER_MAX);
	const int len = inner != NULL ? (int)(put_private(inner, kind, given) - inner) : 0;
	const bool has = info != NULL && len > 0 &&
	                 PKCS8_pkey_set0(info, names.algorithm, 0, names.type, names.curve, inner,
	                                 len) == 1;
	const bool good = has && PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1;
	if (!has) {
		OPENSSL_clear_free(inner, INNER_MAX);
	}
	PKCS8_PRIV_KEY_INFO_free(info); /* Which wipes it. */
	return good;
}

static bool write_public(BIO *bio, const pair_kind_t *kind, const pair_given_t *given)
{
	const names_t names = names_of(kind);
	const size_t len = kind->type == CKK_EC ? 1 + 2 * kind->len : kind->len;
	X509_PUBKEY *info = X509_PUBKEY_new();
	uint8_t *copy = OPENSSL_memdup(given->public, len);
	const bool has = info != NULL && copy != NULL &&
	                 X509_PUBKEY_set0_param(info, names.algorithm, names.type, names.curve,
	                                        copy, (int)len) == 1;
	const bool good = has && PEM_write_bio_X509_PUBKEY(bio, info) == 1;
	if (!has) {
		OPENSSL_free(copy);
	}
	X509_PUBKEY_free(info);
	return good;
}

/*! Writes a pair of a curve. */
static bool quick_write(BIO *bio, const EVP_PKEY *pair)
{
	const pair_kind_t *kind = pair_kind(pair);
	pair_given_t given;
	const bool good = kind != NULL && kind->type != CKK_RSA && pair_give(pair, kind, &given) &&
	                  write_private(bio, kind, &given) && write_public(bio, kind, &given);
	OPENSSL_cleanse(&given, sizeof(given));
	return good;
}

static bool write_pair(BIO *bio, const char *passphrase, EVP_PKEY *pair)
{
	const EVP_CIPHER *cipher = passphrase != NULL ? EVP_aes_256_cbc() : NULL;
	const int len = passphrase != NULL ? (int)strlen(passphrase) : 0;
	return (passphrase == NULL && quick_write(bio, pair)) ||
	       (BIO_reset(bio) == 1 &&
	        PEM_write_bio_PKCS8PrivateKey(bio, pair, cipher, passphrase, len, NULL, NULL) == 1 &&
	        PEM_write_bio_PUBKEY(bio, pair) == 1);
}

BIO *pem_write(const char *passphrase, EVP_PKEY *pair)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	if (bio != NULL && !write_pair(bio, passphrase, pair)) {
		BIO_free(bio);
		bio = NULL;
	}
	return bio;
}
