/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>

#include "policy-engine/base/event.h"
#include "policy-engine/engine/internal.h"
#include "policy-engine/keys/kinds.h"

#define CKA_ID_BYTES 16
#define CKA_ID_TEXT (2 * CKA_ID_BYTES + 1)
#define BATCH_MAX 16 /* Keys noted in one transaction. */
#define PASS_S 2     /* A pass ends after that, so that finished zones are not held up. */
#define RETRY_S 30   /* After a token failed to make a key that a zone waits for. */

static bool is_kind(const want_t *want, const policy_key_t *key)
{
	return kind_is(key, want->repository, want->algorithm, want->bits);
}

/* The entry for such keys, made if there is none; NULL if out of memory. */
static want_t *find_want(engine_t *e, const policy_key_t *key, bool ordered)
{
	for (size_t i = 0; i < e->want_count; i++) {
		if (e->wants[i].ordered == ordered && is_kind(&e->wants[i], key)) {
			return &e->wants[i];
		}
	}
	want_t *wants = reallocarray(e->wants, e->want_count + 1, sizeof(*wants));
	char *name = strdup(key->repository);
	e->wants = wants != NULL ? wants : e->wants;
	if (wants == NULL || name == NULL) {
		free(name);
		return NULL;
	}
	want_t *want = &wants[e->want_count++];
	*want = (want_t){ .repository = name, .algorithm = key->algorithm, .bits = key->bits,
	                  .ordered = ordered };
	return want;
}

bool wants_set(engine_t *e, const policy_key_t *key, unsigned count)
{
	want_t *want = find_want(e, key, false);
	if (want != NULL) {
		want->count = count;
	}
	return want != NULL;
}

bool wants_left(const engine_t *e, const char *repository)
{
	for (size_t i = 0; i < e->want_count; i++) {
		const want_t *want = &e->wants[i];
		if (!want->ordered && want->count > 0 && strcmp(want->repository, repository) == 0) {
			return true;
		}
	}
	return false;
}

uint64_t orders_of(const engine_t *e, const policy_key_t *key)
{
	uint64_t count = 0;
	for (size_t i = 0; i < e->want_count; i++) {
		const want_t *want = &e->wants[i];
		count += want->ordered && is_kind(want, key) ? want->count : 0;
	}
	for (size_t i = 0; i < e->order_count; i++) {
		count += is_kind(&e->orders[i], key) ? e->orders[i].count : 0;
	}
	return count;
}

static void free_list(want_t **list, size_t *count)
{
	for (size_t i = 0; i < *count; i++) {
		free((*list)[i].repository);
	}
	free(*list);
	*list = NULL;
	*count = 0;
}

void wants_deinit(engine_t *e)
{
	free_list(&e->wants, &e->want_count);
	free_list(&e->orders, &e->order_count);
}

bool orders_add(engine_t *e, const policy_key_t *key, unsigned count)
{
	want_t *orders = reallocarray(e->orders, e->order_count + 1, sizeof(*orders));
	if (orders == NULL) {
		return false;
	}
	e->orders = orders;
	orders[e->order_count] = (want_t){ .repository = strdup(key->repository),
	                                   .algorithm = key->algorithm, .bits = key->bits,
	                                   .count = count, .ordered = true };
	bool ordered = orders[e->order_count].repository != NULL;
	e->order_count += ordered;
	return ordered;
}

static void take_orders(engine_t *e)
{
	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < e->order_count; i++) {
		const want_t *order = &e->orders[i];
		const policy_key_t key = { .algorithm = order->algorithm, .bits = order->bits,
		                           .repository = order->repository };
		want_t *want = find_want(e, &key, true);
		if (want != NULL) {
			want->count += order->count;
		}
	}
	free_list(&e->orders, &e->order_count);
	pthread_mutex_unlock(&e->lock);
}

/* What failed is not wanted any more if a person ordered it; zones ask again. \return Whether there
 * is more to do. */
static bool drop_wants(engine_t *e, int64_t now)
{
	size_t kept = 0;
	unsigned left = 0;
	for (size_t i = 0; i < e->want_count; i++) {
		want_t *want = &e->wants[i];
		if (want->failed && !want->ordered) {
			e->want_at = now + RETRY_S;
		}
		if (!want->failed && want->count > 0) {
			left += want->count;
			e->wants[kept++] = *want;
		} else {
			free(want->repository);
		}
	}
	e->want_count = kept;
	pthread_mutex_lock(&e->lock);
	e->want_left = left;
	pthread_mutex_unlock(&e->lock);
	return kept > 0;
}

