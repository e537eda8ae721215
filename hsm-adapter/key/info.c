/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/key/info.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/key/search.h"
#include "hsm-adapter/token/rv.h"
#include "hsm-adapter/token/slot.h"
#include "hsm-adapter/token/tokens.h"

static void copy_padded(char *to, const CK_UTF8CHAR *from, size_t size)
{
	size_t len = hsm_slot_text_len(from, size);
	memcpy(to, from, len);
	to[len] = '\0';
	text_tame(to);
}

static uint64_t memory(CK_ULONG bytes)
{
	return (bytes == CK_UNAVAILABLE_INFORMATION) ? HSM_INFO_UNKNOWN : bytes;
}

static void ask_family(hsm_token_t *token, const hsm_algorithm_t *algorithm,
                       hsm_info_family_t *family)
{
	CK_FUNCTION_LIST *module = token->library.module;
	CK_MECHANISM_INFO info;
	const CK_MECHANISM_TYPE generates = hsm_mechanisms_choose(
		&token->mechanisms, algorithm->generate, algorithm->generate_else);
	const CK_MECHANISM_TYPE signs = hsm_mechanisms_choose(
		&token->mechanisms, algorithm->sign, algorithm->sign_data);
	family->name = algorithm->family;
	if (module->C_GetMechanismInfo(token->slot, generates, &info) == CKR_OK) {
		family->generates = (info.flags & CKF_GENERATE_KEY_PAIR) != 0;
		family->min_bits = (unsigned)info.ulMinKeySize;
		family->max_bits = (unsigned)info.ulMaxKeySize;
	}
	if (module->C_GetMechanismInfo(token->slot, signs, &info) == CKR_OK) {
		family->signs = (info.flags & CKF_SIGN) != 0;
	}
}

static void ask_families(hsm_token_t *token, hsm_info_t *info)
{
	size_t count = 0;
	const hsm_algorithm_t *algorithm = NULL;
	while ((algorithm = hsm_algorithm_next(algorithm)) != NULL) {
		/* Algorithms of one family stand together. */
		if (count == 0 || strcmp(info->families[count - 1].name, algorithm->family) != 0) {
			ask_family(token, algorithm, &info->families[count++]);
		}
	}
}

static int ask(hsm_token_t *token, hsm_info_t *info, hsm_error_t *err)
{
	CK_TOKEN_INFO said;
	CK_RV rv = token->library.module->C_GetTokenInfo(token->slot, &said);
	if (rv != CKR_OK) {
		return hsm_rv_error(token->conf.name, rv, "cannot ask the token", err);
	}
	memset(info, 0, sizeof(*info));
	int ret = hsm_search_count(token, &info->keys, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	copy_padded(info->label, said.label, sizeof(said.label));
	copy_padded(info->manufacturer, said.manufacturerID, sizeof(said.manufacturerID));
	copy_padded(info->model, said.model, sizeof(said.model));
	copy_padded(info->serial, said.serialNumber, sizeof(said.serialNumber));
	info->read_only = (said.flags & CKF_WRITE_PROTECTED) != 0;
	info->memory_total = memory(said.ulTotalPrivateMemory);
	info->memory_free = memory(said.ulFreePrivateMemory);
	ask_families(token, info);
	return HSM_EOK;
}

int hsm_info(hsm_t *hsm, const char *repository, hsm_info_t *info, hsm_error_t *err)
{
	const hsm_group_t *group = hsm_group(hsm, repository, err);
	hsm_token_t *token = NULL;
	int ret = group != NULL ? hsm_group_lock(group, &token, err) : HSM_EREPOSITORY;
	if (ret == HSM_EOK) {
		ret = ask(token, info, err);
		hsm_token_unlock(token);
	}
	return ret;
}
