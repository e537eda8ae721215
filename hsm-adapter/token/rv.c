/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/rv.h"

#include "hsm-adapter/folder/file.h"

bool hsm_rv_is_loss(CK_RV rv)
{
	switch (rv) {
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
	case CKR_DEVICE_REMOVED:
	case CKR_DEVICE_ERROR:
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_TOKEN_NOT_RECOGNIZED:
	case CKR_SLOT_ID_INVALID:
	case CKR_USER_NOT_LOGGED_IN:
	case CKR_OBJECT_HANDLE_INVALID:
	case CKR_KEY_HANDLE_INVALID:
	case CKR_OPERATION_ACTIVE:
	case CKR_OPERATION_NOT_INITIALIZED:
	case CKR_CRYPTOKI_NOT_INITIALIZED:
		return true;
	default:
		return false;
	}
}

bool hsm_rv_is_final(CK_RV rv)
{
	switch (rv) {
	case CKR_OK:
	case CKR_HOST_MEMORY:
	case CKR_ARGUMENTS_BAD:
	case CKR_BUFFER_TOO_SMALL:
	case CKR_DATA_INVALID:
	case CKR_DATA_LEN_RANGE:
	case CKR_FUNCTION_NOT_SUPPORTED:
	case CKR_KEY_FUNCTION_NOT_PERMITTED:
	case CKR_KEY_SIZE_RANGE:
	case CKR_KEY_TYPE_INCONSISTENT:
	case CKR_MECHANISM_INVALID:
	case CKR_MECHANISM_PARAM_INVALID:
		return true;
	default:
		return false;
	}
}

bool hsm_rv_is_refusal(CK_RV rv)
{
	return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE ||
	       rv == CKR_PIN_EXPIRED || rv == CKR_PIN_LOCKED ||
	       rv == CKR_USER_PIN_NOT_INITIALIZED;
}

static int code_of(CK_RV rv)
{
	switch (rv) {
	case CKR_DEVICE_REMOVED:
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_TOKEN_NOT_RECOGNIZED:
	case CKR_SLOT_ID_INVALID:
		return HSM_ETOKEN;
	case CKR_HOST_MEMORY:
		return HSM_ENOMEM;
	case CKR_DEVICE_MEMORY:
		return HSM_ECAPACITY;
	case CKR_SESSION_COUNT:
		return HSM_ESESSIONS;
	case CKR_MECHANISM_INVALID:
	case CKR_CURVE_NOT_SUPPORTED:
	case CKR_KEY_SIZE_RANGE:
		return HSM_EALGORITHM;
	default:
		return hsm_rv_is_refusal(rv) ? HSM_EPIN : HSM_EDEVICE;
	}
}

/*! \return What a person can do, to follow the token's answer. */
static const char *advice(CK_RV rv)
{
	switch (rv) {
	case CKR_SESSION_COUNT:
		return "; close what else uses the token, or lower <Sessions> or <SignerThreads>";
	case CKR_DEVICE_MEMORY:
		return "; if it is full, remove old keys or free its disk; else something else writes to it";
	case CKR_SESSION_READ_ONLY:
	case CKR_TOKEN_WRITE_PROTECTED:
		return "; the token can be read only, have it write again by the HSM's own tools, or "
		       "by <StartArguments>";
	case CKR_USER_ANOTHER_ALREADY_LOGGED_IN:
		return "; have that user, the security officer or one of another kind, log out";
	case CKR_USER_NOT_LOGGED_IN:
		return "; check <PIN> or <PINFile>, which is the passphrase of keys in files";
	case CKR_USER_TYPE_INVALID:
		return "; check <UserType>; without one the token may have no user PIN yet, set one by the "
		       "HSM's own tools";
	case CKR_USER_PIN_NOT_INITIALIZED:
		return "; the token may have no user PIN yet, set one by the HSM's own tools";
	default:
		return "";
	}
}

/*! \return What the token said. */
static const char *text(CK_RV rv)
{
	switch (rv) {
	case CKR_FILE_FORBIDDEN:
		return "the key's file in <Folder> may not be read by this user; "
		       "give it the owner, group and mode of the others";
	case CKR_FILE_BROKEN:
		return "the key's file in <Folder> is damaged; restore it";
	default:
		return p11_kit_strerror(rv);
	}
}

int hsm_rv_error(const char *repository, CK_RV rv, const char *what, hsm_error_t *err)
{
	return hsm_error_set(err, code_of(rv), rv, "repository \"%s\": %s: %s (CK_RV 0x%lx)%s",
	                     repository, what, text(rv), rv, advice(rv));
}
