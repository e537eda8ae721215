/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "tests/shim/fault.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/shim/shim.h"

#define USED_MAX 64

static CK_FUNCTION_LIST token; /* The functions below. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* Of what follows. */
static unsigned long long counted; /* The file that the next counts are of. */
static unsigned long counts[ORDERS_MAX];
static CK_SESSION_HANDLE used[USED_MAX]; /* By C_Sign now. */
static long sessions;
static CK_SESSION_HANDLE other_session; /* That has another key. */
static CK_OBJECT_HANDLE other_key;
static unsigned long long finalized; /* The file that was there at the last C_Finalize. */

/*** Which fault. ***/

/* \return Whether a call is one of the first so many. */
static bool is_due(const orders_t *orders, unsigned i)
{
	const unsigned long times = orders->list[i].times;
	pthread_mutex_lock(&lock);
	if (counted != orders->file) {
		counted = orders->file;
		memset(counts, 0, sizeof(counts));
	}
	const bool due = times == 0 || counts[i]++ < times;
	pthread_mutex_unlock(&lock);
	return due;
}

static bool is_about(const order_t *order, const char *call)
{
	const bool of_library = strcmp(call, "C_Initialize") == 0 || strcmp(call, "C_Finalize") == 0;
	return strcmp(order->call, call) == 0 ||
	       (strcmp(order->call, "all") == 0 && !of_library);
}

/* Leaves a file that tells that a call has had a fault. */
static void note_met(const char *call)
{
	char path[256];
	const char *folder = getenv("SHIM_SESSIONS");
	if (folder != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, call);
		close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	}
}

static bool hangs(const orders_t *orders, const char *call)
{
	for (unsigned i = 0; i < orders->count; i++) {
		if (orders->list[i].hangs && is_about(&orders->list[i], call)) {
			note_met(call);
			return true;
		}
	}
	return false;
}

/* Waits as long as the call does. \return What it comes to; CKR_OK: it is to be made */
static CK_RV fault(const char *call, orders_t *orders)
{
	*orders = read_orders();
	while (hangs(orders, call)) {
		(void)poll(NULL, 0, 10);
		*orders = read_orders();
	}
	for (unsigned i = 0; i < orders->count; i++) {
		const order_t *order = &orders->list[i];
		if (!is_about(order, call)) {
			continue;
		}
		if (order->delay_ms > 0) {
			note_met(call);
			(void)poll(NULL, 0, order->delay_ms);
		}
		if (order->rv != CKR_OK && is_due(orders, i)) {
			note_met(call);
			return order->rv;
		}
	}
	return CKR_OK;
}

/*** Sessions. ***/

/* Puts a handle in the place of another. \return Whether that was there. */
static bool replace_used(CK_SESSION_HANDLE was, CK_SESSION_HANDLE now)
{
	unsigned i = 0;
	pthread_mutex_lock(&lock);
	while (i < USED_MAX && used[i] != was) {
		i++;
	}
	if (i < USED_MAX) {
		used[i] = now;
	}
	pthread_mutex_unlock(&lock);
	return i < USED_MAX;
}

/* Notes, for who counts them, how many there are. */
static void count_sessions(long more, bool none)
{
	char path[256];
	const char *folder = getenv("SHIM_SESSIONS");
	pthread_mutex_lock(&lock);
	sessions = none ? 0 : sessions + more;
	if (folder != NULL) {
		snprintf(path, sizeof(path), "%s/%d", folder, (int)getpid());
		FILE *file = fopen(path, "we");
		if (file != NULL) {
			fprintf(file, "%ld\n", sessions);
			fclose(file);
		}
	}
	pthread_mutex_unlock(&lock);
}

static CK_RV initialize(void *args)
{
	orders_t orders;
	CK_RV rv = fault("C_Initialize", &orders);
	return rv != CKR_OK ? rv : token.C_Initialize(args);
}

static CK_RV finalize(void *reserved)
{
	orders_t orders;
	CK_RV rv = fault("C_Finalize", &orders);
	rv = rv != CKR_OK ? rv : token.C_Finalize(reserved);
	if (rv == CKR_OK) {
		pthread_mutex_lock(&lock);
		other_key = CK_INVALID_HANDLE;
		finalized = orders.file;
		pthread_mutex_unlock(&lock);
		count_sessions(0, true);
	}
	return rv;
}

