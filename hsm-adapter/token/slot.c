/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/slot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/token/rv.h"

size_t hsm_slot_text_len(const CK_UTF8CHAR *text, size_t size)
{
	size_t len = strnlen((const char *)text, size);
	while (len > 0 && text[len - 1] == ' ') {
		len--;
	}
	return len;
}

bool hsm_slot_has_label(const hsm_repository_t *repository, const CK_TOKEN_INFO *info)
{
	size_t len = hsm_slot_text_len(info->label, sizeof(info->label));
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
	char same[100];   /*!< The slots of the tokens that match, for the error text... */
	char others[200]; /*!< ...and the tokens that do not. */
} search_t;

static void add(char *list, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void add(char *list, size_t size, const char *fmt, ...)
{
	const size_t used = strlen(list);
	const char *comma = used > 0 ? ", " : "";
	char item[80];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(item, sizeof(item), fmt, args);
	va_end(args);
	(void)snprintf(list + used, size - used, "%s%s", comma, item);
}

static void look_at_slot(search_t *search, CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;
	CK_RV rv = search->module->C_GetTokenInfo(slot, &info);
	if (rv != CKR_OK) {
		/* It may be another one. */
		add(search->others, sizeof(search->others), "one in slot %lu that does not answer (CK_RV 0x%lx)",
		    slot, rv);
		return;
	}
	if (hsm_slot_has_label(search->repository, &info) &&
	    (!search->repository->in_slot || search->repository->slot == slot)) {
		search->matches++;
		search->slot = slot;
		search->flags = info.flags;
		add(search->same, sizeof(search->same), "%lu", slot);
		return;
	}
	int len = (int)hsm_slot_text_len(info.label, sizeof(info.label));
	if (len > 0) {
		add(search->others, sizeof(search->others), "\"%.*s\" in slot %lu", len,
		    info.label, slot);
	}
}

static CK_RV look_at_slots(search_t *search, const hsm_library_t *library)
{
	CK_ULONG count = 0;
	if (library->folder != NULL) {
		look_at_slot(search, folder_slot(library->folder));
		return CKR_OK;
	}
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

int hsm_slot_find(const hsm_library_t *library, const hsm_repository_t *repository, CK_SLOT_ID *slot,
                  CK_FLAGS *flags, hsm_error_t *err)
{
	search_t search = { .module = library->module, .repository = repository };
	CK_RV rv = look_at_slots(&search, library);
	if (rv != CKR_OK) {
		return hsm_rv_error(repository->name, rv, "cannot list the slots", err);
	}
	if (search.matches == 0) {
		char where[40] = "";
		if (repository->in_slot) {
			snprintf(where, sizeof(where), "slot %lu of ", repository->slot);
		}
		return hsm_error_set(err, HSM_ETOKEN, 0, "repository \"%s\": no token labelled "
		                     "\"%s\" in %s%s, check <TokenLabel>%s and the token; there is "
		                     "%s", repository->name, repository->token_label, where,
		                     repository->module, repository->in_slot ? ", <Slot>" : "",
		                     search.others[0] != '\0' ? search.others : "none");
	}
	if (search.matches > 1) {
		return hsm_error_set(err, HSM_ETOKEN, 0, "repository \"%s\": %u tokens are "
		                     "labelled \"%s\" in %s, in the slots %s; give each its own "
		                     "label, or choose one by <Slot>", repository->name,
		                     search.matches, repository->token_label, repository->module,
		                     search.same);
	}
	*slot = search.slot;
	*flags = search.flags;
	return HSM_EOK;
}
