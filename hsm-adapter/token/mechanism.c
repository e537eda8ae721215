/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/mechanism.h"

#include <stdlib.h>

void hsm_mechanisms_read(hsm_mechanisms_t *list, CK_FUNCTION_LIST *module, CK_SLOT_ID slot)
{
	CK_ULONG count = 0;
	hsm_mechanisms_free(list);
	if (module->C_GetMechanismList(slot, NULL, &count) != CKR_OK || count == 0) {
		return;
	}
	CK_MECHANISM_TYPE *types = calloc(count, sizeof(*types));
	const CK_ULONG room = count;
	if (types != NULL && module->C_GetMechanismList(slot, types, &count) == CKR_OK &&
	    count <= room) {
		*list = (hsm_mechanisms_t){ types, count };
	} else {
		free(types);
	}
}

void hsm_mechanisms_free(hsm_mechanisms_t *list)
{
	free(list->types);
	*list = (hsm_mechanisms_t){ 0 };
}

static bool has(const hsm_mechanisms_t *list, CK_MECHANISM_TYPE type)
{
	for (CK_ULONG i = 0; i < list->count; i++) {
		if (list->types[i] == type) {
			return true;
		}
	}
	return false;
}

CK_MECHANISM_TYPE hsm_mechanisms_choose(const hsm_mechanisms_t *list, CK_MECHANISM_TYPE type,
                                        CK_MECHANISM_TYPE other)
{
	return !has(list, type) && has(list, other) ? other : type;
}
