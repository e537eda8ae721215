/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/attributes.h"

#include <assert.h>

void attributes_add(attributes_t *to, CK_ATTRIBUTE_TYPE type, const void *data, size_t len)
{
	assert(to->count < ATTRIBUTES_MAX);
	to->list[to->count++] = (CK_ATTRIBUTE){ type, (void *)data, len };
}

void attributes_add_flag(attributes_t *to, CK_ATTRIBUTE_TYPE type, bool on)
{
	static const CK_BBOOL YES = CK_TRUE, NO = CK_FALSE;
	attributes_add(to, type, on ? &YES : &NO, sizeof(CK_BBOOL));
}

void attributes_add_id(attributes_t *to, const hsm_id_t *id)
{
	attributes_add(to, CKA_ID, id->data, id->len);
	attributes_add(to, CKA_LABEL, id->hex, 2 * id->len);
}

void attributes_add_private(attributes_t *to, bool extractable)
{
	attributes_add_flag(to, CKA_PRIVATE, true);
	attributes_add_flag(to, CKA_SENSITIVE, true);
	attributes_add_flag(to, CKA_EXTRACTABLE, extractable);
	attributes_add_flag(to, CKA_SIGN, true);
	attributes_add_flag(to, CKA_DECRYPT, false);
	attributes_add_flag(to, CKA_UNWRAP, false);
}
