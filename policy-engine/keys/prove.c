/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/prove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/event.h"

#define GOOD_S 3600 /* Seconds for which a pair that has signed may be given to a zone. */
#define LOST_S 3600 /* Seconds until a pair is looked for again that its token does not have. */
#define RETRY_S 30  /* Seconds until one is tried again that a replica lacks, or that has failed. */
#define BATCH_MAX 64
#define PASS_S 2    /* Seconds; then zones that have their keys now get their turn. */

/* A pair that is to prove itself; a copy. */
typedef struct {
	char *cka_id;
	uint8_t *public_key;
	size_t len;
} pair_t;

typedef struct {
	const keys_t *keys;
	int64_t now;
	pair_t pairs[BATCH_MAX];
	size_t count;
} pairs_t;

static void free_pairs(pairs_t *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		free(batch->pairs[i].cka_id);
		free(batch->pairs[i].public_key);
	}
	batch->count = 0;
}

static int collect(void *ctx, const db_token_key_t *key)
{
	pairs_t *batch = ctx;
	if (proofs_look(&batch->keys->proofs, key->cka_id, batch->now) != PROOF_LACKS) {
		return 0;
	}
	pair_t *pair = &batch->pairs[batch->count];
	*pair = (pair_t){ strdup(key->cka_id), malloc(key->public_key_len + 1),
		          key->public_key_len };
	batch->count++;
	if (pair->cka_id == NULL || pair->public_key == NULL) {
		free_pairs(batch);
		return 1;
	}
	memcpy(pair->public_key, key->public_key, pair->len);
	return batch->count == BATCH_MAX;
}

static bool has_replicas(const keys_t *keys, const char *repository)
{
	pthread_mutex_lock(&keys->desk->lock);
	const hsm_repository_t *conf = hsm_conf_repository(&keys->desk->conf.tokens, repository);
	const bool has = conf != NULL && conf->replica_count > 0;
	pthread_mutex_unlock(&keys->desk->lock);
	return has;
}

/* Notes that a pair cannot be used. One that its token does not have is lost; what a replica lacks may be
 * copied there soon. */
static void fail(keys_t *keys, const kind_t *kind, const char *cka_id, int code,
                 const hsm_error_t *err, int64_t now)
{
	proofs_t *proofs = &keys->proofs;
	const bool lost = code == HSM_ENOKEY && !has_replicas(keys, kind->repository);
	if (lost) {
		log_about(LOG_WARNING, (about_t){ .event = "key-pair" },
		          "no zone gets the unused key %s: %s", cka_id, err->text);
	} else {
		proofs->again = now + RETRY_S;
	}
	snprintf(proofs->why, sizeof(proofs->why), "%s", err->text);
	proofs_note(proofs, cka_id, PROOF_BAD, now + (lost ? LOST_S : RETRY_S));
}

/* \return Whether the pair works. */
static bool prove(keys_t *keys, const kind_t *kind, const pair_t *pair, int64_t now)
{
	hsm_error_t err = { 0 };
	const hsm_wanted_t wanted = {
		.repository = kind->repository, .cka_id = pair->cka_id, .algorithm = kind->algorithm,
		.public = { .data = pair->public_key, .size = pair->len },
	};
	const int ret = repos_prove(keys->tokens, &wanted, now, &err);
	if (ret != HSM_EOK) {
		fail(keys, kind, pair->cka_id, ret, &err, now);
		return false;
	}
	return proofs_note(&keys->proofs, pair->cka_id, PROOF_GOOD, now + GOOD_S);
}

/* Has the pairs of a kind prove themselves. \return 1 if there may be more, 0, or -1 if the database
 * failed. */
static int prove_some(keys_t *keys, const kind_t *kind, int64_t now, bool *found)
{
	db_t *db = keys->desk->db;
	pairs_t batch = { .keys = keys, .now = now };
	const time_t end = time(NULL) + PASS_S;
	pthread_mutex_lock(&keys->desk->lock);
	int ret = db_keys_unused(db, kind->repository, kind->algorithm, kind->bits, collect, &batch);
	pthread_mutex_unlock(&keys->desk->lock);
	const bool more = batch.count == BATCH_MAX;
	for (size_t i = 0; i < batch.count && time(NULL) <= end; i++) {
		*found = prove(keys, kind, &batch.pairs[i], now) || *found;
	}
	free_pairs(&batch);
	return ret != 0 ? -1 : more;
}

int prove_pass(keys_t *keys, int64_t now, bool *found)
{
	proofs_t *proofs = &keys->proofs;
	char why[TOKENS_PROBLEM_MAX];
	proofs_expire(proofs, now);
	if (proofs->again != 0 && now >= proofs->again) {
		proofs->again = 0;
		*found = true; /* Who waits asks anew. */
	}
	wants_t asked = proofs->asked;
	proofs->asked = (wants_t){ 0 };
	int ret = 0;
	for (size_t i = 0; i < asked.count && ret == 0; i++) {
		const kind_t *kind = &asked.wants[i].kind;
		int more = repos_usable(keys->tokens, kind->repository, why)
		           ? prove_some(keys, kind, now, found) : 0;
		if (more > 0) {
			wants_order(&proofs->asked, kind, 1);
		}
		ret = more < 0 ? -1 : 0;
	}
	wants_deinit(&asked);
	return ret;
}

void prove_made(keys_t *keys, const kind_t *kind, const hsm_key_t *key, int64_t now)
{
	const dnssec_binary_t public = hsm_key_public(key);
	const pair_t pair = { (char *)hsm_key_id(key), public.data, public.size };
	if (has_replicas(keys, kind->repository)) {
		(void)prove(keys, kind, &pair, now);
	} else {
		(void)proofs_note(&keys->proofs, pair.cka_id, PROOF_GOOD, now + GOOD_S);
	}
}
