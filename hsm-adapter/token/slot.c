/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/token/rv.h"

bool hsm_slot_has_label(const hsm_repository_t *repository, const CK_TOKEN_INFO *info)
{
	size_t len = p11_kit_space_strlen(info->label, sizeof(info->label));
	return len == strlen(repository->token_label) &&
	       memcmp(info->label, repository->token_label, len) == 0;
}

/*! A look through the slots, and what it found. */
typedef struct {
	CK_FUNCTION_LIST *module;
	const hsm_repository_t *repository;
	unsigned matches;
	CK_SLOT_ID slot;
	CK_FLAGS flags;
	char others[200]; /*!< The labels that are there, for the error text. */
} search_t;

static void look_at_slot(search_t *search, CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;
	if (search->module->C_GetTokenInfo(slot, &info) != CKR_OK) {
		return; /* It does not matter if another token is broken. */
	}
	if (hsm_slot_has_label(search->repository, &info)) {
		search->matches++;
		search->slot = slot;
		search->flags = info.flags;
		return;
	}
	int len = (int)p11_kit_space_strlen(info.label, sizeof(info.label));
	if (len > 0) {
		size_t used = strlen(search->others);
		(void)snprintf(search->others + used, sizeof(search->others) - used,
		               "%s\"%.*s\"", used > 0 ? ", " : "", len, info.label);
	}
}

static CK_RV look_at_slots(search_t *search)
{
	CK_ULONG count = 0;
	CK_RV rv = search->module->C_GetSlotList(CK_TRUE, NULL, &count);
	if (rv != CKR_OK || count == 0) {
		return rv;
	}
	CK_SLOT_ID *slots = calloc(count, sizeof(*slots));
	if (slots == NULL) {
		return CKR_HOST_MEMORY;
	}
	rv = search->module->C_GetSlotList(CK_TRUE, slots, &count);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		look_at_slot(search, slots[i]);
	}
	free(slots);
	return rv;
}

int hsm_slot_find(CK_FUNCTION_LIST *module, const hsm_repository_t *repository, CK_SLOT_ID *slot,
                  CK_FLAGS *flags, hsm_error_t *err)
{
	search_t search = { .module = module, .repository = repository };
	CK_RV rv = look_at_slots(&search);
	if (rv != CKR_OK) {
		return hsm_rv_error(repository->name, rv, "cannot list the slots", err);
	}
	if (search.matches == 0) {
		return hsm_error_set(err, HSM_ETOKEN, 0, "repository \"%s\": no token labelled "
		                     "\"%s\" in %s, check <TokenLabel> and the token; there is %s",
		                     repository->name, repository->token_label,
		                     repository->module,
		                     search.others[0] != '\0' ? search.others : "none");
	}
	if (search.matches > 1) {
		return hsm_error_set(err, HSM_ETOKEN, 0, "repository \"%s\": %u tokens are "
		                     "labelled \"%s\" in %s, give each its own label",
		                     repository->name, search.matches, repository->token_label,
		                     repository->module);
	}
	*slot = search.slot;
	*flags = search.flags;
	return HSM_EOK;
}