/* \return The slot below; one that nobody has if the number is none of now. */
static CK_SLOT_ID slot_below(const orders_t *orders, CK_SLOT_ID slot)
{
	return slot >= orders->slots ? slot - orders->slots : CK_UNAVAILABLE_INFORMATION;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session)
{
	orders_t orders;
	CK_RV rv = fault("C_OpenSession", &orders);
	if (rv == CKR_OK) {
		rv = token.C_OpenSession(slot_below(&orders, slot), flags, application, notify,
		                         session);
		count_sessions(rv == CKR_OK, false);
	}
	return rv;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
	orders_t orders;
	CK_RV rv = fault("C_CloseSession", &orders);
	if (replace_used(session, session)) {
		note_met("closed-in-use"); /* Many a library would crash. */
	}
	if (rv == CKR_OK) {
		rv = token.C_CloseSession(session);
		count_sessions(rv == CKR_OK ? -1 : 0, false);
	}
	return rv;
}

static CK_RV get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	orders_t orders;
	CK_RV rv = fault("C_GetSessionInfo", &orders);
	rv = rv != CKR_OK ? rv : token.C_GetSessionInfo(session, info);
	if (rv == CKR_OK) {
		info->slotID += orders.slots;
		info->state = !orders.logged_out ? info->state
		              : info->flags & CKF_RW_SESSION ? CKS_RW_PUBLIC_SESSION
		              : CKS_RO_PUBLIC_SESSION;
	}
	return rv;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG len)
{
	orders_t orders;
	CK_RV rv = fault("C_Login", &orders);
	return rv != CKR_OK ? rv : token.C_Login(session, user, pin, len);
}

/*** Slots. ***/

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
	orders_t orders;
	CK_RV rv = fault("C_GetSlotList", &orders);
	rv = rv != CKR_OK ? rv : token.C_GetSlotList(present, slots, count);
	for (CK_ULONG i = 0; rv == CKR_OK && slots != NULL && i < *count; i++) {
		slots[i] += orders.slots;
	}
	return rv;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	orders_t orders;
	CK_RV rv = fault("C_GetTokenInfo", &orders);
	return rv != CKR_OK ? rv : token.C_GetTokenInfo(slot_below(&orders, slot), info);
}

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	orders_t orders;
	CK_RV rv = fault("C_GetMechanismList", &orders);
	return rv != CKR_OK ? rv : token.C_GetMechanismList(slot_below(&orders, slot), list, count);
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	orders_t orders;
	CK_RV rv = fault("C_GetMechanismInfo", &orders);
	return rv != CKR_OK ? rv : token.C_GetMechanismInfo(slot_below(&orders, slot), type, info);
}

/*** Keys. ***/

static CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *like, CK_ULONG count)
{
	orders_t orders;
	CK_RV rv = fault("C_FindObjectsInit", &orders);
	return rv != CKR_OK ? rv : token.C_FindObjectsInit(session, like, count);
}

static CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max,
                  CK_ULONG *count)
{
	orders_t orders;
	CK_RV rv = fault("C_FindObjects", &orders);
	rv = rv != CKR_OK ? rv : token.C_FindObjects(session, objects, max, count);
	if (rv == CKR_OK && orders.keyless) {
		*count = 0;
	}
	return rv;
}

static CK_RV find_final(CK_SESSION_HANDLE session)
{
	orders_t orders;
	CK_RV rv = fault("C_FindObjectsFinal", &orders);
	return rv != CKR_OK ? rv : token.C_FindObjectsFinal(session);
}

static CK_RV get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *list,
                            CK_ULONG count)
{
	orders_t orders;
	CK_RV rv = fault("C_GetAttributeValue", &orders);
	rv = rv == CKR_OK && orders.keyless ? CKR_OBJECT_HANDLE_INVALID : rv;
	return rv != CKR_OK ? rv : token.C_GetAttributeValue(session, object, list, count);
}

