/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/object.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/token/rv.h"

#define FIND_AT_ONCE 64 /* Handles that one call of the library returns. */

int hsm_id_set(hsm_id_t *id, const uint8_t *data, size_t len)
{
	static const char DIGITS[] = "0123456789abcdef";
	if (len == 0 || len > HSM_ID_MAX) {
		return HSM_ENOKEY;
	}
	memcpy(id->data, data, len);
	id->len = len;
	for (size_t i = 0; i < len; i++) {
		id->hex[2 * i] = DIGITS[data[i] >> 4];
		id->hex[2 * i + 1] = DIGITS[data[i] & 0x0f];
	}
	id->hex[2 * len] = '\0';
	return HSM_EOK;
}

static uint8_t digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

int hsm_id_parse(hsm_id_t *id, const char *hex)
{
	size_t digits = strlen(hex);
	if (digits == 0 || digits % 2 != 0 || digits > 2 * HSM_ID_MAX ||
	    strspn(hex, "0123456789abcdefABCDEF") != digits) {
		return HSM_ENOKEY;
	}
	uint8_t data[HSM_ID_MAX];
	for (size_t i = 0; i < digits / 2; i++) {
		data[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	}
	return hsm_id_set(id, data, digits / 2);
}

static CK_RV append(hsm_objects_t *objects, const CK_OBJECT_HANDLE *handles, size_t count)
{
	CK_OBJECT_HANDLE *grown = reallocarray(objects->handles, objects->count + count,
	                                       sizeof(*grown));
	if (grown == NULL) {
		return CKR_HOST_MEMORY;
	}
	memcpy(grown + objects->count, handles, count * sizeof(*handles));
	objects->handles = grown;
	objects->count += count;
	return CKR_OK;
}

static CK_RV collect(hsm_token_t *token, hsm_objects_t *objects)
{
	CK_OBJECT_HANDLE some[FIND_AT_ONCE];
	for (;;) {
		CK_ULONG count = 0;
		CK_RV rv = token->library.module->C_FindObjects(token->session, some, FIND_AT_ONCE,
		                                                &count);
		if (rv != CKR_OK || count == 0) {
			return rv;
		}
		rv = append(objects, some, count);
		if (rv != CKR_OK) {
			return rv;
		}
	}
}

static int find(hsm_token_t *token, CK_ATTRIBUTE *template, hsm_objects_t *objects,
                hsm_error_t *err)
{
	*objects = (hsm_objects_t){ 0 };
	CK_RV rv = token->library.module->C_FindObjectsInit(token->session, template, 1);
	if (rv == CKR_OK) {
		rv = collect(token, objects);
		CK_RV final = token->library.module->C_FindObjectsFinal(token->session);
		rv = (rv != CKR_OK) ? rv : final;
	}
	if (rv != CKR_OK) {
		free(objects->handles);
		*objects = (hsm_objects_t){ 0 };
		return hsm_rv_error(token->conf.name, rv, "cannot look for keys", err);
	}
	return HSM_EOK;
}

int hsm_objects_find(hsm_token_t *token, CK_OBJECT_CLASS class, hsm_objects_t *objects,
                     hsm_error_t *err)
{
	CK_ATTRIBUTE template = { CKA_CLASS, &class, sizeof(class) };
	return find(token, &template, objects, err);
}

/*! Puts one of the objects found where it belongs. */
static CK_RV sort_in(hsm_token_t *token, CK_OBJECT_HANDLE object, hsm_pair_t *pair)
{
	CK_ULONG class = 0;
	CK_RV rv = hsm_object_number(token, object, CKA_CLASS, &class);
	if (rv == CKR_OK && class == CKO_PRIVATE_KEY) {
		rv = append(&pair->private_keys, &object, 1);
	} else if (rv == CKR_OK && class == CKO_PUBLIC_KEY) {
		rv = append(&pair->public_keys, &object, 1);
	}
	return rv;
}

int hsm_pair_find(hsm_token_t *token, const hsm_id_t *id, hsm_pair_t *pair, hsm_error_t *err)
{
	CK_ATTRIBUTE template = { CKA_ID, (void *)id->data, id->len };
	hsm_objects_t objects;
	*pair = (hsm_pair_t){ 0 };
	int ret = find(token, &template, &objects, err);
	for (size_t i = 0; ret == HSM_EOK && i < objects.count; i++) {
		CK_RV rv = sort_in(token, objects.handles[i], pair);
		if (rv != CKR_OK) {
			ret = hsm_rv_error(token->conf.name, rv, "cannot look for keys", err);
		}
	}
	free(objects.handles);
	if (ret != HSM_EOK) {
		hsm_pair_free(pair);
	}
	return ret;
}

void hsm_pair_free(hsm_pair_t *pair)
{
	free(pair->private_keys.handles);
	free(pair->public_keys.handles);
	*pair = (hsm_pair_t){ 0 };
}

CK_RV hsm_object_value(hsm_token_t *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                       hsm_value_t *value)
{
	CK_FUNCTION_LIST *module = token->library.module;
	CK_ATTRIBUTE attribute = { type, NULL, 0 };
	*value = (hsm_value_t){ 0 };

	CK_RV rv = module->C_GetAttributeValue(token->session, object, &attribute, 1);
	if (rv != CKR_OK) {
		return rv;
	}
	if (attribute.ulValueLen == 0 || attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION) {
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}

	attribute.pValue = malloc(attribute.ulValueLen);
	if (attribute.pValue == NULL) {
		return CKR_HOST_MEMORY;
	}
	rv = module->C_GetAttributeValue(token->session, object, &attribute, 1);
	if (rv == CKR_OK && (attribute.ulValueLen == 0 ||
	                     attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION)) {
		rv = CKR_ATTRIBUTE_TYPE_INVALID;
	}
	if (rv != CKR_OK) {
		free(attribute.pValue);
		return rv;
	}
	value->data = attribute.pValue;
	value->len = attribute.ulValueLen;
	return CKR_OK;
}

CK_RV hsm_object_number(hsm_token_t *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                        CK_ULONG *number)
{
	CK_ATTRIBUTE attribute = { type, number, sizeof(*number) };
	CK_RV rv = token->library.module->C_GetAttributeValue(token->session, object, &attribute,
	                                                      1);
	if (rv == CKR_OK && attribute.ulValueLen != sizeof(*number)) {
		rv = CKR_ATTRIBUTE_TYPE_INVALID;
	}
	return rv;
}
