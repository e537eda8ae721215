/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdnssec/error.h>

#include "common/fnv1a.h"
#include "hsm-adapter/key/catalog.h"
#include "hsm-adapter/token/rv.h"
#include "hsm-adapter/token/tokens.h"

/*! \return How many private keys there are; they stand first. */
static size_t count_private(const hsm_objects_t *objects)
{
	size_t count = 0;
	while (count < objects->count && objects->objects[count].class == CKO_PRIVATE_KEY) {
		count++;
	}
	return count;
}

/*! Looks for the objects of a CKA_ID. If there are none, the token is asked for just these, as a library may keep its list
 *  of all, or learn of a CKA_ID only while it searches (YubiHSM), and once more with the library started anew. */
static int find_objects(hsm_token_t *token, const hsm_id_t *id, bool anew, hsm_objects_t *objects,
                        hsm_error_t *err)
{
	int ret = hsm_catalog_find(token, id, anew, objects, err);
	if (ret == HSM_EOK && objects->count == 0 && !anew) {
		ret = hsm_catalog_find(token, id, true, objects, err);
	}
	if (ret != HSM_EOK || objects->count > 0) {
		return ret;
	}
	ret = hsm_token_restart(token, HSM_FOR_KEY, err);
	if (ret == HSM_EOK) {
		ret = hsm_catalog_find(token, id, true, objects, err);
		hsm_token_restarted(token, HSM_FOR_KEY, ret == HSM_EOK && objects->count > 0);
	}
	return ret == HSM_ENOKEY ? HSM_EOK : ret;
}

/*! \param objects  One private key, and what else has its CKA_ID. */
static hsm_halves_t halves_of(const hsm_objects_t *objects)
{
	/* Of two public keys, neither can be known to be the right one. */
	return (hsm_halves_t){ &objects->objects[0],
	                       objects->count == 2 ? &objects->objects[1] : NULL };
}

/*! Tells whether the point has to be asked for at the private half. */
static bool needs_point(const hsm_halves_t *halves)
{
	return halves->public_key == NULL && halves->private_key->type != CKK_RSA;
}

/*! \param anew  As hsm_catalog_find(). \param halves  Borrowed until the next look-up. */
static int find_halves(hsm_token_t *token, const hsm_id_t *id, bool anew, hsm_halves_t *halves,
                       hsm_error_t *err)
{
	hsm_objects_t objects;
	int ret = find_objects(token, id, anew, &objects, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	const size_t privates = count_private(&objects);
	if (privates != 1) {
		return hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": %s private key has the "
		                     "CKA_ID %s", token->conf.name,
		                     privates == 0 ? "no" : "more than one", id->hex);
	}
	*halves = halves_of(&objects);
	if (needs_point(halves)) {
		CK_RV rv = hsm_object_point(token->library.module, token->session,
		                            &objects.objects[0]);
		if (rv != CKR_OK) {
			return hsm_rv_error(token->conf.name, rv, "cannot read a key", err);
		}
	}
	return HSM_EOK;
}

/*! Checks the public half: after a loss, the CKA_ID may be another key's, and signatures bogus. */
static int check_same(const hsm_key_t *key, const hsm_token_t *token, const hsm_halves_t *halves,
                      hsm_error_t *err)
{
	hsm_public_t public = { .bits = 0 };
	int ret = hsm_public_make(token->conf.name, &key->id, halves, key->algorithm, &public, err);
	if (ret == HSM_EOK && dnssec_binary_cmp(&public.key, &key->public.key) != 0) {
		ret = hsm_error_set(err, HSM_ENOKEY, 0, key->group->count > 1
		                    ? "repository \"%s\": the key with the CKA_ID %s is another one "
		                      "than in the other replicas; copy the right one there"
		                    : "repository \"%s\": the key with the CKA_ID %s is another one "
		                      "now; restore the old one, or load the keys anew",
		                    token->conf.name, key->id.hex);
	}
	dnssec_binary_free(&public.key);
	return ret;
}

hsm_copy_t *hsm_key_copy(const hsm_key_t *key, const hsm_token_t *token)
{
	size_t i = 0;
	while (i < key->group->count && key->group->tokens[i] != token) {
		i++;
	}
	/* A cache, no visible part of the key; hence the cast. */
	return i < key->group->count ? (hsm_copy_t *)&key->copies[i] : NULL;
}

