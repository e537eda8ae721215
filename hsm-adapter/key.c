/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>

#include "hsm-adapter/handle.h"
#include "hsm-adapter/public.h"

static int find_private(hsm_token_t *token, const hsm_id_t *id, CK_OBJECT_HANDLE *handle,
                        hsm_error_t *err)
{
	hsm_objects_t objects;
	int ret = hsm_objects_find(token, CKO_PRIVATE_KEY, id, &objects, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	if (objects.count == 1) {
		*handle = objects.handles[0];
	} else {
		ret = hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": %s private key has the "
		                    "CKA_ID %s", token->conf.name,
		                    objects.count == 0 ? "no" : "more than one", id->hex);
	}
	free(objects.handles);
	return ret;
}

/*! A token that came back may hold another key by that name: its signatures would be bogus. */
static int check_same(const hsm_key_t *key, CK_OBJECT_HANDLE handle, hsm_error_t *err)
{
	dnssec_binary_t public_key = { 0 };
	unsigned bits = 0;
	int ret = hsm_public_read(key->token, handle, &key->id, key->algorithm, &public_key,
	                          &bits, err);
	if (ret == HSM_EOK && dnssec_binary_cmp(&public_key, &key->public_key) != 0) {
		ret = hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": the key with the CKA_ID "
		                    "%s is another one now; restore the old one, or load the keys "
		                    "anew", key->token->conf.name, key->id.hex);
	}
	dnssec_binary_free(&public_key);
	return ret;
}

int hsm_key_locate(hsm_key_t *key, hsm_error_t *err)
{
	CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
	int ret = find_private(key->token, &key->id, &handle, err);
	if (ret == HSM_EOK) {
		ret = check_same(key, handle, err);
	}
	if (ret == HSM_EOK) {
		/* A reader that sees the same login before and after reading the handle has a
		 * handle of that login. */
		atomic_store(&key->login, 0);
		atomic_store(&key->handle, handle);
		atomic_store(&key->login, atomic_load(&key->token->login));
	}
	return ret;
}

int hsm_key_make(hsm_token_t *token, const hsm_algorithm_t *algorithm, const hsm_id_t *id,
                 CK_OBJECT_HANDLE private_key, hsm_key_t **key, hsm_error_t *err)
{
	hsm_key_t *made = calloc(1, sizeof(*made));
	if (made == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	made->token = token;
	made->algorithm = algorithm;
	made->id = *id;
	atomic_init(&made->handle, private_key);
	atomic_init(&made->login, atomic_load(&token->login));

	int ret = hsm_public_read(token, private_key, id, algorithm, &made->public_key,
	                          &made->bits, err);
	if (ret != HSM_EOK) {
		hsm_key_free(made);
		return ret;
	}
	*key = made;
	return HSM_EOK;
}

static int not_hexadecimal(const hsm_token_t *token, const char *cka_id, hsm_error_t *err)
{
	return hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": \"%.80s\" is no CKA_ID in "
	                     "hexadecimal", token->conf.name, cka_id);
}

int hsm_key_find(hsm_t *hsm, const char *repository, const char *cka_id, uint8_t algorithm,
                 hsm_key_t **key, hsm_error_t *err)
{
	hsm_token_t *token = hsm_token(hsm, repository, err);
	if (token == NULL) {
		return HSM_EREPOSITORY;
	}
	const hsm_algorithm_t *wanted = hsm_algorithm(algorithm);
	if (wanted == NULL) {
		return hsm_error_set(err, HSM_EALGORITHM, 0, "algorithm %u is not supported",
		                     algorithm);
	}
	hsm_id_t id;
	if (hsm_id_parse(&id, cka_id) != HSM_EOK) {
		return not_hexadecimal(token, cka_id, err);
	}

	int ret = hsm_token_lock(token, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
	ret = find_private(token, &id, &handle, err);
	if (ret == HSM_EOK) {
		ret = hsm_key_make(token, wanted, &id, handle, key, err);
	}
	hsm_token_unlock(token);
	return ret;
}

static int remove_class(hsm_token_t *token, CK_OBJECT_CLASS class, const hsm_id_t *id,
                        size_t *removed, hsm_error_t *err)
{
	hsm_objects_t objects;
	int ret = hsm_objects_find(token, class, id, &objects, err);
	for (size_t i = 0; ret == HSM_EOK && i < objects.count; i++) {
		CK_RV rv = token->module->C_DestroyObject(token->session, objects.handles[i]);
		if (rv == CKR_OK) {
			*removed += 1;
		} else {
			char what[2 * HSM_ID_MAX + 64];
			(void)snprintf(what, sizeof(what), "cannot remove key %s", id->hex);
			ret = hsm_token_error(token, rv, what, err);
		}
	}
	free(objects.handles);
	return ret;
}

int hsm_key_remove(hsm_t *hsm, const char *repository, const char *cka_id, hsm_error_t *err)
{
	hsm_token_t *token = hsm_token(hsm, repository, err);
	if (token == NULL) {
		return HSM_EREPOSITORY;
	}
	hsm_id_t id;
	if (hsm_id_parse(&id, cka_id) != HSM_EOK) {
		return not_hexadecimal(token, cka_id, err);
	}
	int ret = hsm_token_lock(token, err);
	if (ret != HSM_EOK) {
		return ret;
	}

	/* The private one first: if the second fails, the rest is found by trying again. */
	size_t removed = 0;
	ret = remove_class(token, CKO_PRIVATE_KEY, &id, &removed, err);
	if (ret == HSM_EOK) {
		ret = remove_class(token, CKO_PUBLIC_KEY, &id, &removed, err);
	}
	if (ret == HSM_EOK && removed == 0) {
		ret = hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": no key has the CKA_ID %s",
		                    token->conf.name, id.hex);
	}
	hsm_token_unlock(token);
	return ret;
}

