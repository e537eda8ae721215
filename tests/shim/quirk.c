/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/shim/quirk.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#define SESSIONS 4096 /* Handles whose mechanism is kept, by their remainder. */

static CK_FUNCTION_LIST token;
static atomic_ulong mechanisms[SESSIONS]; /* That hash in the shim. */
static atomic_bool by_edwards[SESSIONS];
static atomic_bool logged_in[SESSIONS], by_id[SESSIONS]; /* The latter: what is searched now. */
static atomic_bool logged_out, in_again; /* By another process that uses the card; since then. */
static atomic_ulong listed; /* The last handle of the first search for all; 0: there was none yet. */
static atomic_int open_sessions, starts;

/* \return The number behind a quirk's name, 0 if there is none; -1: there is no such quirk. */
static long number_of(const char *word)
{
	char line[64];
	long found = -1;
	const size_t len = strlen(word);
	const char *path = getenv("SHIM_QUIRKS");
	FILE *file = path != NULL ? fopen(path, "r") : NULL;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, word, len) == 0 && (line[len] == '\n' || line[len] == ' ')) {
			found = strtol(line + len, NULL, 10);
		}
	}
	if (file != NULL) {
		fclose(file);
	}
	return found;
}

static bool has(const char *name)
{
	return number_of(name) >= 0;
}

static CK_RV initialize(void *args)
{
	const CK_C_INITIALIZE_ARGS *given = args;
	const bool locks = given != NULL && given->CreateMutex != NULL;
	open_sessions = 0;
	listed = 0;
	starts++;
	return has("no-locks") || (locks && has("app-locks")) ? CKR_CANT_LOCK
	       : token.C_Initialize(args);
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = has("away") ? CKR_FUNCTION_FAILED : token.C_GetTokenInfo(slot, info);
	const bool named = rv == CKR_OK && (info->flags & CKF_TOKEN_INITIALIZED) != 0;
	if (named && has("one-label")) {
		memset(info->label, ' ', sizeof(info->label));
		memcpy(info->label, "one", 3);
	}
	for (size_t i = sizeof(info->label); named && has("nul-label") && i > 0; i--) {
		info->label[i - 1] = info->label[i - 1] == ' ' ? '\0' : info->label[i - 1];
	}
	if (rv == CKR_OK && has("read-only")) {
		info->flags |= CKF_WRITE_PROTECTED;
	}
	return rv;
}

static bool is_hidden(CK_MECHANISM_TYPE type)
{
	return (type == CKM_RSA_PKCS_KEY_PAIR_GEN && (has("no-rsa") || has("only-x9.31"))) ||
	       ((type == CKM_RSA_PKCS || type == CKM_ECDSA) && has("hash-only"));
}

/* \return A mechanism of the token that does the work for one of ours. */
static CK_MECHANISM_TYPE stands_for(CK_MECHANISM_TYPE type)
{
	if (has("hash-only") && (type == CKM_ECDSA_SHA256 || type == CKM_ECDSA_SHA384)) {
		return CKM_ECDSA;
	}
	return has("only-x9.31") && type == CKM_RSA_X9_31_KEY_PAIR_GEN ? CKM_RSA_PKCS_KEY_PAIR_GEN
	       : type;
}

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	static const CK_MECHANISM_TYPE OURS[] = {
		CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_RSA_X9_31_KEY_PAIR_GEN
	};
	const size_t ours = sizeof(OURS) / sizeof(OURS[0]);
	const CK_ULONG room = *count;
	CK_RV rv = token.C_GetMechanismList(slot, list, count);
	if (rv != CKR_OK || list == NULL) {
		*count += ours;
		return rv;
	}
	CK_ULONG kept = 0;
	for (CK_ULONG i = 0; i < *count; i++) {
		if (!is_hidden(list[i])) {
			list[kept++] = list[i];
		}
	}
	for (size_t i = 0; i < ours && kept < room; i++) {
		if (stands_for(OURS[i]) != OURS[i]) {
			list[kept++] = OURS[i];
		}
	}
	*count = kept;
	return rv;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	return is_hidden(type) ? CKR_MECHANISM_INVALID
	       : token.C_GetMechanismInfo(slot, stands_for(type), info);
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session)
{
	const long most = number_of("sessions");
	if (most >= 0 && open_sessions >= most) {
		return CKR_SESSION_COUNT;
	}
	if ((flags & CKF_RW_SESSION) != 0 && has("read-only")) {
		return CKR_TOKEN_WRITE_PROTECTED;
	}
	if ((flags & CKF_RW_SESSION) == 0 && has("only-write")) {
		return CKR_FUNCTION_FAILED;
	}
	CK_RV rv = token.C_OpenSession(slot, flags, application, notify, session);
	open_sessions += rv == CKR_OK ? 1 : 0;
	if (rv == CKR_OK) {
		logged_in[*session % SESSIONS] = false;
	}
	return rv;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
	CK_RV rv = token.C_CloseSession(session);
	open_sessions -= rv == CKR_OK ? 1 : 0;
	return rv;
}