void hsm_key_suspect(const hsm_key_t *key, hsm_token_t *token, int code, const hsm_error_t *err)
{
	const bool replica = key->group->count > 1;
	tried_key_t suspect = tried_key(key->id.hex, key->algorithm->number);
	if (replica) {
		suspect.public = fnv1a(key->public.key.data, key->public.key.size);
	}
	tried_suspect(&token->tried, &suspect, replica && code == HSM_ENOKEY ? HSM_EDEVICE : code,
	              err);
}

static void set_handle(hsm_copy_t *copy, const hsm_halves_t *halves)
{
	/* If a thread reads the same login before and after the handle, the handle is of that
	 * login. */
	atomic_store(&copy->login, 0);
	atomic_store(&copy->handle, halves->private_key->handle);
	atomic_store(&copy->login, atomic_load(&copy->token->login));
}

/*! Chooses how to sign, for a token that is connected. */
static void choose_mechanism(hsm_copy_t *copy, const hsm_algorithm_t *algorithm)
{
	const hsm_mechanisms_t *list = &copy->token->mechanisms;
	atomic_store(&copy->mechanism, hsm_mechanisms_choose(list, algorithm->sign,
	                                                     algorithm->sign_data));
	atomic_store(&copy->other, hsm_mechanisms_choose(list, HSM_MECHANISM_NONE,
	                                                 algorithm->sign_data));
}

int hsm_key_locate(const hsm_key_t *key, hsm_copy_t *copy, hsm_error_t *err)
{
	hsm_halves_t halves;
	hsm_token_t *token = copy->token;
	/* A handle of this login that is of no use is not to be found again. */
	const unsigned long login = atomic_load(&copy->login);
	int ret = find_halves(token, &key->id, login == atomic_load(&token->login), &halves, err);
	if (ret == HSM_EOK) {
		ret = check_same(key, token, &halves, err);
	}
	if (ret == HSM_EOK && login == 0) {
		choose_mechanism(copy, key->algorithm);
	}
	if (ret == HSM_EOK) {
		set_handle(copy, &halves);
	}
	return ret;
}

