/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/generate.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>

#include "policy-engine/audit/note.h"
#include "policy-engine/base/event.h"
#include "policy-engine/keys/demand.h"
#include "policy-engine/keys/intents.h"
#include "policy-engine/keys/prove.h"

#define CKA_ID_BYTES 16 /* Random: two keys never get the same CKA_ID. */
#define CKA_ID_TEXT (2 * CKA_ID_BYTES + 1)
#define BATCH_MAX 128 /* Keys noted in one transaction: a sync to disk takes longer than some keys. */
#define PASS_S 2     /* Seconds; then all else that the engine does gets its turn. */
#define RETRY_S 30   /* Seconds; after a token failed to make a key that a zone waits for. */

static void take_orders(keys_t *keys)
{
	pthread_mutex_lock(&keys->desk->lock);
	for (size_t i = 0; i < keys->orders.count; i++) {
		const want_t *order = &keys->orders.wants[i];
		wants_order(&keys->wants, &order->kind, order->count);
	}
	wants_deinit(&keys->orders);
	keys->intents = keys->intents || keys->adopt;
	keys->adopt = false;
	pthread_mutex_unlock(&keys->desk->lock);
}

/* Forgets what failed: a person may order it again, zones ask again by themselves.
 * \param failed  Set if zones wait for it. \return Whether there is more to do. */
static bool drop_wants(keys_t *keys, int64_t now, bool *failed)
{
	unsigned left = wants_drop(&keys->wants, failed);
	if (*failed) {
		desk_keys_wanted(keys->desk, now + RETRY_S);
	}
	pthread_mutex_lock(&keys->desk->lock);
	keys->want_left = left;
	pthread_mutex_unlock(&keys->desk->lock);
	return left > 0;
}

/* A key on its way. The database knows it before the token makes it: no key is lost in a crash. */
typedef struct {
	want_t *want;
	char cka_id[CKA_ID_TEXT];
	bool tried; /* The token was asked for it. */
	hsm_key_t *key;
} birth_t;

typedef struct {
	birth_t births[BATCH_MAX];
	size_t count;
} pair_batch_t;

static bool choose_id(char cka_id[CKA_ID_TEXT])
{
	uint8_t random[CKA_ID_BYTES];
	if (gnutls_rnd(GNUTLS_RND_RANDOM, random, sizeof(random)) != 0) {
		log_about(LOG_ERROR, (about_t){ .event = "key-pair" },
		          "no random numbers to be had, no key generated");
		return false;
	}
	for (size_t i = 0; i < CKA_ID_BYTES; i++) {
		snprintf(cka_id + 2 * i, 3, "%02x", random[i]);
	}
	return true;
}

/* Notes the next keys that are wanted. */
static int note_intents(keys_t *keys, pair_batch_t *batch, int64_t now)
{
	*batch = (pair_batch_t){ 0 };
	pthread_mutex_lock(&keys->desk->lock);
	int ret = db_begin(keys->desk->db);
	for (size_t i = 0; i < keys->wants.count && ret == 0; i++) {
		want_t *want = &keys->wants.wants[i];
		while (want->count > 0 && batch->count < BATCH_MAX && ret == 0) {
			birth_t *birth = &batch->births[batch->count];
			birth->want = want;
			if (!choose_id(birth->cka_id)) {
				break;
			}
			ret = db_key_intend(keys->desk->db, want->kind.repository, birth->cka_id,
			                    want->kind.algorithm, want->kind.bits, now);
			batch->count++;
			want->count--;
		}
	}
	ret = ret == 0 ? db_commit(keys->desk->db) : ret;
	pthread_mutex_unlock(&keys->desk->lock);
	return ret;
}

static int note_made(keys_t *keys, const birth_t *birth)
{
	char what[512];
	const kind_t *kind = &birth->want->kind;
	snprintf(what, sizeof(what), "repository %s, CKA_ID %s, algorithm %u, %u bits",
	         kind->repository, birth->cka_id, kind->algorithm, kind->bits);
	return audit_note(keys->desk, &(audit_t){ .who = "policy", .action = "key-pair-made",
	                                          .what = what });
}

/* Notes the keys that the token made, and forgets those it was not asked for. A key that failed
 * stays an intent: the token may have made it all the same. */
static int note_outcomes(keys_t *keys, const pair_batch_t *batch)
{
	db_t *db = keys->desk->db;
	pthread_mutex_lock(&keys->desk->lock);
	int ret = db_begin(db);
	for (size_t i = 0; i < batch->count && ret == 0; i++) {
		const birth_t *birth = &batch->births[i];
		const char *repository = birth->want->kind.repository;
		if (birth->key != NULL) {
			dnssec_binary_t public_key = hsm_key_public(birth->key);
			ret = db_key_made(db, repository, birth->cka_id, public_key.data,
			                  public_key.size);
			ret = ret == 0 ? note_made(keys, birth) : ret;
		} else if (!birth->tried) {
			ret = db_key_forget(db, repository, birth->cka_id);
		}
	}
	ret = ret == 0 ? db_commit(db) : ret;
	pthread_mutex_unlock(&keys->desk->lock);
	return ret;
}