/* \return Whether the card is not logged in, though this process believes it is. */
static bool is_out(void)
{
	if (!has("card-logout")) {
		logged_out = in_again = false;
	}
	return has("card-logout") && !in_again;
}

static CK_RV get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	CK_RV rv = token.C_GetSessionInfo(session, info);
	if (rv == CKR_OK && (is_out() || has("hides-user"))) {
		info->state = CKS_RO_PUBLIC_SESSION;
	}
	return rv;
}

static CK_RV logout(CK_SESSION_HANDLE session)
{
	CK_RV rv = token.C_Logout(session);
	logged_out |= rv == CKR_OK && is_out();
	return rv;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG len)
{
	if (has("crypto-user")) {
		if (user != 0x80000001) {
			return CKR_USER_TYPE_INVALID;
		}
		user = CKU_USER;
	}
	if (is_out() && !logged_out) {
		return CKR_USER_ALREADY_LOGGED_IN;
	}
	CK_RV rv = has("other-user") ? CKR_USER_ANOTHER_ALREADY_LOGGED_IN
	           : token.C_Login(session, user, pin, len);
	in_again |= rv == CKR_OK && logged_out;
	if (has("session-login") && (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)) {
		rv = logged_in[session % SESSIONS] ? CKR_USER_ALREADY_LOGGED_IN : CKR_OK;
		logged_in[session % SESSIONS] = true;
	}
	return rv;
}

static bool says_no(const CK_ATTRIBUTE *list, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < count; i++) {
		if (list[i].type == type) {
			return *(const CK_BBOOL *)list[i].pValue == CK_FALSE;
		}
	}
	return false;
}

static void shorten_id(CK_ATTRIBUTE *list, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count && (has("short-id") || has("orphan")); i++) {
		list[i].ulValueLen = list[i].type == CKA_ID ? 2 : list[i].ulValueLen;
	}
}