/* A key on its way: noted before the token makes it, so that none is lost with us. */
typedef struct {
	want_t *want;
	char cka_id[CKA_ID_TEXT];
	bool tried; /* The token was asked, whatever came of it. */
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
		log_event(LOG_ERROR, NULL, "no random numbers to be had, no key generated");
		return false;
	}
	for (size_t i = 0; i < CKA_ID_BYTES; i++) {
		snprintf(cka_id + 2 * i, 3, "%02x", random[i]);
	}
	return true;
}

/* Notes the next keys that are wanted. */
static int note_intents(engine_t *e, pair_batch_t *batch, int64_t now)
{
	*batch = (pair_batch_t){ 0 };
	pthread_mutex_lock(&e->lock);
	int ret = db_begin(e->db);
	for (size_t i = 0; i < e->want_count && ret == 0; i++) {
		want_t *want = &e->wants[i];
		while (want->count > 0 && batch->count < BATCH_MAX && ret == 0) {
			birth_t *birth = &batch->births[batch->count];
			birth->want = want;
			if (!choose_id(birth->cka_id)) {
				break;
			}
			ret = db_key_intend(e->db, want->repository, birth->cka_id,
			                    want->algorithm, want->bits, now);
			batch->count++;
			want->count--;
		}
	}
	ret = ret == 0 ? db_commit(e->db) : ret;
	pthread_mutex_unlock(&e->lock);
	return ret;
}

/* What a token made is noted; what it was not asked for is forgotten; what failed stays an intent,
 * since the token may have made it all the same. */
static int note_outcomes(engine_t *e, const pair_batch_t *batch)
{
	pthread_mutex_lock(&e->lock);
	int ret = db_begin(e->db);
	for (size_t i = 0; i < batch->count && ret == 0; i++) {
		const birth_t *birth = &batch->births[i];
		if (birth->key != NULL) {
			dnssec_binary_t public_key = hsm_key_public(birth->key);
			ret = db_key_made(e->db, birth->want->repository, birth->cka_id,
			                  public_key.data, public_key.size);
		} else if (!birth->tried) {
			ret = db_key_forget(e->db, birth->want->repository, birth->cka_id);
		}
	}
	ret = ret == 0 ? db_commit(e->db) : ret;
	pthread_mutex_unlock(&e->lock);
	return ret;
}

static bool stop_pending(void)
{
	sigset_t pending;
	return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) == 1 ||
	                                     sigismember(&pending, SIGINT) == 1);
}

static bool generate(engine_t *e, birth_t *birth, int64_t now)
{
	want_t *want = birth->want;
	hsm_error_t err = { 0 };
	birth->tried = true;
	int ret = repos_generate(e->tokens, want->repository, want->algorithm, want->bits,
	                         birth->cka_id, now, &birth->key, &err);
	if (ret != HSM_EOK) {
		log_event(LOG_ERROR, NULL, "no key of algorithm %u generated in repository %s: %s",
		          want->algorithm, want->repository, err.text);
		birth->key = NULL;
		want->count = 0; /* No more of that kind in this pass; the others go on. */
		want->failed = true;
		e->intents = true;
		return false;
	}
	if (e->verbose) {
		log_event(LOG_DEBUG, NULL, "generated a key of algorithm %u in repository %s, "
		          "CKA_ID %s", want->algorithm, want->repository, birth->cka_id);
	}
	return true;
}

/* \return 1 if there may be more to do, 0 if not, -1 if the database failed. */
static int generate_batch(engine_t *e, int64_t now, time_t end, bool *made)
{
	pair_batch_t batch;
	if (note_intents(e, &batch, now) != 0) {
		return -1;
	}
	for (size_t i = 0; i < batch.count && time(NULL) <= end && !stop_pending(); i++) {
		birth_t *birth = &batch.births[i];
		*made = (!birth->want->failed && generate(e, birth, now)) || *made;
	}
	int ret = batch.count > 0 ? note_outcomes(e, &batch) : 0;
	for (size_t i = 0; i < batch.count; i++) {
		want_t *want = batch.births[i].want;
		want->count += !batch.births[i].tried && !want->failed;
		hsm_key_free(batch.births[i].key);
	}
	return ret == 0 ? batch.count > 0 : -1;
}

