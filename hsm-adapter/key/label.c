/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <string.h>

#include "hsm-adapter/key/catalog.h"
#include "hsm-adapter/key/key.h"
#include "hsm-adapter/token/rv.h"
#include "hsm-adapter/token/tokens.h"

/*! Labels both halves. With the token's lock. */
static int label_objects(hsm_token_t *token, const hsm_id_t *id, const char *label, hsm_error_t *err)
{
	CK_ATTRIBUTE attribute = { CKA_LABEL, (void *)label, strlen(label) };
	hsm_objects_t objects;
	int ret = hsm_catalog_find(token, id, false, &objects, err);
	if (ret == HSM_EOK && objects.count == 0) {
		ret = hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": no key has the CKA_ID %s",
		                    token->conf.name, id->hex);
	}
	for (size_t i = 0; ret == HSM_EOK && i < objects.count; i++) {
		CK_RV rv = token->library.module->C_SetAttributeValue(
			token->session, objects.objects[i].handle, &attribute, 1);
		if (rv != CKR_OK) {
			ret = hsm_rv_error(token->conf.name, rv, "cannot label a key", err);
		}
	}
	return ret;
}

int hsm_key_label(hsm_t *hsm, const char *repository, const char *cka_id, const char *label,
                  hsm_error_t *err)
{
	const hsm_group_t *group = hsm_group(hsm, repository, err);
	hsm_id_t id;
	if (group == NULL) {
		return HSM_EREPOSITORY;
	}
	int ret = hsm_id_read(&id, repository, cka_id, err);
	for (size_t i = 0; ret == HSM_EOK && i < group->count; i++) {
		ret = hsm_token_lock(group->tokens[i], err);
		if (ret == HSM_EOK) {
			ret = label_objects(group->tokens[i], &id, label, err);
			hsm_token_unlock(group->tokens[i]);
		}
	}
	return ret;
}