/*! The key list is read under the lock, and told without it: the caller may use the token. */
typedef struct {
	hsm_id_t id;
	hsm_key_info_t info;
} entry_t;

static CK_RV read_entry(hsm_token_t *token, CK_OBJECT_HANDLE object, entry_t *entry)
{
	hsm_value_t id;
	CK_RV rv = hsm_object_value(token, object, CKA_ID, &id);
	if (rv == CKR_OK) {
		(void)hsm_id_set(&entry->id, id.data, id.len);
		free(id.data);
	} else if (rv != CKR_ATTRIBUTE_TYPE_INVALID) {
		return rv;
	}

	hsm_kind_t kind = { 0 };
	rv = hsm_public_kind(token, object, &entry->id, &kind);
	entry->info.type = "other";
	if (rv != CKR_OK || kind.algorithm == NULL) {
		return hsm_rv_is_loss(rv) ? rv : CKR_OK;
	}
	entry->info.type = kind.algorithm->family;
	entry->info.algorithm = kind.algorithm->number;
	entry->info.bits = kind.algorithm->bits;

	hsm_value_t modulus;
	if (kind.type == CKK_RSA &&
	    hsm_object_value(token, object, CKA_MODULUS, &modulus) == CKR_OK) {
		entry->info.bits = hsm_public_bits(&modulus);
		free(modulus.data);
	}
	return CKR_OK;
}

static int read_entries(hsm_token_t *token, entry_t **entries, size_t *count, hsm_error_t *err)
{
	hsm_objects_t objects;
	int ret = hsm_objects_find(token, CKO_PRIVATE_KEY, NULL, &objects, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	*entries = calloc(objects.count + 1, sizeof(**entries));
	if (*entries == NULL) {
		free(objects.handles);
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	*count = 0;
	CK_RV rv = CKR_OK;
	for (size_t i = 0; i < objects.count && rv == CKR_OK; i++) {
		rv = read_entry(token, objects.handles[i], &(*entries)[*count]);
		if (rv == CKR_OBJECT_HANDLE_INVALID) {
			rv = CKR_OK; /* Removed by somebody since it was found. */
		} else {
			*count += 1;
		}
	}
	free(objects.handles);
	return (rv == CKR_OK) ? HSM_EOK : hsm_token_error(token, rv, "cannot list the keys", err);
}

int hsm_key_list(hsm_t *hsm, const char *repository, hsm_key_list_f cb, void *ctx,
                 hsm_error_t *err)
{
	hsm_token_t *token = hsm_token(hsm, repository, err);
	if (token == NULL) {
		return HSM_EREPOSITORY;
	}
	int ret = hsm_token_lock(token, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	entry_t *entries = NULL;
	size_t count = 0;
	ret = read_entries(token, &entries, &count, err);
	hsm_token_unlock(token);

	for (size_t i = 0; ret == HSM_EOK && i < count; i++) {
		entries[i].info.cka_id = entries[i].id.hex;
		if (cb(ctx, &entries[i].info) != 0) {
			break;
		}
	}
	free(entries);
	return ret;
}

void hsm_key_free(hsm_key_t *key)
{
	if (key != NULL) {
		dnssec_binary_free(&key->public_key);
		free(key);
	}
}

const char *hsm_key_id(const hsm_key_t *key)
{
	return key->id.hex;
}

dnssec_binary_t hsm_key_public(const hsm_key_t *key)
{
	return key->public_key;
}

int hsm_key_dnskey(const hsm_key_t *key, const knot_dname_t *zone, uint16_t flags,
                   dnssec_key_t **dnskey, hsm_error_t *err)
{
	dnssec_key_t *made = NULL;
	int ret = dnssec_key_new(&made);
	if (ret == DNSSEC_EOK) {
		ret = dnssec_key_set_dname(made, zone);
	}
	if (ret == DNSSEC_EOK) {
		ret = dnssec_key_set_flags(made, flags);
	}
	if (ret == DNSSEC_EOK) {
		ret = dnssec_key_set_algorithm(made, key->algorithm->number);
	}
	if (ret == DNSSEC_EOK) {
		ret = dnssec_key_set_pubkey(made, &key->public_key);
	}
	if (ret != DNSSEC_EOK) {
		dnssec_key_free(made);
		return hsm_error_set(err, ret == DNSSEC_ENOMEM ? HSM_ENOMEM : HSM_EALGORITHM, 0,
		                     "repository \"%s\": key %s makes no DNSKEY of %s: %s",
		                     key->token->conf.name, key->id.hex, key->algorithm->name,
		                     dnssec_strerror(ret));
	}
	*dnskey = made;
	return HSM_EOK;
}
