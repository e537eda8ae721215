/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/folder/objects.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "hsm-adapter/folder/pair.h"
#include "hsm-adapter/folder/session.h"
#include "hsm-adapter/repository.h"

/* A handle is twice the number of a key, plus one for the public half, plus two: 1 is the secret key by which
 * a session wraps others. */
#define SECRET_HANDLE 1
#define FIRST_HANDLE 2

static CK_OBJECT_HANDLE handle_of(size_t number, bool public)
{
	return FIRST_HANDLE + 2 * (CK_OBJECT_HANDLE)number + (public ? 1 : 0);
}

static bool is_public(CK_OBJECT_HANDLE object)
{
	return (object - FIRST_HANDLE) % 2 == 1;
}

static size_t number_of(CK_OBJECT_HANDLE object)
{
	return object >= FIRST_HANDLE ? (object - FIRST_HANDLE) / 2 : SIZE_MAX;
}

static const CK_ATTRIBUTE *attribute(const CK_ATTRIBUTE *template, CK_ULONG count,
                                     CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < count; i++) {
		if (template[i].type == type && template[i].pValue != NULL) {
			return &template[i];
		}
	}
	return NULL;
}

/*! \return A number among the attributes; none if it is not there. */
static CK_ULONG value_of(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
                         CK_ULONG none)
{
	const CK_ATTRIBUTE *found = attribute(template, count, type);
	CK_ULONG value = none;
	if (found != NULL && found->ulValueLen == sizeof(value)) {
		memcpy(&value, found->pValue, sizeof(value));
	}
	return value;
}