static CK_RV generate(CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_ATTRIBUTE *public_,
                      CK_ULONG public_count, CK_ATTRIBUTE *private_, CK_ULONG private_count,
                      CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	CK_MECHANISM stand_in = *how;
	stand_in.mechanism = stands_for(how->mechanism);
	if (is_hidden(how->mechanism)) {
		return CKR_MECHANISM_INVALID;
	}
	if (has("private-public") && says_no(public_, public_count, CKA_PRIVATE)) {
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	if (is_out()) {
		return CKR_USER_NOT_LOGGED_IN;
	}
	shorten_id(public_, public_count);
	shorten_id(private_, private_count);
	CK_RV rv = token.C_GenerateKeyPair(session, &stand_in, public_, public_count, private_,
	                                   private_count, public_key, private_key);
	return has("orphan") ? CKR_FUNCTION_REJECTED : rv;
}

/* Of RFC 8032's Ed448, and not what hashes. */
static bool is_pure(const CK_MECHANISM *how)
{
	static const struct { CK_BBOOL hashes; CK_ULONG context_len; CK_BYTE *context; } PURE;
	return how->pParameter != NULL && how->ulParameterLen == sizeof(PURE) &&
	       memcmp(how->pParameter, &PURE, sizeof(PURE)) == 0;
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM stand_in = *how;
	stand_in.mechanism = stands_for(how->mechanism);
	if (how->mechanism == CKM_EDDSA && has("edwards-params") && !is_pure(how)) {
		return CKR_MECHANISM_PARAM_INVALID;
	}
	mechanisms[session % SESSIONS] = stand_in.mechanism != how->mechanism ? how->mechanism : 0;
	by_edwards[session % SESSIONS] = how->mechanism == CKM_EDDSA;
	return starts < number_of("starts") || starts < number_of("dead") ? CKR_DEVICE_ERROR
	       : has("session-login") && !logged_in[session % SESSIONS] ? CKR_USER_NOT_LOGGED_IN
	       : how->mechanism == CKM_RSA_PKCS && has("data-keys") ? CKR_KEY_FUNCTION_NOT_PERMITTED
	       : is_hidden(how->mechanism) ? CKR_MECHANISM_INVALID
	       : token.C_SignInit(session, &stand_in, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *signature,
                  CK_ULONG *signature_len)
{
	CK_BYTE hash[64];
	const CK_MECHANISM_TYPE type = mechanisms[session % SESSIONS];
	if (type == CKM_ECDSA_SHA256 || type == CKM_ECDSA_SHA384) {
		const int digest = type == CKM_ECDSA_SHA256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA384;
		gnutls_hash_fast(digest, data, len, hash);
		data = hash;
		len = gnutls_hash_get_len(digest);
	}
	if (has("exact-room") && by_edwards[session % SESSIONS] && *signature_len != 64) {
		return CKR_ARGUMENTS_BAD;
	}
	return token.C_Sign(session, data, len, signature, signature_len);
}

static CK_OBJECT_CLASS class_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	CK_OBJECT_CLASS class = CK_UNAVAILABLE_INFORMATION;
	CK_ATTRIBUTE attribute = { CKA_CLASS, &class, sizeof(class) };
	(void)token.C_GetAttributeValue(session, object, &attribute, 1);
	return class;
}

/* Removes what has the same CKA_ID. */
static CK_RV destroy_pair(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	CK_BYTE id[256];
	CK_OBJECT_HANDLE halves[4];
	CK_ULONG count = 0;
	CK_ATTRIBUTE like = { CKA_ID, id, sizeof(id) };
	CK_RV rv = token.C_GetAttributeValue(session, object, &like, 1);
	if (rv == CKR_OK) {
		(void)token.C_FindObjectsInit(session, &like, 1);
		rv = token.C_FindObjects(session, halves, 4, &count);
		(void)token.C_FindObjectsFinal(session);
	}
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = token.C_DestroyObject(session, halves[i]);
	}
	return rv;
}

static CK_RV destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	if (is_out()) {
		return CKR_USER_NOT_LOGGED_IN;
	}
	if (has("destroy-lies")) {
		return CKR_OK;
	}
	if (has("one-goes") && class_of(session, object) == CKO_PRIVATE_KEY) {
		return destroy_pair(session, object);
	}
	return has("keep-public") && class_of(session, object) == CKO_PUBLIC_KEY
	       ? CKR_ACTION_PROHIBITED : token.C_DestroyObject(session, object);
}

static CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *list, CK_ULONG count)
{
	CK_ATTRIBUTE kept[8];
	CK_ULONG left = 0;
	if (starts < number_of("dead")) {
		return CKR_DEVICE_ERROR;
	}
	by_id[session % SESSIONS] = false;
	for (CK_ULONG i = 0; i < count && i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (!has("finds-all") && (list[i].type != CKA_KEY_TYPE || !has("finds-types"))) {
			kept[left++] = list[i];
		}
		by_id[session % SESSIONS] |= list[i].type == CKA_ID;
	}
	return token.C_FindObjectsInit(session, kept, left);
}

/* SoftHSM gives new objects higher handles; all of a small token come in one call. */
static bool is_listed(CK_OBJECT_HANDLE last, CK_OBJECT_HANDLE object)
{
	CK_OBJECT_HANDLE none = 0;
	(void)atomic_compare_exchange_strong(&listed, &none, last);
	return object <= listed;
}

static CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max,
                  CK_ULONG *count)
{
	CK_RV rv = token.C_FindObjects(session, objects, max, count);
	if (rv != CKR_OK) {
		return rv;
	}
	const bool old_list = has("lists-once") && !by_id[session % SESSIONS], no_public = has("no-public");
	CK_ULONG kept = 0;
	CK_OBJECT_HANDLE last = 0;
	for (CK_ULONG i = 0; i < *count; i++) {
		last = objects[i] > last ? objects[i] : last;
	}
	for (CK_ULONG i = 0; i < *count; i++) {
		if ((!old_list || is_listed(last, objects[i])) &&
		    (!no_public || class_of(session, objects[i]) != CKO_PUBLIC_KEY)) {
			objects[kept++] = objects[i];
		}
	}
	*count = kept;
	return rv;
}