static bool stop_pending(void)
{
	sigset_t pending;
	return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) == 1 ||
	                                     sigismember(&pending, SIGINT) == 1);
}

/* No more keys of that kind are made in this pass, others are; the token may have made it all the same. */
static void fail(keys_t *keys, want_t *want)
{
	want->count = 0;
	want->failed = true;
	keys->intents = true;
}

static bool generate(keys_t *keys, birth_t *birth, int64_t now)
{
	want_t *want = birth->want;
	hsm_error_t err = { 0 };
	birth->tried = true;
	const kind_t *kind = &want->kind;
	const hsm_key_spec_t spec = { .repository = kind->repository,
	                              .algorithm = kind->algorithm, .bits = kind->bits,
	                              .cka_id = birth->cka_id };
	int ret = repos_generate(keys->tokens, &spec, now, &birth->key, &err);
	if (ret != HSM_EOK) {
		log_about(LOG_ERROR, (about_t){ .event = "key-pair" },
		          "no key of algorithm %u generated in repository %s: %s",
		          want->kind.algorithm, want->kind.repository, err.text);
		birth->key = NULL;
		fail(keys, want);
		return false;
	}
	if (keys->verbose) {
		log_about(LOG_DEBUG, (about_t){ .event = "key-pair" },
		          "generated a key of algorithm %u in repository %s, "
		          "CKA_ID %s", want->kind.algorithm, want->kind.repository, birth->cka_id);
	}
	prove_made(keys, kind, birth->key, now);
	return true;
}

/* Removes the keys of a repository, since they may not stay; those that cannot be removed remain intents. */
static void drop_keys(keys_t *keys, pair_batch_t *batch, const char *repository, int64_t now)
{
	for (size_t i = 0; i < batch->count; i++) {
		birth_t *birth = &batch->births[i];
		if (birth->key != NULL && strcmp(birth->want->kind.repository, repository) == 0) {
			(void)repos_remove(keys->tokens, repository, birth->cka_id, now, NULL);
			hsm_key_free(birth->key);
			birth->key = NULL;
			fail(keys, birth->want);
		}
	}
}

/* Has the keys stay, whatever happens, before they are noted: once for all that are in one repository. */
static void settle(keys_t *keys, pair_batch_t *batch, int64_t now)
{
	const char *settled = "";
	for (size_t i = 0; i < batch->count; i++) {
		const birth_t *birth = &batch->births[i];
		const char *repository = birth->want->kind.repository;
		hsm_error_t err = { 0 };
		if (birth->key == NULL || strcmp(repository, settled) == 0) {
			continue;
		}
		settled = repository;
		if (repos_settle(keys->tokens, repository, now, &err) != HSM_EOK) {
			log_about(LOG_ERROR, (about_t){ .event = "key-pair" },
			          "keys generated in repository %s may not be on the disk, and are "
			          "not used: %s", repository, err.text);
			drop_keys(keys, batch, repository, now);
		}
	}
}

/* \return 1 if there may be more to do, 0 if not, -1 if the database failed. */
static int generate_batch(keys_t *keys, int64_t now, time_t end, bool *made)
{
	pair_batch_t batch;
	if (note_intents(keys, &batch, now) != 0) {
		return -1;
	}
	for (size_t i = 0; i < batch.count && time(NULL) <= end && !stop_pending(); i++) {
		birth_t *birth = &batch.births[i];
		*made = (!birth->want->failed && generate(keys, birth, now)) || *made;
	}
	settle(keys, &batch, now);
	int ret = batch.count > 0 ? note_outcomes(keys, &batch) : 0;
	for (size_t i = 0; i < batch.count; i++) {
		want_t *want = batch.births[i].want;
		want->count += !batch.births[i].tried && !want->failed;
		hsm_key_free(batch.births[i].key);
	}
	return ret == 0 ? batch.count > 0 : -1;
}

static void mark_wanting(void *ctx, live_zone_t *zone)
{
	if (zone->wants) {
		live_mark(ctx, zone, true);
	}
}

int generate_pass(keys_t *keys, int64_t now, bool *more)
{
	bool made = false;
	int ret = intents_pass(keys, now, &made);
	ret = ret == 0 ? prove_pass(keys, now, &made) : ret;
	ret = ret == 0 ? demand_pass(keys, now) : ret;
	take_orders(keys);
	time_t end = time(NULL) + PASS_S;
	bool going = ret == 0 && keys->wants.count > 0;
	while (going && time(NULL) <= end && !stop_pending()) {
		int done = generate_batch(keys, now, end, &made);
		ret = done < 0 ? -1 : 0;
		going = done > 0;
	}
	bool failed = false;
	bool left = drop_wants(keys, now, &failed);
	const bool is_turn = turn_take(&keys->turn, now, made, wants_left(&keys->wants, NULL));
	if (is_turn || failed) { /* They get their key, or say why not. */
		pthread_mutex_lock(&keys->desk->lock);
		live_each(&keys->desk->live, mark_wanting, &keys->desk->live);
		pthread_mutex_unlock(&keys->desk->lock);
	}
	*more = *more || made || left;
	return ret;
}
