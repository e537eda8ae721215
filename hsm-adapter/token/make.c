/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/token/library.h"
#include "hsm-adapter/token/rv.h"
#include "hsm-adapter/token/slot.h"

/*! What is to be made, where. */
typedef struct {
	const hsm_library_t *library;
	CK_FUNCTION_LIST *module;
	const hsm_repository_t *repository;
	const hsm_pin_t *so_pin, *pin;
	hsm_error_t *err;
} making_t;

static int fail(const making_t *making, CK_RV rv, const char *what)
{
	return hsm_rv_error(making->repository->name, rv, what, making->err);
}

/*! Finds a slot whose token is not initialised. */
static int choose(const making_t *making, const CK_SLOT_ID *slots, CK_ULONG count,
                  CK_SLOT_ID *free_slot)
{
	const hsm_repository_t *repository = making->repository;
	bool found = false;
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;
		if (making->module->C_GetTokenInfo(slots[i], &info) != CKR_OK) {
			continue;
		}
		if ((info.flags & CKF_TOKEN_INITIALIZED) == 0) {
			*free_slot = slots[i];
			found = true;
		} else if (hsm_slot_has_label(repository, &info)) {
			return hsm_error_set(making->err, HSM_EEXISTS, 0, "repository \"%s\": there "
			                     "is a token \"%s\" already, nothing is done",
			                     repository->name, repository->token_label);
		}
	}
	return found ? HSM_EOK
	       : hsm_error_set(making->err, HSM_ETOKEN, 0, "repository \"%s\": no slot of %s has "
	                       "a token that is not initialised", repository->name,
	                       repository->module);
}

static int find_free(const making_t *making, CK_SLOT_ID *slot)
{
	CK_ULONG count = 0;
	CK_RV rv = making->module->C_GetSlotList(CK_TRUE, NULL, &count);
	CK_SLOT_ID *slots = calloc(count + 1, sizeof(*slots));
	if (slots == NULL) {
		return hsm_error_set(making->err, HSM_ENOMEM, 0, "out of memory");
	}
	rv = rv == CKR_OK ? making->module->C_GetSlotList(CK_TRUE, slots, &count) : rv;
	int ret = rv == CKR_OK ? choose(making, slots, count, slot)
	                       : fail(making, rv, "cannot list the slots");
	free(slots);
	return ret;
}

static int check_length(const making_t *making, const CK_TOKEN_INFO *info, const hsm_pin_t *pin,
                        const char *whose)
{
	/* Some tokens do not tell, or tell 0. */
	const bool has_limit = info->ulMaxPinLen != 0 &&
	                       info->ulMaxPinLen != CK_UNAVAILABLE_INFORMATION;
	if (pin->len >= info->ulMinPinLen && (!has_limit || pin->len <= info->ulMaxPinLen)) {
		return HSM_EOK;
	}
	char most[40] = "";
	if (has_limit) {
		snprintf(most, sizeof(most), " to %lu", info->ulMaxPinLen);
	}
	return hsm_error_set(making->err, HSM_EPIN, 0, "repository \"%s\": the token wants PINs of "
	                     "%lu%s bytes%s, %s has %zu; nothing is done",
	                     making->repository->name, info->ulMinPinLen, most,
	                     has_limit ? "" : " or more", whose, pin->len);
}

/*! Checks the PINs before anything is done: a token that is made, but has no PIN, is of no use. */
static int check_lengths(const making_t *making, CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;
	CK_RV rv = making->module->C_GetTokenInfo(slot, &info);
	if (rv != CKR_OK) {
		return fail(making, rv, "cannot ask the token");
	}
	const int ret = check_length(making, &info, making->pin, "that of conf.xml");
	return ret == HSM_EOK
	       ? check_length(making, &info, making->so_pin, "the security officer's") : ret;
}

static CK_UTF8CHAR *text(const hsm_pin_t *pin)
{
	return (CK_UTF8CHAR *)pin->text;
}

static int set_pin(const making_t *making, CK_SLOT_ID slot)
{
	CK_FUNCTION_LIST *module = making->module;
	CK_SESSION_HANDLE session;
	CK_RV rv = module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
	                                 &session);
	if (rv != CKR_OK) {
		return fail(making, rv, "cannot open a session");
	}
	rv = module->C_Login(session, CKU_SO, text(making->so_pin), making->so_pin->len);
	if (rv == CKR_OK) {
		rv = module->C_InitPIN(session, text(making->pin), making->pin->len);
		module->C_Logout(session);
	}
	module->C_CloseSession(session);
	return rv == CKR_OK ? HSM_EOK : fail(making, rv, "cannot set the PIN");
}

static int make(const making_t *making)
{
	CK_UTF8CHAR label[32]; /* As long as CK_TOKEN_INFO has it, with blanks. */
	CK_SLOT_ID slot;
	CK_FLAGS flags;
	memset(label, ' ', sizeof(label));
	memcpy(label, making->repository->token_label, strlen(making->repository->token_label));
	int ret = find_free(making, &slot);
	if (ret == HSM_EOK) {
		ret = check_lengths(making, slot);
	}
	if (ret != HSM_EOK) {
		return ret;
	}
	CK_RV rv = making->module->C_InitToken(slot, text(making->so_pin), making->so_pin->len,
	                                       label);
	if (rv != CKR_OK) {
		return fail(making, rv, "cannot initialise the token");
	}
	/* It may be in another slot now. */
	ret = hsm_slot_find(making->library, making->repository, &slot, &flags, making->err);
	return ret == HSM_EOK ? set_pin(making, slot) : ret;
}

static int check_pins(const making_t *making)
{
	const hsm_pin_t *pin = making->pin, *so_pin = making->so_pin;
	if (!pin->given) {
		return hsm_error_set(making->err, HSM_EPIN, 0, "repository \"%s\": conf.xml has to "
		                     "have a <PINFile>, or a <PIN>", making->repository->name);
	}
	if (pin->len == so_pin->len && memcmp(pin->text, so_pin->text, pin->len) == 0) {
		return hsm_error_set(making->err, HSM_EPIN, 0, "repository \"%s\": the PIN and that "
		                     "of the security officer have to differ",
		                     making->repository->name);
	}
	return HSM_EOK;
}

int hsm_token_make(const hsm_repository_t *repository, const hsm_pin_t *so_pin, hsm_error_t *err)
{
	hsm_library_t library = { 0 };
	hsm_pin_t pin = { 0 };
	int ret = hsm_pin_read(repository, &pin, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	making_t making = { .library = &library, .repository = repository, .so_pin = so_pin,
	                    .pin = &pin, .err = err };
	ret = check_pins(&making);
	if (ret == HSM_EOK) {
		ret = hsm_library_load(&library, repository, err);
	}
	if (ret == HSM_EOK) {
		making.module = library.module;
		ret = make(&making);
	}
	hsm_library_release(&library);
	hsm_pin_wipe(&pin);
	return ret;
}
