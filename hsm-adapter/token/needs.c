/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/needs.h"

#include "hsm-adapter/token/library.h"
#include "hsm-adapter/token/slot.h"

int hsm_token_needs_pin(const hsm_repository_t *repository, bool *needs, hsm_error_t *err)
{
	hsm_library_t library = { 0 };
	CK_SLOT_ID slot = 0;
	CK_FLAGS flags = 0;
	int ret = hsm_library_load(&library, repository, err);
	if (ret == HSM_EOK) {
		ret = hsm_slot_find(&library, repository, &slot, &flags, err);
	}
	hsm_library_release(&library);
	if (ret == HSM_EOK) {
		*needs = (flags & CKF_LOGIN_REQUIRED) != 0 &&
		         (flags & CKF_PROTECTED_AUTHENTICATION_PATH) == 0;
	}
	return ret;
}
