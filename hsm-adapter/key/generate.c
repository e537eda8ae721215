/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <libdnssec/key.h>

#include "hsm-adapter/key/attributes.h"
#include "hsm-adapter/key/catalog.h"
#include "hsm-adapter/key/key.h"
#include "hsm-adapter/token/rv.h"
#include "hsm-adapter/token/tokens.h"

#define ID_CHOSEN_BYTES 32  /* Of a CKA_ID that the caller chooses, at most. */

/*! A key pair being generated. */
typedef struct {
	const hsm_group_t *group;
	hsm_token_t *token;               /*!< One of the group; locked. */
	const hsm_algorithm_t *algorithm;
	CK_MECHANISM_TYPE mechanism;
	CK_ULONG bits;
	hsm_id_t id;
	bool chosen;                      /*!< By a person, so that another key may have it. */
	bool unsettled;                   /*!< As in hsm_key_spec_t. */
} order_t;

/*! A key pair that was generated. */
typedef struct {
	CK_OBJECT_HANDLE private_key;
	CK_OBJECT_HANDLE public_key;
} made_t;

static int check_size(const order_t *order, hsm_error_t *err)
{
	hsm_token_t *token = order->token;
	const hsm_algorithm_t *algorithm = order->algorithm;
	CK_MECHANISM_INFO info;
	CK_RV rv = token->library.module->C_GetMechanismInfo(token->slot, order->mechanism, &info);
	if (rv == CKR_MECHANISM_INVALID) {
		return hsm_error_set(err, HSM_EALGORITHM, rv,
		                     "repository \"%s\": the token cannot generate %s keys, "
		                     "choose another <Algorithm> in the policy; \"ods-hsm info\" says "
		                     "what it can: %s (CK_RV 0x%lx)", token->conf.name,
		                     algorithm->family, p11_kit_strerror(rv), rv);
	}
	if (rv != CKR_OK) {
		/* Some libraries do not tell; the token itself will. */
		info = (CK_MECHANISM_INFO){ 0 };
	}
	if (algorithm->bits != 0) {
		return HSM_EOK;
	}
	unsigned min = 0, max = 0;
	dnssec_algorithm_key_size_range(algorithm->number, &min, &max);
	min = (info.ulMinKeySize > min) ? (unsigned)info.ulMinKeySize : min;
	if (info.ulMaxKeySize > 0 && info.ulMaxKeySize < max) {
		max = (unsigned)info.ulMaxKeySize;
	}
	if (order->bits < min || order->bits > max || order->bits % 8 != 0) {
		return hsm_error_set(err, HSM_EALGORITHM, 0, "repository \"%s\": %s keys have from "
		                     "%u to %u bits, in steps of 8, not %lu", token->conf.name,
		                     algorithm->name, min, max, order->bits);
	}
	return HSM_EOK;
}

