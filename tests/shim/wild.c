/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/shim/wild.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/shim/shim.h"

static CK_FUNCTION_LIST *token;
static atomic_ullong draws; /* Numbers that were drawn. */

/* \return A number below that, of SplitMix64. */
static unsigned long draw(unsigned long limit)
{
	static atomic_ullong seed;
	if (draws++ == 0) {
		seed = read_orders().seed;
	}
	uint64_t z = seed + draws * UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % limit;
}

bool wild_now(void)
{
	const unsigned wild = read_orders().wild;
	return wild > 0 && draw(wild) == 0;
}

/* \return An error that tokens have, or one that nobody knows. */
static CK_RV any_error(void)
{
	static const CK_RV errors[] = {
		CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_SESSION_CLOSED,
		CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN, CKR_PIN_EXPIRED,
		CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID, CKR_ATTRIBUTE_TYPE_INVALID,
		CKR_BUFFER_TOO_SMALL, CKR_HOST_MEMORY, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED,
		CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_FUNCTION_NOT_SUPPORTED,
		CKR_SLOT_ID_INVALID, CKR_PIN_INCORRECT, CKR_CANT_LOCK, CKR_VENDOR_DEFINED | 0x4711,
	};
	return errors[draw(sizeof(errors) / sizeof(errors[0]))];
}

static void scramble(void *data, size_t len)
{
	for (size_t i = draw(2) == 0 ? 0 : draw(len + 1); i < len; i++) {
		((CK_BYTE *)data)[i] = draw(256);
	}
}

/* \return A length instead of that: none, shorter, or all ones. */
static CK_ULONG any_length(CK_ULONG len)
{
	return draw(4) == 0 ? CK_UNAVAILABLE_INFORMATION : draw(len + 1);
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *len)
{
	CK_RV rv = token->C_GetSlotList(present, slots, len);
	if (rv != CKR_OK || !wild_now()) {
		return rv;
	}
	if (slots != NULL) {
		scramble(slots, *len * sizeof(*slots));
	}
	*len = draw(*len + 1);
	return draw(2) == 0 ? any_error() : rv;
}

/* \return Whether the token knows a slot: SoftHSM throws an exception if not, which ASan does not
 *          survive in a program that is not of C++. */
static bool is_slot(CK_SLOT_ID slot)
{
	CK_SLOT_ID slots[16];
	CK_ULONG len = sizeof(slots) / sizeof(slots[0]);
	bool found = false;
	if (token->C_GetSlotList(CK_FALSE, slots, &len) == CKR_OK) {
		for (CK_ULONG i = 0; i < len; i++) {
			found |= slots[i] == slot;
		}
	}
	return found;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = is_slot(slot) ? token->C_GetTokenInfo(slot, info) : CKR_SLOT_ID_INVALID;
	if (rv != CKR_OK || !wild_now()) {
		return rv;
	}
	scramble(info, sizeof(*info));
	return draw(2) == 0 ? any_error() : rv;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session)
{
	if (!is_slot(slot)) {
		return CKR_SLOT_ID_INVALID;
	}
	return wild_now() ? any_error()
	                  : token->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG len)
{
	return wild_now() ? any_error() : token->C_Login(session, user, pin, len);
}

static CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *like, CK_ULONG count)
{
	return wild_now() ? any_error() : token->C_FindObjectsInit(session, like, count);
}

static CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max,
                  CK_ULONG *count)
{
	CK_RV rv = token->C_FindObjects(session, objects, max, count);
	if (rv != CKR_OK || !wild_now()) {
		return rv;
	}
	scramble(objects, max * sizeof(*objects));
	*count = draw(max + 1);
	return draw(4) == 0 ? any_error() : rv;
}

static CK_RV get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *list,
                            CK_ULONG count)
{
	CK_RV rv = token->C_GetAttributeValue(session, object, list, count);
	if (rv != CKR_OK || count == 0 || !wild_now()) {
		return rv;
	}
	CK_ATTRIBUTE *one = &list[draw(count)];
	if (one->pValue != NULL) {
		scramble(one->pValue, one->ulValueLen);
	}
	one->ulValueLen = draw(2) == 0 ? one->ulValueLen : any_length(one->ulValueLen);
	return draw(4) == 0 ? any_error() : rv;
}

static CK_RV generate(CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_ATTRIBUTE *public_,
                      CK_ULONG public_count, CK_ATTRIBUTE *private_, CK_ULONG private_count,
                      CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	if (wild_now() && draw(2) == 0) {
		return any_error();
	}
	CK_RV rv = token->C_GenerateKeyPair(session, how, public_, public_count, private_,
	                                      private_count, public_key, private_key);
	if (rv == CKR_OK && wild_now()) {
		scramble(draw(2) == 0 ? public_key : private_key, sizeof(*public_key));
	}
	return rv;
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_OBJECT_HANDLE key)
{
	return wild_now() ? any_error() : token->C_SignInit(session, how, key);
}

CK_RV wild_signature(CK_BYTE *signature, CK_ULONG *len)
{
	if (signature != NULL) {
		scramble(signature, *len);
	}
	*len = draw(2) == 0 ? *len : draw(*len + 1);
	return draw(4) == 0 ? any_error() : CKR_OK;
}

void wild_functions(CK_FUNCTION_LIST *list, CK_FUNCTION_LIST *of)
{
	token = of;
	list->C_GetSlotList = get_slot_list;
	list->C_GetTokenInfo = get_token_info;
	list->C_OpenSession = open_session;
	list->C_Login = login;
	list->C_FindObjectsInit = find_init;
	list->C_FindObjects = find;
	list->C_GetAttributeValue = get_attributes;
	list->C_GenerateKeyPair = generate;
	list->C_SignInit = sign_init;
}
