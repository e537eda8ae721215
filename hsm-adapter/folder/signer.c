/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/folder/signer.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "hsm-adapter/folder/pair.h"

#define DER_MAX 144 /* Bytes of the longest ECDSA signature in DER: two numbers of 48 bytes, and more. */

void signer_end(signer_t *signer)
{
	EVP_PKEY_CTX_free(signer->ctx);
	EVP_MD_CTX_free(signer->whole);
	EVP_PKEY_free(signer->pair);
	*signer = (signer_t){ NULL };
}

static CK_MECHANISM_TYPE mechanism_of(const pair_kind_t *kind)
{
	return kind->type == CKK_RSA ? CKM_RSA_PKCS :
	       kind->type == CKK_EC ? CKM_ECDSA : CKM_EDDSA;
}

static bool make_ready(signer_t *signer, const pair_kind_t *kind)
{
	if (kind->type == CKK_EC_EDWARDS) {
		signer->whole = EVP_MD_CTX_new();
		return signer->whole != NULL;
	}
	signer->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, signer->pair, NULL);
	return signer->ctx != NULL && EVP_PKEY_sign_init(signer->ctx) == 1 &&
	       (kind->type == CKK_EC ||
	        EVP_PKEY_CTX_set_rsa_padding(signer->ctx, RSA_PKCS1_PADDING) == 1);
}

CK_RV signer_begin(signer_t *signer, EVP_PKEY *pair, CK_MECHANISM_TYPE mechanism)
{
	const pair_kind_t *kind = pair_kind(pair);
	if (kind == NULL) {
		return CKR_KEY_TYPE_INCONSISTENT;
	}
	if (mechanism_of(kind) != mechanism) {
		return CKR_MECHANISM_INVALID;
	}
	signer_t ready = { .pair = pair, .len = kind->len };
	EVP_PKEY_up_ref(pair);
	if (!make_ready(&ready, kind)) {
		signer_end(&ready);
		return CKR_HOST_MEMORY;
	}
	signer_end(signer);
	*signer = ready;
	return CKR_OK;
}

/*! Signs by ECDSA: PKCS #11 wants both numbers one after the other, OpenSSL has them in DER. */
static CK_RV sign_ecdsa(signer_t *signer, const uint8_t *data, size_t data_len, uint8_t *signature,
                        CK_ULONG *len)
{
	uint8_t der[DER_MAX];
	size_t der_len = sizeof(der);
	if (*len < 2 * signer->len) {
		return CKR_BUFFER_TOO_SMALL;
	}
	if (EVP_PKEY_sign(signer->ctx, der, &der_len, data, data_len) != 1) {
		return CKR_FUNCTION_FAILED;
	}
	const uint8_t *from = der;
	ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &from, (long)der_len);
	const int size = (int)signer->len;
	const bool good = numbers != NULL &&
	                  BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, size) == size &&
	                  BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + size, size) == size;
	ECDSA_SIG_free(numbers);
	*len = 2 * signer->len;
	return good ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV signer_sign(signer_t *signer, const uint8_t *data, size_t data_len, uint8_t *signature,
                  CK_ULONG *len)
{
	size_t size = *len;
	if (signer->ctx != NULL && signer->len > 0) {
		return sign_ecdsa(signer, data, data_len, signature, len);
	}
	const bool good = signer->ctx != NULL
		? EVP_PKEY_sign(signer->ctx, signature, &size, data, data_len) == 1
		: EVP_DigestSignInit(signer->whole, NULL, NULL, NULL, signer->pair) == 1 &&
		  EVP_DigestSign(signer->whole, signature, &size, data, data_len) == 1;
	*len = size;
	return good ? CKR_OK : CKR_FUNCTION_FAILED;
}
