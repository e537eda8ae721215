/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/key/attributes.h"
#include "hsm-adapter/key/catalog.h"
#include "hsm-adapter/key/key.h"
#include "hsm-adapter/token/rv.h"
#include "hsm-adapter/token/tokens.h"

#ifndef CKM_AES_KEY_WRAP_PAD
#define CKM_AES_KEY_WRAP_PAD 0x210aUL /* PKCS #11 2.40 */
#endif

/*! What both halves have. */
static void add_common(attributes_t *to, const CK_OBJECT_CLASS *class,
                       const hsm_algorithm_t *algorithm, const hsm_id_t *id)
{
	const hsm_der_t *curve = &algorithm->curve[0];
	attributes_add(to, CKA_CLASS, class, sizeof(*class));
	attributes_add(to, CKA_KEY_TYPE, &algorithm->key_type, sizeof(algorithm->key_type));
	attributes_add_id(to, id);
	attributes_add_flag(to, CKA_TOKEN, true);
	if (curve->data != NULL) {
		attributes_add(to, CKA_EC_PARAMS, curve->data, curve->len);
	}
}

static void add_parts(attributes_t *to, const hsm_parts_t *parts, bool private)
{
	for (size_t i = 0; i < parts->count; i++) {
		const hsm_part_t *part = &parts->list[i];
		if (private ? part->of_private : part->of_public) {
			attributes_add(to, part->type, part->data, part->len);
		}
	}
}

/*! Makes both objects; none stays if one cannot be made. */
static CK_RV create(hsm_token_t *token, const hsm_key_made_of_t *of, const hsm_parts_t *parts)
{
	static const CK_OBJECT_CLASS PRIVATE = CKO_PRIVATE_KEY, PUBLIC = CKO_PUBLIC_KEY;
	CK_FUNCTION_LIST *module = token->library.module;
	CK_OBJECT_HANDLE made[2];
	attributes_t private = { .count = 0 }, public = { .count = 0 };
	add_common(&private, &PRIVATE, of->algorithm, &of->id);
	add_parts(&private, parts, true);
	attributes_add_private(&private, token->conf.allow_extraction);
	CK_RV rv = module->C_CreateObject(token->session, private.list, private.count, &made[0]);
	if (rv != CKR_OK || (token->conf.skip_public_key && of->algorithm->key_type == CKK_RSA)) {
		return rv;
	}
	add_common(&public, &PUBLIC, of->algorithm, &of->id);
	add_parts(&public, parts, false);
	attributes_add_flag(&public, CKA_VERIFY, true);
	rv = module->C_CreateObject(token->session, public.list, public.count, &made[1]);
	if (rv != CKR_OK) {
		module->C_DestroyObject(token->session, made[0]);
	}
	return rv;
}

/*! Checks that no object has the CKA_ID, of whatever kind: NSS would write over it. The token is locked. */
static int check_free(hsm_token_t *token, const hsm_id_t *id, hsm_error_t *err)
{
	hsm_objects_t objects;
	const int ret = hsm_catalog_find(token, id, true, &objects, err);
	return ret == HSM_EOK && objects.count > 0
	       ? hsm_error_set(err, HSM_EEXISTS, 0, "repository \"%s\" has a key of CKA_ID %s already, of another "
	                       "kind, or not whole; remove it first", token->conf.name, id->hex)
	       : ret;
}

/*! \return Whether a key has that CKA_ID. */
static bool is_there(hsm_t *hsm, const hsm_wanted_t *wanted)
{
	hsm_key_t *key = NULL;
	const bool found = hsm_key_find(hsm, wanted, &key, NULL) == HSM_EOK;
	hsm_key_free(key);
	return found;
}

