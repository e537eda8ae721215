/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "hsm-adapter/token/rv.h"

#define SEARCHES_FIRST 8 /* Look-ups before all is learnt: who needs a few keys does not wait. */
#define TRUSTED_MS 3000  /* Another process may remove keys: what was learnt earlier is checked. */

typedef struct {
	hsm_objects_t known;  /*!< Sorted as by hsm_object_compare(). */
	unsigned long login;  /*!< The token's, when they were learnt. */
	unsigned searches;    /*!< For one CKA_ID each, since that login. */
	bool learnt;          /*!< All objects were, since that login. */
	bool many;            /*!< By the last look at all; a search for each had taken longer. */
	int64_t trusted_ms;   /*!< Until when what is known need not be checked, by monotonic_ms(): many
	                           keys are looked for at once, and one that is there speaks for all. */
	int64_t listing_ms;   /*!< How long the last look at all handles took... */
	int64_t search_ms;    /*!< ...the last search for one CKA_ID... */
	int64_t searched_ms;  /*!< ...and all of these since the look at all. */
} catalog_t;

static void free_catalog(void *arg)
{
	catalog_t *catalog = arg;
	hsm_objects_free(&catalog->known);
	free(catalog);
}

/*! \return The token's catalogue, empty if the login is another one; NULL: out of memory. */
static catalog_t *catalog_of(hsm_token_t *token)
{
	const unsigned long login = atomic_load(&token->login);
	catalog_t *catalog = token->catalog;
	if (catalog == NULL) {
		catalog = calloc(1, sizeof(*catalog));
		token->catalog = catalog;
		token->free_catalog = free_catalog;
	} else if (catalog->login != login) {
		hsm_objects_free(&catalog->known);
		*catalog = (catalog_t){ .searches = 0 };
	}
	if (catalog != NULL) {
		catalog->login = login;
	}
	return catalog;
}

/*! Moves what is known of objects that are listed again. \return How many are not known yet; they
 *  stand last. */
static size_t take_known(hsm_objects_t *known, hsm_objects_t *listed)
{
	size_t k = 0, fresh = 0;
	hsm_object_t *new = listed->count > 0 ? calloc(listed->count, sizeof(*new)) : NULL;
	if (new == NULL) {
		return listed->count;
	}
	size_t old = 0;
	hsm_objects_sort(known, hsm_object_by_handle);
	for (size_t i = 0; i < listed->count; i++) {
		const hsm_object_t *object = &listed->objects[i];
		while (k < known->count && known->objects[k].handle < object->handle) {
			k++;
		}
		hsm_object_t *same = k < known->count && known->objects[k].handle == object->handle
		                     ? &known->objects[k] : NULL;
		if (same != NULL && same->class == object->class &&
		    (same->type == object->type || object->type == HSM_TYPE_UNKNOWN)) {
			listed->objects[old++] = *same;
			memset(same->values, 0, sizeof(same->values));
		} else {
			new[fresh++] = *object;
		}
	}
	memcpy(listed->objects + old, new, fresh * sizeof(*new));
	free(new);
	return fresh;
}

