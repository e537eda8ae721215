/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/event.h"
#include "policy-engine/engine/internal.h"

#define RETIRE_AGAIN_S 1
#define RETIRE_FAILED_S 600
#define BATCH_MAX 32 /* A token may be slow, and there is other work. */

/* A key pair that no zone has any more. */
typedef struct {
	int64_t id;
	char *repository, *cka_id;
} retired_t;

typedef struct {
	engine_t *e;
	retired_t keys[BATCH_MAX];
	size_t count;
} retire_batch_t;

static int collect(void *ctx, const db_token_key_t *key)
{
	retire_batch_t *batch = ctx;
	char why[TOKENS_PROBLEM_MAX];
	if (!repos_usable(batch->e->tokens, key->repository, why)) {
		return 0;
	}
	retired_t *retired = &batch->keys[batch->count];
	*retired = (retired_t){ key->id, strdup(key->repository), strdup(key->cka_id) };
	batch->count++;
	return batch->count == BATCH_MAX;
}

/* \return Whether the token has it no more. */
static bool remove_key(engine_t *e, const retired_t *key, int64_t now)
{
	hsm_error_t err = { 0 };
	if (key->repository == NULL || key->cka_id == NULL) {
		return false;
	}
	int ret = repos_remove(e->tokens, key->repository, key->cka_id, now, &err);
	if (ret == HSM_EOK) {
		log_event(LOG_INFO, NULL, "removed key %s of repository %s: no zone has it any "
		          "more, and <Purge> has passed", key->cka_id, key->repository);
	} else if (ret != HSM_ENOKEY) {
		log_event(LOG_WARNING, NULL, "key %s of repository %s, which no zone has any more, "
		          "is not removed: %s; trying again later", key->cka_id, key->repository,
		          err.text);
	}
	return ret == HSM_EOK || ret == HSM_ENOKEY;
}

static int forget(engine_t *e, int64_t id)
{
	pthread_mutex_lock(&e->lock);
	int ret = db_key_drop(e->db, id);
	pthread_mutex_unlock(&e->lock);
	return ret;
}

int retire_pass(engine_t *e, int64_t now)
{
	if (now < e->retire_at) {
		return 0;
	}
	retire_batch_t batch = { .e = e };
	pthread_mutex_lock(&e->lock);
	int ret = db_keys_retired(e->db, collect, &batch);
	pthread_mutex_unlock(&e->lock);

	e->retire_at = batch.count > 0 ? now + RETIRE_AGAIN_S : CORE_NEVER;
	for (size_t i = 0; i < batch.count; i++) {
		if (ret == 0 && remove_key(e, &batch.keys[i], now)) {
			ret = forget(e, batch.keys[i].id);
		} else {
			e->retire_at = now + RETIRE_FAILED_S;
		}
		free(batch.keys[i].repository);
		free(batch.keys[i].cka_id);
	}
	return ret;
}