/*! Reads the CKA_ID among the attributes, as a file is named by it. */
static CK_RV id_of(const CK_ATTRIBUTE *template, CK_ULONG count, char id[2 * FILE_ID_MAX + 1])
{
	static const char DIGITS[] = "0123456789abcdef";
	const CK_ATTRIBUTE *found = attribute(template, count, CKA_ID);
	if (found == NULL || found->ulValueLen == 0) {
		return CKR_TEMPLATE_INCOMPLETE;
	}
	if (found->ulValueLen > FILE_ID_MAX) {
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	const uint8_t *bytes = found->pValue;
	for (size_t i = 0; i < found->ulValueLen; i++) {
		id[2 * i] = DIGITS[bytes[i] >> 4];
		id[2 * i + 1] = DIGITS[bytes[i] & 15];
	}
	id[2 * found->ulValueLen] = '\0';
	return CKR_OK;
}

/*** Finding. ***/

/*! A search. */
typedef struct {
	session_t *session;
	CK_OBJECT_CLASS class; /*!< CK_UNAVAILABLE_INFORMATION: both halves. */
} search_t;

static CK_RV add(const search_t *search, size_t number, bool public)
{
	session_t *session = search->session;
	const CK_OBJECT_CLASS class = public ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY;
	if (search->class != CK_UNAVAILABLE_INFORMATION && search->class != class) {
		return CKR_OK;
	}
	if (session->found_count == session->found_room) {
		const size_t room = session->found_room > 0 ? 2 * session->found_room : 64;
		CK_OBJECT_HANDLE *grown = reallocarray(session->found, room, sizeof(*grown));
		if (grown == NULL) {
			return CKR_HOST_MEMORY;
		}
		session->found = grown;
		session->found_room = room;
	}
	session->found[session->found_count++] = handle_of(number, public);
	return CKR_OK;
}

static CK_RV add_both(const search_t *search, size_t number)
{
	CK_RV rv = add(search, number, false);
	return rv == CKR_OK ? add(search, number, true) : rv;
}

static CK_RV add_seen(void *ctx, const char *id)
{
	const search_t *search = ctx;
	size_t number;
	CK_RV rv = shelf_seen(&search->session->folder->shelf, id, &number);
	return rv == CKR_OK ? add_both(search, number) : rv;
}

CK_RV folder_find_init(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG count)
{
	session_t *session = session_of(handle);
	folder_t *folder = session->folder;
	search_t search = { session, value_of(template, count, CKA_CLASS,
	                                      CK_UNAVAILABLE_INFORMATION) };
	char id[2 * FILE_ID_MAX + 1];
	size_t number;
	session->found_count = session->given = 0;
	if (attribute(template, count, CKA_KEY_TYPE) != NULL) {
		return CKR_ATTRIBUTE_TYPE_INVALID; /* That is in the files; each would have to be read. */
	}
	if (attribute(template, count, CKA_ID) == NULL) {
		return file_each(folder->fd, add_seen, &search);
	}
	if (id_of(template, count, id) != CKR_OK) {
		return CKR_OK; /* No key has such a one. */
	}
	CK_RV rv = shelf_find(&folder->shelf, id, &number);
	return rv == CKR_OK ? add_both(&search, number)
	       : rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;
}

CK_RV folder_find(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *count)
{
	session_t *session = session_of(handle);
	const size_t left = session->found_count - session->given;
	*count = left < max ? left : max;
	if (*count > 0) {
		memcpy(objects, session->found + session->given, *count * sizeof(*objects));
	}
	session->given += *count;
	return CKR_OK;
}

CK_RV folder_find_final(CK_SESSION_HANDLE handle)
{
	session_t *session = session_of(handle);
	free(session->found);
	session->found = NULL;
	session->found_count = session->found_room = session->given = 0;
	return CKR_OK;
}

/*** Attributes. ***/

/*! Copies a value as C_GetAttributeValue() does. */
static CK_RV give(CK_ATTRIBUTE *to, const void *value, size_t len)
{
	if (len == 0) {
		to->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
	if (to->pValue != NULL && to->ulValueLen < len) {
		to->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	if (to->pValue != NULL) {
		memcpy(to->pValue, value, len);
	}
	to->ulValueLen = len;
	return CKR_OK;
}

static CK_RV give_id(CK_ATTRIBUTE *to, const char *id)
{
	uint8_t bytes[FILE_ID_MAX];
	const size_t len = strlen(id) / 2;
	for (size_t i = 0; i < len; i++) {
		const char digits[3] = { id[2 * i], id[2 * i + 1], '\0' };
		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return give(to, bytes, len);
}

/*! An object whose attributes are asked for. */
typedef struct {
	folder_t *folder;
	CK_OBJECT_HANDLE handle;
	char id[2 * FILE_ID_MAX + 1];
	EVP_PKEY *pair; /*!< The public half; NULL: it was not read yet. */
} asked_t;

static CK_RV give_attribute(asked_t *asked, CK_ATTRIBUTE *to)
{
	const CK_OBJECT_CLASS class = is_public(asked->handle) ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY;
	uint8_t value[PAIR_VALUE_MAX];
	switch (to->type) {
	case CKA_ID:
		return give_id(to, asked->id);
	case CKA_LABEL:
		return give(to, asked->id, strlen(asked->id));
	case CKA_CLASS:
		return give(to, &class, sizeof(class));
	default:
		break;
	}
	if (asked->pair == NULL) {
		CK_RV rv = shelf_public(&asked->folder->shelf, number_of(asked->handle),
		                        &asked->pair);
		if (rv != CKR_OK) {
			return rv;
		}
	}
	return give(to, value, pair_attribute(asked->pair, to->type, value));
}

CK_RV folder_get_attributes(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
                            CK_ULONG count)
{
	asked_t asked = { .folder = session_of(handle)->folder, .handle = object };
	CK_RV rv = shelf_id(&asked.folder->shelf, number_of(object), asked.id);
	CK_RV first = rv;
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		const CK_RV one = give_attribute(&asked, &template[i]);
		first = first == CKR_OK ? one : first;
	}
	EVP_PKEY_free(asked.pair);
	return first;
}

/*** Making. ***/

/*! \return The kind of a key of that type, on the curve among the attributes; NULL: none that is known. */
static const pair_kind_t *kind_of(CK_KEY_TYPE type, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	const CK_ATTRIBUTE *curve = attribute(template, count, CKA_EC_PARAMS);
	return pair_kind_of(type, curve != NULL ? curve->pValue : NULL,
	                    curve != NULL ? curve->ulValueLen : 0);
}

/*! What the pair to be added is. */
typedef struct {
	EVP_PKEY *pair; /*!< Freed. */
	CK_RV unmade;   /*!< What it means if there is none. */
	bool settle;    /*!< As in file_write(). */
} new_pair_t;

static CK_RV add_pair(session_t *session, const char *id, const new_pair_t *new, size_t *number)
{
	folder_t *folder = session->folder;
	CK_RV rv = new->pair != NULL ? folder_is_open(folder) : new->unmade;
	if (rv == CKR_OK) {
		rv = file_write(folder->fd, id, folder_passphrase(folder), new->pair,
		                new->settle);
	}
	if (rv == CKR_OK) {
		rv = shelf_find(&folder->shelf, id, number);
	}
	if (rv == CKR_OK) {
		shelf_keep(&folder->shelf, *number, new->pair, true);
	}
	EVP_PKEY_free(new->pair);
	return rv;
}

CK_RV folder_generate_pair(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_ATTRIBUTE *of_public,
                           CK_ULONG public_count, CK_ATTRIBUTE *of_private, CK_ULONG private_count,
                           CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	const CK_KEY_TYPE type = mechanism->mechanism == CKM_RSA_PKCS_KEY_PAIR_GEN ? CKK_RSA :
	                         mechanism->mechanism == CKM_EC_KEY_PAIR_GEN ? CKK_EC :
	                         CKK_EC_EDWARDS;
	const pair_kind_t *kind = kind_of(type, of_public, public_count);
	char id[2 * FILE_ID_MAX + 1];
	size_t number;
	CK_RV rv = kind != NULL ? id_of(of_private, private_count, id) : CKR_CURVE_NOT_SUPPORTED;
	if (rv != CKR_OK) {
		return rv;
	}
	const CK_ULONG bits = value_of(of_public, public_count, CKA_MODULUS_BITS, 0);
	const new_pair_t new = {
		.pair = pair_generate(kind, (unsigned)bits), .unmade = CKR_DEVICE_ERROR,
		.settle = attribute(of_private, private_count, HSM_FOLDER_UNSETTLED) == NULL,
	};
	rv = add_pair(session_of(handle), id, &new, &number);
	if (rv == CKR_OK) {
		*public_key = handle_of(number, true);
		*private_key = handle_of(number, false);
	}
	return rv;
}

static CK_RV create_private(session_t *session, const CK_ATTRIBUTE *template, CK_ULONG count,
                            CK_OBJECT_HANDLE *object)
{
	const CK_KEY_TYPE type = value_of(template, count, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	const pair_kind_t *kind = kind_of(type, template, count);
	char id[2 * FILE_ID_MAX + 1];
	size_t number;
	CK_RV rv = kind != NULL ? id_of(template, count, id) : CKR_CURVE_NOT_SUPPORTED;
	if (rv != CKR_OK) {
		return rv;
	}
	const new_pair_t new = { .pair = pair_make(kind, template, count),
	                         .unmade = CKR_TEMPLATE_INCONSISTENT, .settle = true };
	rv = add_pair(session, id, &new, &number);
	if (rv == CKR_OK) {
		*object = handle_of(number, false);
	}
	return rv;
}

/*! A public half is there with its private one, and never without. */
static CK_RV create_public(session_t *session, const CK_ATTRIBUTE *template, CK_ULONG count,
                           CK_OBJECT_HANDLE *object)
{
	char id[2 * FILE_ID_MAX + 1];
	size_t number;
	CK_RV rv = id_of(template, count, id);
	if (rv == CKR_OK) {
		rv = shelf_find(&session->folder->shelf, id, &number);
	}
	if (rv != CKR_OK) {
		return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_TEMPLATE_INCONSISTENT : rv;
	}
	*object = handle_of(number, true);
	return CKR_OK;
}

static CK_RV create_secret(session_t *session, const CK_ATTRIBUTE *template, CK_ULONG count,
                           CK_OBJECT_HANDLE *object)
{
	const CK_ATTRIBUTE *value = attribute(template, count, CKA_VALUE);
	if (value == NULL || value->ulValueLen != WRAPPING_LEN) {
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	memcpy(session->wrapping, value->pValue, WRAPPING_LEN);
	*object = SECRET_HANDLE;
	return CKR_OK;
}

CK_RV folder_create_object(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG count,
                           CK_OBJECT_HANDLE *object)
{
	session_t *session = session_of(handle);
	switch (value_of(template, count, CKA_CLASS, CK_UNAVAILABLE_INFORMATION)) {
	case CKO_PRIVATE_KEY:
		return create_private(session, template, count, object);
	case CKO_PUBLIC_KEY:
		return create_public(session, template, count, object);
	case CKO_SECRET_KEY:
		return create_secret(session, template, count, object);
	default:
		return CKR_TEMPLATE_INCONSISTENT;
	}
}

CK_RV folder_destroy_object(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object)
{
	session_t *session = session_of(handle);
	folder_t *folder = session->folder;
	char id[2 * FILE_ID_MAX + 1];
	if (object == SECRET_HANDLE) {
		OPENSSL_cleanse(session->wrapping, WRAPPING_LEN);
		return CKR_OK;
	}
	CK_RV rv = shelf_id(&folder->shelf, number_of(object), id);
	if (is_public(object)) {
		/* It goes with its private half. */
		return rv == CKR_OK ? CKR_ACTION_PROHIBITED :
		       rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;
	}
	if (rv == CKR_OK) {
		rv = file_remove(folder->fd, id);
		(void)shelf_id(&folder->shelf, number_of(object), id);
	}
	return rv;
}

/*** Using. ***/

CK_RV folder_sign_init(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE object)
{
	session_t *session = session_of(handle);
	folder_t *folder = session->folder;
	EVP_PKEY *pair;
	CK_RV rv = is_public(object) ? CKR_KEY_HANDLE_INVALID
	           : shelf_private(&folder->shelf, number_of(object), folder_passphrase(folder),
	                           &pair);
	if (rv != CKR_OK) {
		return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_KEY_HANDLE_INVALID : rv;
	}
	if (pair != session->signer.pair || mechanism->mechanism != session->mechanism) {
		rv = signer_begin(&session->signer, pair, mechanism->mechanism);
		session->mechanism = mechanism->mechanism;
	}
	EVP_PKEY_free(pair);
	return rv;
}

CK_RV folder_sign(CK_SESSION_HANDLE handle, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
                  CK_ULONG *len)
{
	session_t *session = session_of(handle);
	return session->signer.pair != NULL
	       ? signer_sign(&session->signer, data, data_len, signature, len)
	       : CKR_OPERATION_NOT_INITIALIZED;
}

/*! Wraps bytes (RFC 5649). \param len  Room, and how many there are then. */
static CK_RV wrap(const uint8_t by[WRAPPING_LEN], const uint8_t *data, size_t data_len,
                  CK_BYTE *wrapped, CK_ULONG *len)
{
	const CK_ULONG needed = (data_len + 7) / 8 * 8 + 8;
	const CK_ULONG room = *len;
	*len = needed;
	if (wrapped == NULL) {
		return CKR_OK;
	}
	if (room < needed) {
		return CKR_BUFFER_TOO_SMALL;
	}
	int wrote = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (ctx != NULL) {
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	}
	const bool done = ctx != NULL &&
	                  EVP_EncryptInit_ex(ctx, EVP_aes_256_wrap_pad(), NULL, by, NULL) == 1 &&
	                  EVP_EncryptUpdate(ctx, wrapped, &wrote, data, (int)data_len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	*len = (CK_ULONG)wrote;
	return done ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV folder_wrap(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping,
                  CK_OBJECT_HANDLE object, CK_BYTE *wrapped, CK_ULONG *len)
{
	session_t *session = session_of(handle);
	folder_t *folder = session->folder;
	EVP_PKEY *pair = NULL;
	(void)mechanism;
	if (wrapping != SECRET_HANDLE || is_public(object)) {
		return CKR_KEY_HANDLE_INVALID;
	}
	CK_RV rv = shelf_private(&folder->shelf, number_of(object), folder_passphrase(folder), &pair);
	if (rv != CKR_OK) {
		return rv;
	}
	uint8_t *der = NULL;
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pair);
	const int size = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	rv = size > 0 ? wrap(session->wrapping, der, (size_t)size, wrapped, len)
	              : CKR_FUNCTION_FAILED;
	OPENSSL_clear_free(der, size > 0 ? (size_t)size : 0);
	PKCS8_PRIV_KEY_INFO_free(info);
	EVP_PKEY_free(pair);
	return rv;
}