static CK_RV generate(CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_ATTRIBUTE *public_,
                      CK_ULONG public_count, CK_ATTRIBUTE *private_, CK_ULONG private_count,
                      CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	orders_t orders;
	CK_RV rv = fault("C_GenerateKeyPair", &orders);
	return rv != CKR_OK ? rv : token.C_GenerateKeyPair(session, how, public_, public_count,
	                                                   private_, private_count, public_key,
	                                                   private_key);
}

static CK_RV destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	orders_t orders;
	CK_RV rv = fault("C_DestroyObject", &orders);
	return rv != CKR_OK ? rv : token.C_DestroyObject(session, object);
}

/* Makes a key on P-256 that is in no token, in a session of its own. With the lock held. */
static void make_other(CK_SESSION_HANDLE like)
{
	CK_BYTE curve[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE public_half[] = {
		{ CKA_TOKEN, &no, sizeof(no) }, { CKA_EC_PARAMS, curve, sizeof(curve) },
	};
	CK_ATTRIBUTE private_half[] = {
		{ CKA_TOKEN, &no, sizeof(no) }, { CKA_SIGN, &yes, sizeof(yes) },
	};
	CK_MECHANISM how = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_SESSION_INFO info;
	CK_OBJECT_HANDLE public_key;
	if (token.C_GetSessionInfo(like, &info) != CKR_OK ||
	    token.C_OpenSession(info.slotID, CKF_SERIAL_SESSION, NULL, NULL, &other_session) !=
	    CKR_OK || token.C_GenerateKeyPair(other_session, &how, public_half, 2, private_half, 2,
	                                      &public_key, &other_key) != CKR_OK) {
		fprintf(stderr, "shim: cannot make another key\n");
	}
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_OBJECT_HANDLE key)
{
	orders_t orders;
	CK_RV rv = fault("C_SignInit", &orders);
	if (rv == CKR_OK && (orders.keyless || orders.logged_out)) {
		return orders.keyless ? CKR_KEY_HANDLE_INVALID : CKR_USER_NOT_LOGGED_IN;
	}
	if (rv == CKR_OK && orders.other && how->mechanism == CKM_ECDSA) {
		pthread_mutex_lock(&lock);
		if (other_key == CK_INVALID_HANDLE) {
			make_other(session);
		}
		key = other_key;
		pthread_mutex_unlock(&lock);
	}
	return rv != CKR_OK ? rv : token.C_SignInit(session, how, key);
}

/* \return Whether only a start of the library helps. */
static bool is_stale(const orders_t *orders)
{
	pthread_mutex_lock(&lock);
	const bool stale = orders->stale && finalized != orders->file;
	pthread_mutex_unlock(&lock);
	return stale;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
                  CK_ULONG *len)
{
	orders_t orders;
	(void)replace_used(CK_INVALID_HANDLE, session);
	CK_RV rv = fault("C_Sign", &orders);
	rv = rv == CKR_OK && is_stale(&orders) ? CKR_SESSION_HANDLE_INVALID : rv;
	rv = rv == CKR_OK ? token.C_Sign(session, data, data_len, signature, len) : rv;
	(void)replace_used(session, CK_INVALID_HANDLE);
	return rv;
}

void fault_functions(CK_FUNCTION_LIST *list)
{
	token = *list;
	list->C_Initialize = initialize;
	list->C_Finalize = finalize;
	list->C_GetSlotList = get_slot_list;
	list->C_GetTokenInfo = get_token_info;
	list->C_GetMechanismList = get_mechanism_list;
	list->C_GetMechanismInfo = get_mechanism_info;
	list->C_OpenSession = open_session;
	list->C_CloseSession = close_session;
	list->C_GetSessionInfo = get_session_info;
	list->C_Login = login;
	list->C_FindObjectsInit = find_init;
	list->C_FindObjects = find;
	list->C_FindObjectsFinal = find_final;
	list->C_GetAttributeValue = get_attributes;
	list->C_GenerateKeyPair = generate;
	list->C_DestroyObject = destroy;
	list->C_SignInit = sign_init;
	list->C_Sign = sign;
}
