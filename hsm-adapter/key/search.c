/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/search.h"

#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/key/reader.h"
#include "hsm-adapter/token/rv.h"

#define FIND_AT_ONCE 1024   /* Handles that one call of the library returns. */
#define OBJECTS_MAX 4000000 /* Some library's search may have no end. */

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

/*! Sorts, and drops what was found twice. What was found as two things is none of them for sure: some libraries look at
 *  a part of the template only, as NetHSM's, which finds keys of all types by any type. */
static void tidy(hsm_objects_t *objects)
{
	size_t kept = 0;
	hsm_objects_sort(objects, hsm_object_by_handle);
	for (size_t i = 0; i < objects->count; i++) {
		const hsm_object_t *object = &objects->objects[i];
		hsm_object_t *last = kept > 0 ? &objects->objects[kept - 1] : NULL;
		if (last == NULL || last->handle != object->handle) {
			objects->objects[kept++] = *object;
		} else if (object->class != last->class ||
		           (object->type != last->type && object->type != HSM_TYPE_UNKNOWN)) {
			last->type = HSM_TYPE_UNKNOWN;
		}
	}
	objects->count = kept;
}

static int find_class(hsm_token_t *token, CK_OBJECT_CLASS class, bool types, hsm_objects_t *objects,
                      hsm_error_t *err)
{
	/* Those that DNSSEC knows; a last search finds all others. */
	static const CK_KEY_TYPE TYPES[] = { CKK_RSA, CKK_EC, CKK_EC_EDWARDS, HSM_TYPE_UNKNOWN };
	const size_t count = sizeof(TYPES) / sizeof(TYPES[0]);
	int ret = HSM_EOK;
	for (size_t i = types ? 0 : count - 1; i < count && ret == HSM_EOK; i++) {
		hsm_object_t like = { .class = class, .type = TYPES[i] };
		CK_ATTRIBUTE template[] = {
			{ CKA_CLASS, &like.class, sizeof(like.class) },
			{ CKA_KEY_TYPE, &like.type, sizeof(like.type) },
		};
		const bool last = like.type == HSM_TYPE_UNKNOWN;
		ret = find(token, template, last ? 1 : 2, &like, objects, err);
		/* A library may refuse to look for a type that it does not know. */
		ret = ret == HSM_EDEVICE && !last ? HSM_EOK : ret;
	}
	return ret;
}

int hsm_search_all(hsm_token_t *token, bool types, hsm_objects_t *objects, hsm_error_t *err)
{
	*objects = (hsm_objects_t){ 0 };
	int ret = find_class(token, CKO_PRIVATE_KEY, types, objects, err);
	if (ret == HSM_EOK) {
		ret = find_class(token, CKO_PUBLIC_KEY, types, objects, err);
	}
	if (ret != HSM_EOK) {
		hsm_objects_free(objects);
		return ret;
	}
	tidy(objects);
	return HSM_EOK;
}

/*! Drops those that have another CKA_ID, or none. \param id  NULL: whichever they have. */
static void keep_id(hsm_objects_t *objects, const hsm_id_t *id)
{
	size_t kept = 0;
	for (size_t i = 0; i < objects->count; i++) {
		hsm_object_t *object = &objects->objects[i];
		if (object->values[HSM_ID].data != NULL && (id == NULL || hsm_object_has_id(object, id))) {
			objects->objects[kept++] = *object;
		} else {
			hsm_object_free(object);
		}
	}
	objects->count = kept;
}

int hsm_search_read(hsm_token_t *token, hsm_objects_t *objects, size_t fresh, hsm_error_t *err)
{
	CK_RV rv = reader_read(token, objects->objects + (objects->count - fresh), fresh);
	if (rv != CKR_OK) {
		hsm_objects_free(objects);
		return hsm_rv_error(token->conf.name, rv, "cannot look for keys", err);
	}
	keep_id(objects, NULL);
	hsm_objects_sort(objects, hsm_object_compare);
	return HSM_EOK;
}

int hsm_search_id(hsm_token_t *token, const hsm_id_t *id, hsm_objects_t *objects,
                  hsm_error_t *err)
{
	/* Something else may have that CKA_ID, a certificate say. */
	const hsm_object_t like = { .type = HSM_TYPE_UNKNOWN };
	CK_ATTRIBUTE template = { CKA_ID, (void *)id->data, id->len };
	*objects = (hsm_objects_t){ 0 };
	int ret = find(token, &template, 1, &like, objects, err);
	if (ret != HSM_EOK) {
		hsm_objects_free(objects);
		return ret;
	}
	ret = hsm_search_read(token, objects, objects->count, err);
	keep_id(objects, id);
	return ret;
}

/*! \return Whether an object has the label. What is found by a template may have another (NetHSM). */
static bool has_label(hsm_token_t *token, CK_OBJECT_HANDLE handle, const char *label)
{
	char own[2 * HSM_ID_MAX];
	CK_ATTRIBUTE attribute = { CKA_LABEL, own, sizeof(own) };
	CK_RV rv = token->library.module->C_GetAttributeValue(token->session, handle, &attribute, 1);
	return rv == CKR_OK && attribute.ulValueLen == strlen(label) &&
	       memcmp(own, label, strlen(label)) == 0;
}

int hsm_search_label(hsm_token_t *token, const hsm_id_t *id, hsm_objects_t *objects, hsm_error_t *err)
{
	const hsm_object_t like = { .class = CKO_PRIVATE_KEY, .type = HSM_TYPE_UNKNOWN };
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, (void *)&like.class, sizeof(like.class) },
		{ CKA_LABEL, (void *)id->hex, strlen(id->hex) },
	};
	size_t kept = 0;
	*objects = (hsm_objects_t){ 0 };
	const int ret = find(token, template, 2, &like, objects, err);
	for (size_t i = 0; ret == HSM_EOK && i < objects->count; i++) {
		if (has_label(token, objects->objects[i].handle, id->hex)) {
			objects->objects[kept++] = objects->objects[i];
		}
	}
	objects->count = kept;
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

void hsm_objects_sort(hsm_objects_t *objects, int (*order)(const void *, const void *))
{
	if (objects->count > 0) {
		qsort(objects->objects, objects->count, sizeof(objects->objects[0]), order);
	}
}

void hsm_objects_free(hsm_objects_t *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		hsm_object_free(&objects->objects[i]);
	}
	free(objects->objects);
	*objects = (hsm_objects_t){ 0 };
}