int hsm_key_import(hsm_t *hsm, const hsm_key_spec_t *spec, const hsm_parts_t *parts,
                   hsm_key_t **key, hsm_error_t *err)
{
	hsm_token_t *token = NULL;
	hsm_key_made_of_t of = { .group = hsm_group(hsm, spec->repository, err),
		                 .algorithm = hsm_algorithm(spec->algorithm) };
	if (of.group == NULL) {
		return HSM_EREPOSITORY;
	}
	if (of.algorithm == NULL) {
		return hsm_error_set(err, HSM_EALGORITHM, 0, "algorithm %u is not supported",
		                     spec->algorithm);
	}
	int ret = spec->cka_id == NULL
	          ? hsm_id_random(&of.id, err)
	          : hsm_id_read(&of.id, spec->repository, spec->cka_id, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	const hsm_wanted_t wanted = { .repository = spec->repository, .cka_id = of.id.hex,
		                      .algorithm = spec->algorithm };
	if (is_there(hsm, &wanted)) {
		return hsm_error_set(err, HSM_EEXISTS, 0, "repository \"%s\" has a key of CKA_ID %s "
		                     "already", spec->repository, of.id.hex);
	}
	ret = hsm_group_lock(of.group, &token, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	ret = check_free(token, &of.id, err);
	CK_RV rv = ret == HSM_EOK ? create(token, &of, parts) : CKR_OK;
	hsm_token_unlock(token);
	if (ret != HSM_EOK) {
		return ret;
	}
	return rv == CKR_OK ? hsm_key_find(hsm, &wanted, key, err)
	       : hsm_rv_error(token->conf.name, rv, "cannot take a key from elsewhere", err);
}

/*! Wraps a key by another, which the token gets for that. The token is locked. */
static CK_RV wrap(hsm_token_t *token, CK_OBJECT_HANDLE key, const uint8_t by[HSM_WRAPPING_LEN],
                  dnssec_binary_t *wrapped)
{
	static const CK_OBJECT_CLASS SECRET = CKO_SECRET_KEY;
	static const CK_KEY_TYPE AES = CKK_AES;
	CK_FUNCTION_LIST *module = token->library.module;
	CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
	CK_OBJECT_HANDLE wrapping;
	CK_ULONG len = 0;
	attributes_t secret = { .count = 0 };
	attributes_add(&secret, CKA_CLASS, &SECRET, sizeof(SECRET));
	attributes_add(&secret, CKA_KEY_TYPE, &AES, sizeof(AES));
	attributes_add(&secret, CKA_VALUE, by, HSM_WRAPPING_LEN);
	attributes_add_flag(&secret, CKA_TOKEN, false);
	attributes_add_flag(&secret, CKA_WRAP, true);
	CK_RV rv = module->C_CreateObject(token->session, secret.list, secret.count, &wrapping);
	if (rv != CKR_OK) {
		return rv;
	}
	rv = module->C_WrapKey(token->session, &mechanism, wrapping, key, NULL, &len);
	uint8_t *data = rv == CKR_OK ? malloc(len) : NULL;
	if (data != NULL) {
		rv = module->C_WrapKey(token->session, &mechanism, wrapping, key, data, &len);
	}
	module->C_DestroyObject(token->session, wrapping);
	if (rv != CKR_OK || data == NULL) {
		free(data);
		return rv != CKR_OK ? rv : CKR_HOST_MEMORY;
	}
	*wrapped = (dnssec_binary_t){ .data = data, .size = len };
	return CKR_OK;
}

int hsm_key_export(hsm_t *hsm, const hsm_wanted_t *wanted, const uint8_t by[HSM_WRAPPING_LEN],
                   dnssec_binary_t *wrapped, hsm_error_t *err)
{
	hsm_key_t *key = NULL;
	int ret = hsm_key_find(hsm, wanted, &key, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	hsm_copy_t *copy = &key->copies[0];
	ret = hsm_token_lock(copy->token, err);
	if (ret == HSM_EOK) {
		ret = hsm_key_locate(key, copy, err);
		CK_RV rv = ret == HSM_EOK ? wrap(copy->token, atomic_load(&copy->handle), by, wrapped)
		                          : CKR_OK;
		hsm_token_unlock(copy->token);
		if (rv != CKR_OK) {
			ret = hsm_rv_error(wanted->repository, rv, "cannot export the key; it has to be "
			                   "made with <AllowExtraction/>", err);
		}
	}
	hsm_key_free(key);
	return ret;
}