int hsm_key_make(const hsm_key_made_of_t *of, hsm_token_t *token, const hsm_halves_t *halves,
                 hsm_key_t **key, hsm_error_t *err)
{
	const size_t count = of->group->count;
	hsm_key_t *made = calloc(1, sizeof(*made) + count * sizeof(made->copies[0]));
	if (made == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	atomic_init(&made->users, 1);
	made->group = of->group;
	made->algorithm = of->algorithm;
	made->id = of->id;
	for (size_t i = 0; i < count; i++) {
		made->copies[i].token = of->group->tokens[i];
	}
	if (count == 1) {
		choose_mechanism(&made->copies[0], of->algorithm);
		set_handle(&made->copies[0], halves);
	}
	int ret = hsm_public_make(token->conf.name, &of->id, halves, of->algorithm, &made->public,
	                          err);
	if (ret != HSM_EOK) {
		hsm_key_free(made);
		return ret;
	}
	*key = made;
	return HSM_EOK;
}

bool hsm_key_find_known(const hsm_key_made_of_t *of, hsm_token_t *token, bool wait, hsm_key_t **key)
{
	hsm_objects_t objects;
	bool found = false;
	if (!hsm_token_lock_known(token, wait)) {
		return false;
	}
	if (hsm_catalog_known(token, &of->id, &objects) && count_private(&objects) == 1) {
		const hsm_halves_t halves = halves_of(&objects);
		found = !needs_point(&halves) && hsm_key_make(of, token, &halves, key, NULL) == HSM_EOK;
	}
	hsm_token_unlock_known(token);
	return found;
}

int hsm_key_find_in(const hsm_key_made_of_t *of, hsm_token_t *token, hsm_key_t **key,
                    hsm_error_t *err)
{
	if (hsm_key_find_known(of, token, true, key)) {
		return HSM_EOK;
	}
	int ret = hsm_token_lock(token, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	hsm_halves_t halves;
	ret = find_halves(token, &of->id, false, &halves, err);
	if (ret == HSM_EOK) {
		ret = hsm_key_make(of, token, &halves, key, err);
	}
	if (ret != HSM_EOK) {
		hsm_catalog_forget(token, &of->id); /* It may have been written but in part. */
	}
	hsm_token_unlock(token);
	if (ret != HSM_EOK && ret != HSM_ENOKEY) {
		const tried_key_t suspect = tried_key(of->id.hex, of->algorithm->number);
		tried_suspect(&token->tried, &suspect, ret, err);
	}
	return ret;
}

void hsm_key_note_worse(int *ret, hsm_error_t *err, int failed, const hsm_error_t *why)
{
	if (*ret == HSM_EOK || (*ret == HSM_ENOKEY && failed != HSM_ENOKEY)) {
		*ret = failed;
		if (err != NULL) {
			*err = *why;
		}
	}
}

static int remove_pair(hsm_token_t *token, const hsm_id_t *id, hsm_error_t *err)
{
	hsm_objects_t objects;
	const int ret = hsm_catalog_find(token, id, true, &objects, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	if (objects.count == 0) {
		hsm_catalog_forget(token, id);
		return hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": no key has the CKA_ID %s",
		                     token->conf.name, id->hex);
	}
	/* Private keys come first: if a later step fails, the next try finds the rest. */
	char what[2 * HSM_ID_MAX + 64];
	(void)snprintf(what, sizeof(what), "cannot remove key %s", id->hex);
	return hsm_catalog_destroy(token, id, &objects, what, err);
}

int hsm_key_remove(hsm_t *hsm, const char *repository, const char *cka_id, hsm_error_t *err)
{
	const hsm_group_t *group = hsm_group(hsm, repository, err);
	if (group == NULL) {
		return HSM_EREPOSITORY;
	}
	hsm_id_t id;
	bool was_there = false;
	int ret = hsm_id_read(&id, repository, cka_id, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	for (size_t i = 0; i < group->count; i++) {
		hsm_error_t why;
		int removed = hsm_token_lock(group->tokens[i], &why);
		if (removed == HSM_EOK) {
			removed = remove_pair(group->tokens[i], &id, &why);
			hsm_token_unlock(group->tokens[i]);
		}
		was_there |= removed == HSM_EOK;
		if (removed != HSM_EOK) {
			hsm_key_note_worse(&ret, err, removed, &why);
		}
	}
	return ret == HSM_ENOKEY && was_there ? HSM_EOK : ret;
}

/*! A key of a list. It is read under the lock, but cb is called without: it may use the token. */
typedef struct {
	hsm_id_t id;
	hsm_key_info_t info;
} entry_t;

static void read_entry(const hsm_halves_t *halves, entry_t *entry)
{
	const hsm_value_t *id = &halves->private_key->values[HSM_ID];
	(void)hsm_id_set(&entry->id, id->data, id->len);
	const hsm_algorithm_t *kind = hsm_public_kind(halves);
	entry->info.type = kind != NULL ? kind->family : "other";
	entry->info.algorithm = kind != NULL ? kind->number : 0;
	entry->info.bits = kind != NULL ? kind->bits : 0;
	const hsm_value_t *modulus = hsm_public_value(halves, HSM_MODULUS);
	if (kind != NULL && kind->key_type == CKK_RSA && modulus != NULL) {
		entry->info.bits = hsm_public_bits(modulus);
	}
}

static int read_entries(hsm_token_t *token, entry_t **entries, size_t *count, hsm_error_t *err)
{
	hsm_objects_t objects;
	int ret = hsm_catalog_list(token, &objects, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	*entries = calloc(objects.count + 1, sizeof(**entries));
	if (*entries == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	*count = 0;
	for (size_t i = 0; i < objects.count; i++) {
		const hsm_object_t *object = &objects.objects[i];
		const hsm_object_t *next = i + 1 < objects.count ? object + 1 : NULL;
		const bool pair = next != NULL && next->class == CKO_PUBLIC_KEY &&
		                  hsm_object_same_id(object, next);
		if (object->class == CKO_PRIVATE_KEY) {
			const hsm_halves_t halves = { object, pair ? next : NULL };
			read_entry(&halves, &(*entries)[(*count)++]);
		}
	}
	return HSM_EOK;
}

int hsm_key_list(hsm_t *hsm, const char *repository, hsm_key_list_f cb, void *ctx,
                 hsm_error_t *err)
{
	const hsm_group_t *group = hsm_group(hsm, repository, err);
	if (group == NULL) {
		return HSM_EREPOSITORY;
	}
	hsm_token_t *token = NULL;
	int ret = hsm_group_lock(group, &token, err);
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

hsm_key_t *hsm_key_use(hsm_key_t *key)
{
	atomic_fetch_add(&key->users, 1);
	return key;
}

void hsm_key_free(hsm_key_t *key)
{
	if (key != NULL && atomic_fetch_sub(&key->users, 1) == 1) {
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
		                     key->group->name, key->id.hex, key->algorithm->name,
		                     dnssec_strerror(ret));
	}
	*dnskey = made;
	return HSM_EOK;
}