/* Reads the point of a private key's other half, which has the same CKA_ID. */
static CK_RV read_point(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private_key, CK_BYTE *point,
                        CK_ULONG *len)
{
	CK_BYTE id[256];
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_OBJECT_HANDLE found;
	CK_ULONG count = 0;
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE other;
	CK_ATTRIBUTE like[] = { { CKA_ID, id, sizeof(id) }, { CKA_CLASS, &class, sizeof(class) } };
	CK_ATTRIBUTE read = { CKA_EC_POINT, point, *len };
	CK_RV rv = token.C_GetAttributeValue(session, private_key, like, 1);
	rv = rv == CKR_OK ? token.C_GetSessionInfo(session, &info) : rv;
	rv = rv == CKR_OK ? token.C_OpenSession(info.slotID, CKF_SERIAL_SESSION, NULL, NULL, &other)
	                  : rv;
	if (rv != CKR_OK) {
		return rv;
	}
	(void)token.C_FindObjectsInit(other, like, 2);
	(void)token.C_FindObjects(other, &found, 1, &count);
	rv = count == 1 ? token.C_GetAttributeValue(other, found, &read, 1) : CKR_GENERAL_ERROR;
	*len = read.ulValueLen;
	(void)token.C_CloseSession(other);
	return rv;
}

/* What a private key of P-256 has more: RFC 5480's SubjectPublicKeyInfo, or the point. */
static CK_RV get_more(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attribute)
{
	static const CK_BYTE HEAD[] = {
		0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
		0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00
	};
	CK_BYTE value[256], *begin = value + sizeof(HEAD);
	CK_ULONG len = sizeof(value) - sizeof(HEAD);
	CK_RV rv = read_point(session, object, begin, &len);
	if (rv != CKR_OK) {
		return rv;
	}
	if (has("raw-point") || attribute->type == CKA_PUBLIC_KEY_INFO) {
		begin += 2;
		len -= 2;
	}
	if (attribute->type == CKA_PUBLIC_KEY_INFO) {
		begin -= sizeof(HEAD);
		len += sizeof(HEAD);
		memcpy(begin, HEAD, sizeof(HEAD));
	}
	if (attribute->pValue != NULL && attribute->ulValueLen < len) {
		return CKR_BUFFER_TOO_SMALL;
	}
	if (attribute->pValue != NULL) {
		memcpy(attribute->pValue, begin, len);
	}
	attribute->ulValueLen = len;
	return CKR_OK;
}

static CK_RV get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *list,
                            CK_ULONG count)
{
	static atomic_bool was_gone;
	if (!has("gone-once")) {
		was_gone = false;
	} else if (!atomic_exchange(&was_gone, true)) {
		return CKR_GENERAL_ERROR;
	}
	const bool ours = count == 1 &&
	                  ((list->type == CKA_EC_POINT && has("private-point")) ||
	                   (list->type == CKA_PUBLIC_KEY_INFO && has("key-info")));
	return ours && class_of(session, object) == CKO_PRIVATE_KEY
	       ? get_more(session, object, list)
	       : token.C_GetAttributeValue(session, object, list, count);
}

void quirk_functions(CK_FUNCTION_LIST *list, CK_FUNCTION_LIST *of)
{
	token = *of;
	list->C_Initialize = initialize;
	list->C_GetTokenInfo = get_token_info;
	list->C_GetMechanismList = get_mechanism_list;
	list->C_GetMechanismInfo = get_mechanism_info;
	list->C_OpenSession = open_session;
	list->C_CloseSession = close_session;
	list->C_GetSessionInfo = get_session_info;
	list->C_Logout = logout;
	list->C_Login = login;
	list->C_GenerateKeyPair = generate;
	list->C_SignInit = sign_init;
	list->C_Sign = sign;
	list->C_DestroyObject = destroy;
	list->C_FindObjectsInit = find_init;
	list->C_FindObjects = find;
	list->C_GetAttributeValue = get_attributes;
}