static int check_capacity(hsm_token_t *token, hsm_error_t *err)
{
	if (token->conf.capacity == 0) {
		return HSM_EOK;
	}
	size_t count;
	int ret = hsm_search_count(token, &count, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	if (count >= token->conf.capacity) {
		return hsm_error_set(err, HSM_ECAPACITY, 0, "repository \"%s\" holds %zu key "
		                     "pairs, and <Capacity> is %zu; remove old keys or raise it",
		                     token->conf.name, count, token->conf.capacity);
	}
	return HSM_EOK;
}

/*! Checks that no key has the CKA_ID. Removes public keys that an interrupted generation left.
 *  \param anew  As hsm_catalog_find(). */
static int clear_id(hsm_token_t *token, const hsm_id_t *id, bool anew, hsm_error_t *err)
{
	hsm_objects_t objects;
	const int ret = hsm_catalog_find(token, id, anew, &objects, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	if (objects.count > 0 && objects.objects[0].class == CKO_PRIVATE_KEY) {
		return hsm_error_set(err, HSM_EEXISTS, 0, "repository \"%s\" has a key of CKA_ID %s "
		                     "already", token->conf.name, id->hex);
	}
	return hsm_catalog_destroy(token, id, &objects, "cannot remove a public key without a private "
	                           "one", err);
}

/*! Removes what a token has made though it failed. YubiHSM's library leaves a key then without its CKA_ID. */
static void clear_failed(const order_t *order)
{
	hsm_objects_t objects = { 0 };
	if (!order->chosen && hsm_search_label(order->token, &order->id, &objects, NULL) == HSM_EOK) {
		(void)hsm_catalog_destroy(order->token, &order->id, &objects, "", NULL);
	}
	hsm_objects_free(&objects);
	(void)clear_id(order->token, &order->id, true, NULL);
}

/*!
 * Writes what the public half shall be.
 * \param curve  NULL: an RSA key.
 * \param lean   Only what is needed. Tokens in clouds refuse CKA_PRIVATE = FALSE, and a TPM takes
 *               CKA_ENCRYPT, and CKA_VERIFY, for a wish to decrypt.
 */
static void write_public(const order_t *order, const hsm_der_t *curve, bool lean, attributes_t *to)
{
	static const uint8_t EXPONENT[] = { 0x01, 0x00, 0x01 };
	attributes_add_flag(to, CKA_TOKEN, !order->token->conf.skip_public_key || curve != NULL);
	attributes_add_id(to, &order->id);
	if (curve != NULL) {
		attributes_add(to, CKA_EC_PARAMS, curve->data, curve->len);
	} else {
		attributes_add(to, CKA_MODULUS_BITS, &order->bits, sizeof(order->bits));
		attributes_add(to, CKA_PUBLIC_EXPONENT, EXPONENT, sizeof(EXPONENT));
	}
	if (!lean) {
		attributes_add_flag(to, CKA_PRIVATE, false);
		attributes_add_flag(to, CKA_VERIFY, true);
		attributes_add_flag(to, CKA_ENCRYPT, false);
		attributes_add_flag(to, CKA_WRAP, false);
	}
}

static CK_RV generate_pair(const order_t *order, const hsm_der_t *curve, bool lean, made_t *made)
{
	hsm_token_t *token = order->token;
	attributes_t private = { .count = 0 }, public = { .count = 0 };
	CK_MECHANISM mechanism = { order->mechanism, NULL, 0 };
	attributes_add_flag(&private, CKA_TOKEN, true);
	attributes_add_private(&private, token->conf.allow_extraction);
	attributes_add_id(&private, &order->id);
	if (order->unsettled && token->conf.folder) {
		attributes_add_flag(&private, HSM_FOLDER_UNSETTLED, true);
	}
	write_public(order, curve, lean, &public);
	return token->library.module->C_GenerateKeyPair(
		token->session, &mechanism, public.list, public.count, private.list,
		private.count, &made->public_key, &made->private_key);
}

/*! \return Whether the token may do it if it is asked in another way: for the curve by another of its
 *          names, or for less. */
static bool is_strange(CK_RV rv)
{
	switch (rv) {
	case CKR_GENERAL_ERROR: /* SoftHSM, tpm2-pkcs11 */
	case CKR_FUNCTION_FAILED:
	case CKR_ARGUMENTS_BAD:
	case CKR_ATTRIBUTE_READ_ONLY:
	case CKR_ATTRIBUTE_TYPE_INVALID:
	case CKR_ATTRIBUTE_VALUE_INVALID:
	case CKR_CURVE_NOT_SUPPORTED:
	case CKR_DOMAIN_PARAMS_INVALID:
	case CKR_TEMPLATE_INCONSISTENT:
		return true;
	default:
		return false;
	}
}

/*! Tries the names that a token may know the curve by. */
static CK_RV generate_curve(const order_t *order, bool lean, made_t *made)
{
	const hsm_der_t *curve = order->algorithm->curve;
	if (curve[0].data == NULL) {
		return generate_pair(order, NULL, lean, made);
	}
	CK_RV rv = CKR_CURVE_NOT_SUPPORTED;
	for (size_t i = 0; i < HSM_CURVE_NAMES && curve[i].data != NULL; i++) {
		rv = generate_pair(order, &curve[i], lean, made);
		if (!is_strange(rv)) {
			break;
		}
	}
	return rv;
}

static CK_RV generate_any(const order_t *order, made_t *made)
{
	CK_RV rv = generate_curve(order, false, made);
	if (is_strange(rv) && clear_id(order->token, &order->id, true, NULL) == HSM_EOK) {
		rv = generate_curve(order, true, made);
	}
	return rv;
}

static int generate_error(const order_t *order, CK_RV rv, hsm_error_t *err)
{
	char what[64];
	(void)snprintf(what, sizeof(what), "cannot generate a key for %s", order->algorithm->name);
	int ret = hsm_rv_error(order->token->conf.name, rv, what, err);
	/* A token may know one of the two Edwards curves; how it refuses the other differs. */
	bool unknown = order->algorithm->key_type == CKK_EC_EDWARDS && is_strange(rv);
	return unknown ? HSM_EALGORITHM : ret;
}

/*! Checks that a token keeps a CKA_ID: some cut it off, and so would find a wrong key by it, or none. */
static int check_id(const order_t *order, const hsm_object_t *object, hsm_error_t *err)
{
	if (hsm_object_has_id(object, &order->id)) {
		return HSM_EOK;
	}
	return hsm_error_set(err, HSM_EDEVICE, 0, "repository \"%s\": the token gave a key another "
	                     "CKA_ID than it was told, of %zu bytes instead of %zu, so it is removed; "
	                     "look for a newer library of the HSM's maker", order->token->conf.name,
	                     object->values[HSM_ID].len, order->id.len);
}

/*! Reads a key pair that was generated. */
static int take(const order_t *order, const made_t *made, hsm_key_t **key, hsm_error_t *err)
{
	hsm_token_t *token = order->token;
	CK_FUNCTION_LIST *module = token->library.module;
	hsm_object_t private = { .handle = made->private_key, .class = CKO_PRIVATE_KEY,
		                 .type = order->algorithm->key_type };
	hsm_object_t public = { .handle = made->public_key, .class = CKO_PUBLIC_KEY,
		                .type = order->algorithm->key_type };
	const hsm_halves_t halves = { &private, &public };
	int ret = HSM_EOK;
	CK_RV rv = hsm_object_read(module, token->session, &private);
	if (rv == CKR_OK) {
		rv = hsm_object_read(module, token->session, &public);
	}
	if (rv != CKR_OK) {
		ret = hsm_rv_error(token->conf.name, rv, "cannot read the key generated", err);
	} else {
		ret = check_id(order, &private, err);
	}
	if (ret == HSM_EOK) {
		ret = check_id(order, &public, err);
	}
	if (ret == HSM_EOK) {
		const hsm_key_made_of_t of = { order->group, order->algorithm, order->id };
		ret = hsm_key_make(&of, token, &halves, key, err);
	}
	hsm_object_free(&private);
	hsm_object_free(&public);
	return ret;
}

static int generate(const order_t *order, hsm_key_t **key, hsm_error_t *err)
{
	hsm_token_t *token = order->token;
	int ret = check_size(order, err);
	if (ret == HSM_EOK) {
		ret = check_capacity(token, err);
	}
	if (ret == HSM_EOK && order->chosen) {
		ret = clear_id(token, &order->id, false, err);
	}
	if (ret != HSM_EOK) {
		return ret;
	}

	made_t made = { CK_INVALID_HANDLE, CK_INVALID_HANDLE };
	tried_make(&token->tried);
	CK_RV rv = generate_any(order, &made);
	if (rv != CKR_OK) {
		clear_failed(order);
		return generate_error(order, rv, err);
	}
	ret = take(order, &made, key, err);
	if (ret != HSM_EOK) {
		token->library.module->C_DestroyObject(token->session, made.private_key);
		token->library.module->C_DestroyObject(token->session, made.public_key);
	} else if (token->conf.skip_public_key && order->algorithm->key_type == CKK_RSA) {
		token->library.module->C_DestroyObject(token->session, made.public_key);
	}
	return ret;
}

static int choose_id(const char *cka_id, hsm_id_t *id, hsm_error_t *err)
{
	if (cka_id != NULL) {
		if (hsm_id_parse(id, cka_id) != HSM_EOK || id->len > ID_CHOSEN_BYTES) {
			return hsm_error_set(err, HSM_ENOKEY, 0, "\"%.80s\" is no CKA_ID of 2 to "
			                     "%d hexadecimal digits", cka_id, 2 * ID_CHOSEN_BYTES);
		}
		return HSM_EOK;
	}
	return hsm_id_random(id, err);
}

int hsm_key_generate(hsm_t *hsm, const hsm_key_spec_t *spec, hsm_key_t **key, hsm_error_t *err)
{
	order_t order = {
		.group = hsm_group(hsm, spec->repository, err),
		.algorithm = hsm_algorithm(spec->algorithm),
		.bits = spec->bits,
		.chosen = spec->cka_id != NULL && !spec->fresh,
		.unsettled = spec->unsettled,
	};
	if (order.group == NULL) {
		return HSM_EREPOSITORY;
	}
	if (order.algorithm == NULL) {
		return hsm_error_set(err, HSM_EALGORITHM, 0, "algorithm %u is not supported",
		                     spec->algorithm);
	}
	int ret = choose_id(spec->cka_id, &order.id, err);
	if (ret == HSM_EOK) {
		ret = hsm_group_lock(order.group, &order.token, err);
	}
	if (ret == HSM_EOK) {
		order.mechanism = hsm_mechanisms_choose(&order.token->mechanisms,
		                                        order.algorithm->generate,
		                                        order.algorithm->generate_else);
		ret = generate(&order, key, err);
		hsm_token_unlock(order.token);
	}
	return ret;
}

int hsm_settle(hsm_t *hsm, const char *repository, hsm_error_t *err)
{
	const hsm_group_t *group = hsm_group(hsm, repository, err);
	int ret = group != NULL ? HSM_EOK : HSM_EREPOSITORY;
	for (size_t i = 0; ret == HSM_EOK && i < group->count; i++) {
		if (group->tokens[i]->conf.folder) {
			ret = hsm_token_settle(group->tokens[i], err);
		}
	}
	return ret;
}

bool hsm_needs_settling(hsm_t *hsm, const char *repository)
{
	const hsm_group_t *group = hsm_group(hsm, repository, NULL);
	bool needs = false;
	for (size_t i = 0; group != NULL && i < group->count; i++) {
		needs |= group->tokens[i]->conf.folder;
	}
	return needs;
}
