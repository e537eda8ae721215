/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/keys.h"

void keys_init(keys_t *keys, desk_t *desk, bool verbose)
{
	*keys = (keys_t){ .desk = desk, .verbose = verbose, .intents = true };
}

void keys_deinit(keys_t *keys)
{
	wants_deinit(&keys->wants);
	wants_deinit(&keys->orders);
	proofs_deinit(&keys->proofs);
	repos_free(keys->tokens);
}

repos_t *keys_replace_tokens(keys_t *keys, repos_t *tokens)
{
	repos_t *old = keys->tokens;
	keys->tokens = tokens;
	proofs_deinit(&keys->proofs);
	keys->intents = true;
	keys->stock_at = 0;
	keys->salt_at = 0;
	desk_keys_wanted(keys->desk, 0);
	return old;
}

void keys_check_tokens(keys_t *keys, int64_t now)
{
	if (!repos_check(keys->tokens, now)) {
		return;
	}
	pthread_mutex_lock(&keys->desk->lock);
	keys->desk->wake_all = true;
	pthread_mutex_unlock(&keys->desk->lock);
	keys->retire_at = 0;
	keys->intents = true;
	desk_keys_wanted(keys->desk, 0);
}
