/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/retire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/audit/note.h"
#include "policy-engine/base/event.h"
#include "policy-engine/core/core.h"

#define RETIRE_AGAIN_S 1    /* Seconds until the next batch: there may be more. */
#define RETIRE_FAILED_S 600 /* Seconds until a key is tried again that could not be removed. */
#define BATCH_MAX 32        /* Keys in one pass: a token may be slow, and other work waits. */

/* A key pair that no zone has any more. */
typedef struct {
	int64_t id;
	char *repository, *cka_id;
} retired_t;

typedef struct {
	keys_t *keys;
	retired_t retired[BATCH_MAX];
	size_t count;
} retire_batch_t;

static int collect(void *ctx, const db_token_key_t *key)
{
	retire_batch_t *batch = ctx;
	char why[TOKENS_PROBLEM_MAX];
	if (!repos_usable(batch->keys->tokens, key->repository, why)) {
		return 0;
	}
	retired_t *retired = &batch->retired[batch->count];
	*retired = (retired_t){ key->id, strdup(key->repository), strdup(key->cka_id) };
	batch->count++;
	return batch->count == BATCH_MAX;
}

/* \return Whether the token does not have the key any more. */
static bool remove_key(keys_t *keys, const retired_t *key, int64_t now)
{
	hsm_error_t err = { 0 };
	if (key->repository == NULL || key->cka_id == NULL) {
		return false;
	}
	int ret = repos_remove(keys->tokens, key->repository, key->cka_id, now, &err);
	if (ret == HSM_EOK) {
		log_about(LOG_INFO, (about_t){ .event = "key-pair" },
		          "removed key %s of repository %s: no zone has it any "
		          "more, and <Purge> has passed", key->cka_id, key->repository);
	} else if (ret != HSM_ENOKEY) {
		log_about(LOG_WARNING, (about_t){ .event = "key-pair" },
		          "key %s of repository %s, which no zone has any more, "
		          "is not removed: %s; trying again later", key->cka_id, key->repository,
		          err.text);
	}
	return ret == HSM_EOK || ret == HSM_ENOKEY;
}

static int forget(keys_t *keys, const retired_t *key)
{
	char what[512];
	snprintf(what, sizeof(what), "repository %s, CKA_ID %s", key->repository, key->cka_id);
	pthread_mutex_lock(&keys->desk->lock);
	int ret = db_key_drop(keys->desk->db, key->id);
	ret = ret == 0 ? audit_note(keys->desk, &(audit_t){
			 .who = "policy", .action = "key-pair-removed", .what = what,
			 .why = "no zone has it any more, and <Purge> has passed" }) : ret;
	pthread_mutex_unlock(&keys->desk->lock);
	return ret;
}

int retire_pass(keys_t *keys, int64_t now)
{
	if (now < keys->retire_at) {
		return 0;
	}
	retire_batch_t batch = { .keys = keys };
	pthread_mutex_lock(&keys->desk->lock);
	int ret = db_keys_retired(keys->desk->db, collect, &batch);
	pthread_mutex_unlock(&keys->desk->lock);

	keys->retire_at = batch.count > 0 ? now + RETIRE_AGAIN_S : CORE_NEVER;
	for (size_t i = 0; i < batch.count; i++) {
		if (ret == 0 && remove_key(keys, &batch.retired[i], now)) {
			ret = forget(keys, &batch.retired[i]);
		} else {
			keys->retire_at = now + RETIRE_FAILED_S;
		}
		free(batch.retired[i].repository);
		free(batch.retired[i].cka_id);
	}
	return ret;
}
