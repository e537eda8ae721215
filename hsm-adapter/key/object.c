/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/object.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 520 /* The modulus of RSA 4096, and whatever a token puts before it. */

static const CK_ATTRIBUTE_TYPE TYPES[HSM_VALUES] = {
	[HSM_ID] = CKA_ID,
	[HSM_MODULUS] = CKA_MODULUS,
	[HSM_EXPONENT] = CKA_PUBLIC_EXPONENT,
	[HSM_CURVE] = CKA_EC_PARAMS,
	[HSM_POINT] = CKA_EC_POINT,
};

static bool is_absent(CK_RV rv)
{
	return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE;
}

static bool has_bytes(const CK_ATTRIBUTE *attribute)
{
	return attribute->ulValueLen != 0 && attribute->ulValueLen != CK_UNAVAILABLE_INFORMATION;
}

/*! Reads one attribute of any length. */
static CK_RV read_one(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                      CK_ATTRIBUTE_TYPE type, hsm_value_t *value)
{
	CK_ATTRIBUTE attribute = { type, NULL, 0 };
	CK_RV rv = module->C_GetAttributeValue(session, object, &attribute, 1);
	if (rv != CKR_OK || !has_bytes(&attribute)) {
		return is_absent(rv) ? CKR_OK : rv;
	}
	attribute.pValue = malloc(attribute.ulValueLen);
	if (attribute.pValue == NULL) {
		return CKR_HOST_MEMORY;
	}
	rv = module->C_GetAttributeValue(session, object, &attribute, 1);
	if (rv != CKR_OK || !has_bytes(&attribute)) {
		free(attribute.pValue);
		return is_absent(rv) ? CKR_OK : rv;
	}
	*value = (hsm_value_t){ attribute.pValue, attribute.ulValueLen };
	return CKR_OK;
}

static CK_RV copy(const CK_ATTRIBUTE *attribute, hsm_value_t *value)
{
	if (!has_bytes(attribute) || attribute->ulValueLen > VALUE_MAX) {
		return CKR_OK;
	}
	value->data = malloc(attribute->ulValueLen);
	if (value->data == NULL) {
		return CKR_HOST_MEMORY;
	}
	memcpy(value->data, attribute->pValue, attribute->ulValueLen);
	value->len = attribute->ulValueLen;
	return CKR_OK;
}

/*! Lists the attributes that every object of that kind should have. \return How many */
static size_t expected(const hsm_object_t *object, size_t list[HSM_VALUES])
{
	size_t count = 0;
	list[count++] = HSM_ID;
	if (object->type == CKK_RSA) {
		list[count++] = HSM_MODULUS;
		list[count++] = HSM_EXPONENT;
	} else if (object->type == CKK_EC || object->type == CKK_EC_EDWARDS) {
		list[count++] = HSM_CURVE;
		if (object->class == CKO_PUBLIC_KEY) {
			list[count++] = HSM_POINT;
		}
	}
	return count;
}

/*! Reads class and type. */
static CK_RV read_kind(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, hsm_object_t *object)
{
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &object->class, sizeof(object->class) },
		{ CKA_KEY_TYPE, &object->type, sizeof(object->type) },
	};
	CK_RV rv = module->C_GetAttributeValue(session, object->handle, attributes, 2);
	const bool is_half = object->class == CKO_PRIVATE_KEY || object->class == CKO_PUBLIC_KEY;
	return rv == CKR_OK && !is_half ? CKR_ATTRIBUTE_TYPE_INVALID : rv;
}

static CK_RV read_values(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, hsm_object_t *object)
{
	uint8_t buffers[HSM_VALUES][VALUE_MAX];
	CK_ATTRIBUTE attributes[HSM_VALUES];
	size_t list[HSM_VALUES];
	const size_t count = expected(object, list);
	for (size_t i = 0; i < count; i++) {
		attributes[i] = (CK_ATTRIBUTE){ TYPES[list[i]], buffers[i], VALUE_MAX };
	}
	CK_RV rv = module->C_GetAttributeValue(session, object->handle, attributes, count);
	if (is_absent(rv) || rv == CKR_BUFFER_TOO_SMALL) {
		/* What libraries leave in the other attributes then, differs. */
		rv = CKR_OK;
		for (size_t i = 0; i < count && rv == CKR_OK; i++) {
			rv = read_one(module, session, object->handle, TYPES[list[i]],
			              &object->values[list[i]]);
		}
	} else {
		for (size_t i = 0; i < count && rv == CKR_OK; i++) {
			rv = copy(&attributes[i], &object->values[list[i]]);
		}
	}
	if (rv != CKR_OK) {
		hsm_object_free(object);
	}
	return rv;
}

CK_RV hsm_object_read(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, hsm_object_t *object)
{
	CK_RV rv = object->type == HSM_TYPE_UNKNOWN ? read_kind(module, session, object) : CKR_OK;
	return rv == CKR_OK ? read_values(module, session, object) : rv;
}

CK_RV hsm_object_point(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, hsm_object_t *object)
{
	static const CK_ATTRIBUTE_TYPE HAVE_IT[] = { CKA_EC_POINT, CKA_PUBLIC_KEY_INFO };
	CK_RV rv = CKR_OK;
	for (size_t i = 0; i < 2 && rv == CKR_OK && object->values[HSM_POINT].data == NULL; i++) {
		rv = read_one(module, session, object->handle, HAVE_IT[i],
		              &object->values[HSM_POINT]);
	}
	return rv;
}

void hsm_object_free(hsm_object_t *object)
{
	for (size_t i = 0; i < HSM_VALUES; i++) {
		free(object->values[i].data);
		object->values[i] = (hsm_value_t){ 0 };
	}
}

bool hsm_object_has_id(const hsm_object_t *object, const hsm_id_t *id)
{
	const hsm_value_t *own = &object->values[HSM_ID];
	return own->len == id->len && memcmp(own->data, id->data, id->len) == 0;
}

bool hsm_object_same_id(const hsm_object_t *a, const hsm_object_t *b)
{
	const hsm_value_t *id = &a->values[HSM_ID], *other = &b->values[HSM_ID];
	return id->len == other->len && id->len > 0 && memcmp(id->data, other->data, id->len) == 0;
}

int hsm_object_compare(const void *a, const void *b)
{
	const hsm_object_t *x = a, *y = b;
	const hsm_value_t *id = &x->values[HSM_ID], *other = &y->values[HSM_ID];
	const size_t len = id->len < other->len ? id->len : other->len;
	const int order = len > 0 ? memcmp(id->data, other->data, len) : 0;
	if (order != 0 || id->len != other->len) {
		return order != 0 ? order : id->len < other->len ? -1 : 1;
	}
	return (x->class == CKO_PRIVATE_KEY ? 0 : 1) - (y->class == CKO_PRIVATE_KEY ? 0 : 1);
}

int hsm_object_by_handle(const void *a, const void *b)
{
	const hsm_object_t *x = a, *y = b;
	if (x->handle != y->handle) {
		return x->handle < y->handle ? -1 : 1;
	}
	return (x->type == HSM_TYPE_UNKNOWN ? 1 : 0) - (y->type == HSM_TYPE_UNKNOWN ? 1 : 0);
}
