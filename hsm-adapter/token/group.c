/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/group.h"

#include "common/clock.h"

#define SETTLED_MS 1000 /* Who has a seat keeps it for so long, unless the token fails. */

choice_t choice_of(const hsm_group_t *group)
{
	return (choice_t){ .group = group };
}

static uint32_t bit(size_t index)
{
	return UINT32_C(1) << index;
}

/*! Which of two tokens is to be preferred. */
static bool is_better(hsm_token_t *token, hsm_token_t *than)
{
	const bool works = tried_works(&token->tried);
	return works != tried_works(&than->tried)
	       ? works : atomic_load(&token->seats.count) < atomic_load(&than->seats.count);
}

hsm_token_t *choice_next(choice_t *choice)
{
	hsm_token_t *best = NULL;
	for (size_t i = 0; i < choice->group->count; i++) {
		hsm_token_t *token = choice->group->tokens[i];
		if ((choice->used & bit(i)) == 0 && (best == NULL || is_better(token, best))) {
			best = token;
		}
	}
	if (best != NULL) {
		choice_used(choice, best);
	}
	return best;
}

void choice_used(choice_t *choice, const hsm_token_t *token)
{
	for (size_t i = 0; i < choice->group->count; i++) {
		choice->used |= choice->group->tokens[i] == token ? bit(i) : 0;
	}
}

bool choice_is_empty(const choice_t *choice)
{
	return choice->used == (uint32_t)((UINT64_C(1) << choice->group->count) - 1);
}

int hsm_group_lock(const hsm_group_t *group, hsm_token_t **token, hsm_error_t *err)
{
	choice_t choice = choice_of(group);
	hsm_token_t *best = choice_next(&choice);
	int ret = hsm_token_lock(best, err);
	while (ret != HSM_EOK && !choice_is_empty(&choice)) {
		best = choice_next(&choice);
		if (hsm_token_lock(best, NULL) == HSM_EOK) {
			ret = HSM_EOK;
		}
	}
	if (ret == HSM_EOK) {
		*token = best;
	}
	return ret;
}

bool choice_better(const hsm_group_t *group, hsm_token_t *own, int64_t settled_ms)
{
	const bool works = tried_works(&own->tried);
	if (works && monotonic_ms() < settled_ms + SETTLED_MS) {
		return false;
	}
	for (size_t i = 0; i < group->count; i++) {
		hsm_token_t *token = group->tokens[i];
		if (token != own && tried_works(&token->tried) &&
		    (!works || atomic_load(&token->seats.count) + 1 < atomic_load(&own->seats.count))) {
			return true;
		}
	}
	return false;
}