static int learn_once(hsm_token_t *token, catalog_t *catalog, hsm_error_t *err)
{
	hsm_objects_t listed;
	const int64_t begin = monotonic_ms();
	/* What is new since then is little: not many searches for it. */
	int ret = hsm_search_all(token, !catalog->learnt, &listed, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	catalog->listing_ms = monotonic_ms() - begin;
	catalog->searched_ms = 0;
	const size_t fresh = take_known(&catalog->known, &listed);
	hsm_objects_free(&catalog->known);
	/* A key has two objects. */
	catalog->many = (int64_t)fresh / 2 * catalog->search_ms > catalog->listing_ms;
	ret = hsm_search_read(token, &listed, fresh, err);
	catalog->known = listed; /* Nothing, if that failed. */
	catalog->learnt = ret == HSM_EOK;
	return ret;
}

/*! Learns what is new, and forgets what has gone. One that goes while all are read is an error of some libraries (Kryoptic). */
static int learn(hsm_token_t *token, catalog_t *catalog, hsm_error_t *err)
{
	const int ret = learn_once(token, catalog, err);
	return ret == HSM_EDEVICE ? learn_once(token, catalog, err) : ret;
}

/*! Finds the objects of a CKA_ID among those that are known. */
static hsm_objects_t look_up(const catalog_t *catalog, const hsm_id_t *id)
{
	const hsm_objects_t *known = &catalog->known;
	hsm_object_t wanted = { .class = CKO_PRIVATE_KEY };
	wanted.values[HSM_ID] = (hsm_value_t){ (uint8_t *)id->data, id->len };
	size_t low = 0, high = known->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (hsm_object_compare(&known->objects[middle], &wanted) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	hsm_objects_t objects = { known->objects + low, 0 };
	while (low + objects.count < known->count &&
	       hsm_object_same_id(&objects.objects[objects.count], &wanted)) {
		objects.count++;
	}
	return objects;
}

/*! Adds objects of a CKA_ID of which nothing is known. \param objects  Taken over. */
static bool add(catalog_t *catalog, const hsm_id_t *id, hsm_objects_t *objects)
{
	hsm_objects_t *known = &catalog->known;
	hsm_object_t *grown = reallocarray(known->objects, known->count + objects->count,
	                                   sizeof(*grown));
	if (grown == NULL) {
		return false;
	}
	known->objects = grown;
	const size_t at = look_up(catalog, id).objects - grown;
	memmove(grown + at + objects->count, grown + at, (known->count - at) * sizeof(*grown));
	memcpy(grown + at, objects->objects, objects->count * sizeof(*grown));
	known->count += objects->count;
	free(objects->objects);
	return true;
}

static int search(hsm_token_t *token, catalog_t *catalog, const hsm_id_t *id,
                  hsm_objects_t *objects, hsm_error_t *err)
{
	const int64_t begin = monotonic_ms();
	hsm_objects_t found;
	hsm_catalog_forget(token, id);
	const int ret = hsm_search_id(token, id, &found, err);
	catalog->search_ms = monotonic_ms() - begin;
	catalog->searched_ms += catalog->search_ms;
	catalog->searches++;
	if (ret != HSM_EOK) {
		return ret;
	}
	if (found.count == 0) {
		hsm_objects_free(&found); /* There may be room for what was no half of a key. */
	} else if (!add(catalog, id, &found)) {
		hsm_objects_free(&found);
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	*objects = look_up(catalog, id);
	return HSM_EOK;
}

/*! Tells whether a handle is still that of the object which is known by it. */
static bool is_there(hsm_token_t *token, const hsm_object_t *object)
{
	uint8_t id[HSM_ID_MAX];
	CK_ATTRIBUTE attribute = { CKA_ID, id, sizeof(id) };
	const hsm_value_t *known = &object->values[HSM_ID];
	CK_RV rv = token->library.module->C_GetAttributeValue(token->session, object->handle,
	                                                      &attribute, 1);
	return rv == CKR_OK && attribute.ulValueLen == known->len &&
	       memcmp(id, known->data, known->len) == 0;
}

/*! Tells whether to look for one key rather than at all. New keys mostly come many at a time: so if they
 *  did so last, or two searches cost as much as a look at all, that is taken at once; else when searches have
 *  cost as much. */
static bool is_search_worth(const catalog_t *catalog)
{
	return catalog->searches < SEARCHES_FIRST ||
	       (!catalog->many &&
	        catalog->searched_ms + 2 * catalog->search_ms < catalog->listing_ms);
}

int hsm_catalog_find(hsm_token_t *token, const hsm_id_t *id, bool anew, hsm_objects_t *objects,
                     hsm_error_t *err)
{
	catalog_t *catalog = catalog_of(token);
	if (catalog == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	*objects = look_up(catalog, id);
	if (anew) {
		return search(token, catalog, id, objects, err);
	}
	if (objects->count > 0 && monotonic_ms() < catalog->trusted_ms) {
		return HSM_EOK;
	}
	if (objects->count > 0 && is_there(token, &objects->objects[0])) {
		catalog->trusted_ms = monotonic_ms() + TRUSTED_MS;
		return HSM_EOK;
	}
	if (objects->count > 0) {
		/* Its handle may be another key's now, and so may others. */
		hsm_objects_free(&catalog->known);
		catalog->learnt = false;
	}
	if (is_search_worth(catalog)) {
		return search(token, catalog, id, objects, err);
	}
	const int ret = learn(token, catalog, err);
	catalog->trusted_ms = monotonic_ms() + TRUSTED_MS;
	*objects = look_up(catalog, id);
	return ret;
}

bool hsm_catalog_known(const hsm_token_t *token, const hsm_id_t *id, hsm_objects_t *objects)
{
	const catalog_t *catalog = token->catalog;
	if (catalog == NULL || catalog->login != atomic_load(&token->login) ||
	    monotonic_ms() >= catalog->trusted_ms) {
		return false;
	}
	*objects = look_up(catalog, id);
	return objects->count > 0;
}

/*! \return Whether the token does not let an object go, and never will. */
static bool is_refusal(CK_RV rv)
{
	return rv == CKR_ACTION_PROHIBITED || rv == CKR_ATTRIBUTE_READ_ONLY ||
	       rv == CKR_FUNCTION_NOT_SUPPORTED || rv == CKR_FUNCTION_REJECTED;
}

/*! Looks whether the objects have gone: some libraries say so of what they could not remove, as another process writes
 *  (NSS, Kryoptic). \param public  Whether public ones may stay. */
static int check_gone(hsm_token_t *token, const hsm_id_t *id, bool public, const char *what,
                      hsm_error_t *err)
{
	hsm_objects_t left;
	int ret = hsm_search_id(token, id, &left, err);
	for (size_t i = 0; ret == HSM_EOK && i < left.count; i++) {
		if (!public || left.objects[i].class == CKO_PRIVATE_KEY) {
			ret = hsm_error_set(err, HSM_EDEVICE, 0, "repository \"%s\": %s: the token says that "
			                    "it has gone, and it is still there; see what else writes to the "
			                    "token", token->conf.name, what);
		}
	}
	hsm_objects_free(&left);
	return ret;
}

int hsm_catalog_destroy(hsm_token_t *token, const hsm_id_t *id, const hsm_objects_t *objects,
                        const char *what, hsm_error_t *err)
{
	CK_RV rv = CKR_OK;
	bool had_private = false, kept_public = false;
	for (size_t i = 0; rv == CKR_OK && i < objects->count; i++) {
		const hsm_object_t *object = &objects->objects[i];
		rv = token->library.module->C_DestroyObject(token->session, object->handle);
		had_private |= object->class == CKO_PRIVATE_KEY;
		/* Or it has gone with the private one. */
		if (had_private && object->class == CKO_PUBLIC_KEY &&
		    (is_refusal(rv) || rv == CKR_OBJECT_HANDLE_INVALID)) {
			kept_public = true;
			rv = CKR_OK;
		}
	}
	hsm_catalog_forget(token, id);
	if (rv != CKR_OK) {
		return hsm_rv_error(token->conf.name, rv, what, err);
	}
	return objects->count > 0 ? check_gone(token, id, kept_public, what, err) : HSM_EOK;
}

void hsm_catalog_forget(hsm_token_t *token, const hsm_id_t *id)
{
	catalog_t *catalog = token->catalog;
	if (catalog == NULL) {
		return;
	}
	const hsm_objects_t gone = look_up(catalog, id);
	hsm_objects_t *known = &catalog->known;
	for (size_t i = 0; i < gone.count; i++) {
		hsm_object_free(&gone.objects[i]);
	}
	if (gone.count > 0) {
		const hsm_object_t *after = gone.objects + gone.count;
		const size_t left = known->objects + known->count - after;
		memmove(gone.objects, after, left * sizeof(*after));
		known->count -= gone.count;
	}
}

int hsm_catalog_list(hsm_token_t *token, hsm_objects_t *objects, hsm_error_t *err)
{
	catalog_t *catalog = catalog_of(token);
	if (catalog == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	const int ret = learn(token, catalog, err);
	*objects = catalog->known;
	return ret;
}
