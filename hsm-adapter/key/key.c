/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>

#include "hsm-adapter/token/rv.h"
#include "hsm-adapter/token/tokens.h"

static int find_halves(hsm_token_t *token, const hsm_id_t *id, hsm_halves_t *halves,
                       hsm_error_t *err)
{
	hsm_pair_t pair;
	int ret = hsm_pair_find(token, id, &pair, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	/* Of two public keys, neither can be known to be the right one. */
	halves->public_key = (pair.public_keys.count == 1) ? pair.public_keys.handles[0]
	                                                   : CK_INVALID_HANDLE;
	if (pair.private_keys.count == 1) {
		halves->private_key = pair.private_keys.handles[0];
	} else {
		ret = hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": %s private key has the "
		                    "CKA_ID %s", token->conf.name,
		                    pair.private_keys.count == 0 ? "no" : "more than one", id->hex);
	}
	hsm_pair_free(&pair);
	return ret;
}

/*! Checks the public half: after a loss, the CKA_ID may be another key's, and signatures bogus. */
static int check_same(const hsm_key_t *key, const hsm_halves_t *halves, hsm_error_t *err)
{
	hsm_public_t public = { .bits = 0 };
	int ret = hsm_public_read(key->token, halves, &key->id, key->algorithm, &public, err);
	if (ret == HSM_EOK && dnssec_binary_cmp(&public.key, &key->public.key) != 0) {
		ret = hsm_error_set(
			err, HSM_ENOKEY, 0,
			"repository \"%s\": the key with the "
			"CKA_ID %s is another one now; restore the old one, or load the keys "
			"anew",
			key->token->conf.name, key->id.hex);
	}
	dnssec_binary_free(&public.key);
	return ret;
}

int hsm_key_locate(hsm_key_t *key, hsm_error_t *err)
{
	hsm_halves_t halves;
	int ret = find_halves(key->token, &key->id, &halves, err);
	if (ret == HSM_EOK) {
		ret = check_same(key, &halves, err);
	}
	if (ret == HSM_EOK) {
		/* If a thread reads the same login before and after the handle, the handle is of
		 * that login. */
		atomic_store(&key->login, 0);
		atomic_store(&key->handle, halves.private_key);
		atomic_store(&key->login, atomic_load(&key->token->login));
	}
	return ret;
}

int hsm_key_make(hsm_token_t *token, const hsm_algorithm_t *algorithm, const hsm_id_t *id,
                 const hsm_halves_t *halves, hsm_key_t **key, hsm_error_t *err)
{
	hsm_key_t *made = calloc(1, sizeof(*made));
	if (made == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	made->token = token;
	made->algorithm = algorithm;
	made->id = *id;
	atomic_init(&made->handle, halves->private_key);
	atomic_init(&made->login, atomic_load(&token->login));

	int ret = hsm_public_read(token, halves, id, algorithm, &made->public, err);
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
	hsm_halves_t halves;
	ret = find_halves(token, &id, &halves, err);
	if (ret == HSM_EOK) {
		ret = hsm_key_make(token, wanted, &id, &halves, key, err);
	}
	hsm_token_unlock(token);
	return ret;
}

static int remove_objects(hsm_token_t *token, const hsm_objects_t *objects, const hsm_id_t *id,
                          hsm_error_t *err)
{
	for (size_t i = 0; i < objects->count; i++) {
		CK_RV rv = token->library.module->C_DestroyObject(token->session,
		                                                  objects->handles[i]);
		if (rv != CKR_OK) {
			char what[2 * HSM_ID_MAX + 64];
			(void)snprintf(what, sizeof(what), "cannot remove key %s", id->hex);
			return hsm_rv_error(token->conf.name, rv, what, err);
		}
	}
	return HSM_EOK;
}

static int remove_pair(hsm_token_t *token, const hsm_id_t *id, hsm_error_t *err)
{
	hsm_pair_t pair;
	int ret = hsm_pair_find(token, id, &pair, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	if (pair.private_keys.count + pair.public_keys.count == 0) {
		ret = hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": no key has the "
		                    "CKA_ID %s", token->conf.name, id->hex);
	}
	/* Private keys first: if a later step fails, the next try finds the rest. */
	if (ret == HSM_EOK) {
		ret = remove_objects(token, &pair.private_keys, id, err);
	}
	if (ret == HSM_EOK) {
		ret = remove_objects(token, &pair.public_keys, id, err);
	}
	hsm_pair_free(&pair);
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
	if (ret == HSM_EOK) {
		ret = remove_pair(token, &id, err);
		hsm_token_unlock(token);
	}
	return ret;
}

/*! A key of a list. It is read under the lock, but cb is called without: it may use the token. */
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

	hsm_halves_t halves = { object, CK_INVALID_HANDLE };
	hsm_kind_t kind = { 0 };
	rv = hsm_public_kind(token, &halves, &kind);
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID && entry->id.len > 0 &&
	    find_halves(token, &entry->id, &halves, NULL) == HSM_EOK) {
		/* This token keeps the curve in the public object only. */
		rv = hsm_public_kind(token, &halves, &kind);
	}
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
	int ret = hsm_objects_find(token, CKO_PRIVATE_KEY, &objects, err);
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
			rv = CKR_OK; /* The object was removed since it was found. */
		} else {
			*count += 1;
		}
	}
	free(objects.handles);
	return (rv == CKR_OK) ? HSM_EOK
	                      : hsm_rv_error(token->conf.name, rv, "cannot list the keys", err);
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
		dnssec_binary_free(&key->public.key);
		free(key);
	}
}

const char *hsm_key_id(const hsm_key_t *key)
{
	return key->id.hex;
}

dnssec_binary_t hsm_key_public(const hsm_key_t *key)
{
	return key->public.key;
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
		ret = dnssec_key_set_pubkey(made, &key->public.key);
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