/* A generation that may or may not have taken place. */
typedef struct {
	char *repository, *cka_id;
	uint8_t algorithm;
} intent_t;

typedef struct {
	intent_t *intents;
	size_t count;
} intents_t;

static int collect(void *ctx, const db_token_key_t *key)
{
	intents_t *all = ctx;
	intent_t *grown = reallocarray(all->intents, all->count + 1, sizeof(*grown));
	if (grown == NULL) {
		return 1;
	}
	all->intents = grown;
	grown[all->count] = (intent_t){ strdup(key->repository), strdup(key->cka_id),
	                                key->algorithm };
	if (grown[all->count].repository == NULL || grown[all->count].cka_id == NULL) {
		free(grown[all->count].repository);
		free(grown[all->count].cka_id);
		return 1;
	}
	all->count++;
	return 0;
}

/* key is NULL if there is none. */
static int note_outcome(engine_t *e, const intent_t *intent, const hsm_key_t *key)
{
	pthread_mutex_lock(&e->lock);
	int ret;
	if (key != NULL) {
		dnssec_binary_t public_key = hsm_key_public(key);
		ret = db_key_made(e->db, intent->repository, intent->cka_id, public_key.data,
		                  public_key.size);
	} else {
		ret = db_key_forget(e->db, intent->repository, intent->cka_id);
	}
	pthread_mutex_unlock(&e->lock);
	return ret;
}

/* Finds out what became of one. \return 1 if a key turned up, 0, or -1 if the database failed. */
static int resolve(engine_t *e, const intent_t *intent, int64_t now)
{
	hsm_key_t *key = NULL;
	hsm_error_t err = { 0 };
	char why[TOKENS_PROBLEM_MAX];
	if (!repos_usable(e->tokens, intent->repository, why)) {
		e->intents = true;
		return 0;
	}
	int ret = repos_find(e->tokens, intent->repository, intent->algorithm, intent->cka_id, now,
	                     &key, &err);
	if (ret == HSM_EOK) {
		log_event(LOG_INFO, NULL, "adopted key %s of repository %s, whose generation was "
		          "interrupted", intent->cka_id, intent->repository);
		ret = note_outcome(e, intent, key);
		hsm_key_free(key);
		return ret == 0 ? 1 : -1;
	}
	if (ret == HSM_ENOKEY) {
		return note_outcome(e, intent, NULL);
	}
	e->intents = true;
	return 0;
}

static int resolve_intents(engine_t *e, int64_t now, bool *made)
{
	intents_t all = { 0 };
	pthread_mutex_lock(&e->lock);
	int ret = db_keys_intended(e->db, collect, &all);
	pthread_mutex_unlock(&e->lock);

	e->intents = false;
	for (size_t i = 0; i < all.count; i++) {
		if (ret == 0) {
			int found = resolve(e, &all.intents[i], now);
			*made = *made || found > 0;
			ret = found < 0 ? -1 : 0;
		}
		free(all.intents[i].repository);
		free(all.intents[i].cka_id);
	}
	free(all.intents);
	return ret;
}

static void mark_wanting(void *ctx, live_zone_t *zone)
{
	if (zone->wants) {
		live_mark(ctx, zone, true);
	}
}

int generate_pass(engine_t *e, int64_t now, bool *more)
{
	bool made = false;
	int ret = e->intents ? resolve_intents(e, now, &made) : 0;
	ret = ret == 0 ? demand_pass(e, now) : ret;
	take_orders(e);
	time_t end = time(NULL) + PASS_S;
	bool going = ret == 0 && e->want_count > 0;
	while (going && time(NULL) <= end && !stop_pending()) {
		int done = generate_batch(e, now, end, &made);
		ret = done < 0 ? -1 : 0;
		going = done > 0;
	}
	bool left = drop_wants(e, now);
	if (made) {
		pthread_mutex_lock(&e->lock);
		live_each(&e->live, mark_wanting, &e->live);
		pthread_mutex_unlock(&e->lock);
	}
	*more = *more || made || left;
	return ret;
}
