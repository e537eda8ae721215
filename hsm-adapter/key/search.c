/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/search.h"

#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/token/rv.h"

#define FIND_AT_ONCE 1024   /* Handles that one call of the library returns. */
#define OBJECTS_MAX 4000000 /* Some library's search may have no end. */

/*! Searches are for the types of key that DNSSEC knows, and a last one finds all others. */
#define OTHER_TYPE HSM_TYPE_UNKNOWN

static CK_RV append(hsm_objects_t *objects, const CK_OBJECT_HANDLE *handles, size_t count,
                    const hsm_object_t *like)
{
	hsm_object_t *grown = reallocarray(objects->objects, objects->count + count,
	                                   sizeof(*grown));
	if (grown == NULL) {
		return CKR_HOST_MEMORY;
	}
	objects->objects = grown;
	for (size_t i = 0; i < count; i++) {
		grown[objects->count] = *like;
		grown[objects->count++].handle = handles[i];
	}
	return CKR_OK;
}

static CK_RV collect(hsm_token_t *token, hsm_objects_t *objects, const hsm_object_t *like)
{
	CK_OBJECT_HANDLE some[FIND_AT_ONCE];
	for (const size_t end = objects->count + OBJECTS_MAX;;) {
		CK_ULONG count = 0;
		CK_RV rv = token->library.module->C_FindObjects(token->session, some, FIND_AT_ONCE,
		                                                &count);
		if (rv != CKR_OK || count == 0) {
			return rv;
		}
		if (count > FIND_AT_ONCE || objects->count > end) {
			return CKR_FUNCTION_FAILED;
		}
		rv = append(objects, some, count, like);
		if (rv != CKR_OK) {
			return rv;
		}
	}
}

/*! Adds the objects that fit a template. \param like  What is known of them. */
static int find(hsm_token_t *token, CK_ATTRIBUTE *template, CK_ULONG length,
                const hsm_object_t *like, hsm_objects_t *objects, hsm_error_t *err)
{
	CK_FUNCTION_LIST *module = token->library.module;
	CK_RV rv = module->C_FindObjectsInit(token->session, template, length);
	if (rv == CKR_OK) {
		rv = collect(token, objects, like);
		CK_RV final = module->C_FindObjectsFinal(token->session);
		rv = (rv != CKR_OK) ? rv : final;
	}
	return rv == CKR_OK ? HSM_EOK
	                    : hsm_rv_error(token->conf.name, rv, "cannot look for keys", err);
}

static int by_handle(const void *a, const void *b)
{
	const hsm_object_t *x = a, *y = b;
	if (x->handle != y->handle) {
		return x->handle < y->handle ? -1 : 1;
	}
	return (x->type == OTHER_TYPE ? 1 : 0) - (y->type == OTHER_TYPE ? 1 : 0);
}

/*! Sorts, and of what was found twice drops that of which less is known. */
static void tidy(hsm_objects_t *objects)
{
	size_t kept = 0;
	if (objects->count > 0) {
		qsort(objects->objects, objects->count, sizeof(objects->objects[0]), by_handle);
	}
	for (size_t i = 0; i < objects->count; i++) {
		if (kept == 0 || objects->objects[kept - 1].handle != objects->objects[i].handle) {
			objects->objects[kept++] = objects->objects[i];
		}
	}
	objects->count = kept;
}

static int find_class(hsm_token_t *token, CK_OBJECT_CLASS class, hsm_objects_t *objects,
                      hsm_error_t *err)
{
	static const CK_KEY_TYPE TYPES[] = { CKK_RSA, CKK_EC, CKK_EC_EDWARDS, OTHER_TYPE };
	int ret = HSM_EOK;
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]) && ret == HSM_EOK; i++) {
		hsm_object_t like = { .class = class, .type = TYPES[i] };
		CK_ATTRIBUTE template[] = {
			{ CKA_CLASS, &like.class, sizeof(like.class) },
			{ CKA_KEY_TYPE, &like.type, sizeof(like.type) },
		};
		const bool last = like.type == OTHER_TYPE;
		ret = find(token, template, last ? 1 : 2, &like, objects, err);
		/* A library may refuse to look for a type that it does not know. */
		ret = ret == HSM_EDEVICE && !last ? HSM_EOK : ret;
	}
	return ret;
}

int hsm_search_all(hsm_token_t *token, hsm_objects_t *objects, hsm_error_t *err)
{
	*objects = (hsm_objects_t){ 0 };
	int ret = find_class(token, CKO_PRIVATE_KEY, objects, err);
	if (ret == HSM_EOK) {
		ret = find_class(token, CKO_PUBLIC_KEY, objects, err);
	}
	if (ret != HSM_EOK) {
		hsm_objects_free(objects);
		return ret;
	}
	tidy(objects);
	return HSM_EOK;
}

/*! Reads an object that was found. \return CK_RV; its class is 0 if it is no half of a key pair */
static CK_RV read_found(hsm_token_t *token, hsm_object_t *object)
{
	CK_FUNCTION_LIST *module = token->library.module;
	CK_RV rv = hsm_object_kind(module, token->session, object);
	if (rv == CKR_OK && object->class != CKO_PRIVATE_KEY && object->class != CKO_PUBLIC_KEY) {
		rv = CKR_ATTRIBUTE_TYPE_INVALID;
	}
	if (rv == CKR_OK) {
		rv = hsm_object_read(module, token->session, object);
	}
	/* Something else has that CKA_ID, a certificate say, or the object has gone meanwhile. */
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_OBJECT_HANDLE_INVALID) {
		object->class = 0;
		return CKR_OK;
	}
	return rv;
}

static CK_RV read_all_found(hsm_token_t *token, hsm_objects_t *objects)
{
	size_t kept = 0;
	CK_RV rv = CKR_OK;
	for (size_t i = 0; i < objects->count && rv == CKR_OK; i++) {
		hsm_object_t object = objects->objects[i];
		rv = read_found(token, &object);
		if (rv == CKR_OK && object.class != 0) {
			objects->objects[kept++] = object;
		}
	}
	objects->count = kept;
	return rv;
}

int hsm_search_id(hsm_token_t *token, const hsm_id_t *id, hsm_objects_t *objects,
                  hsm_error_t *err)
{
	const hsm_object_t like = { .handle = CK_INVALID_HANDLE };
	CK_ATTRIBUTE template = { CKA_ID, (void *)id->data, id->len };
	*objects = (hsm_objects_t){ 0 };
	int ret = find(token, &template, 1, &like, objects, err);
	if (ret == HSM_EOK) {
		CK_RV rv = read_all_found(token, objects);
		ret = rv == CKR_OK ? HSM_EOK
		      : hsm_rv_error(token->conf.name, rv, "cannot look for keys", err);
	}
	if (ret == HSM_EOK && objects->count > 0) {
		qsort(objects->objects, objects->count, sizeof(objects->objects[0]),
		      hsm_object_compare);
	}
	if (ret != HSM_EOK) {
		hsm_objects_free(objects);
	}
	return ret;
}

int hsm_search_count(hsm_token_t *token, size_t *count, hsm_error_t *err)
{
	hsm_object_t like = { .class = CKO_PRIVATE_KEY };
	CK_ATTRIBUTE template = { CKA_CLASS, &like.class, sizeof(like.class) };
	hsm_objects_t objects = { 0 };
	const int ret = find(token, &template, 1, &like, &objects, err);
	*count = objects.count;
	free(objects.objects);
	return ret;
}

void hsm_objects_free(hsm_objects_t *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		hsm_object_free(&objects->objects[i]);
	}
	free(objects->objects);
	*objects = (hsm_objects_t){ 0 };
}
