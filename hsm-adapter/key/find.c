/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include <stdlib.h>

#include "common/clock.h"
#include "common/thread.h"
#include "hsm-adapter/key/key.h"
#include "hsm-adapter/token/tokens.h"

/* A key is looked for in one replica, and, if that has no answer for so many milliseconds, in the next as
 * well: one that hangs does not keep waiting who can have the key elsewhere. */
#define PATIENCE_MS 2000

typedef struct search search_t;

/*! A token, and the thread that looks there. */
typedef struct {
	search_t *search;
	hsm_token_t *token;
	bool ended;
	int ret;
	hsm_error_t err;
} seeker_t;

/*! Of who asks, and of the threads: the last one frees it. */
struct search {
	hsm_key_made_of_t of;
	dnssec_binary_t public;  /*!< As hsm_wanted_t. */
	pthread_mutex_t lock;
	pthread_cond_t news;
	unsigned users;
	hsm_key_t *found;        /*!< By the first that has it. */
	size_t started, ended;
	seeker_t seekers[];
};

static search_t *new_search(const hsm_key_made_of_t *of, const hsm_wanted_t *wanted)
{
	search_t *search = calloc(1, sizeof(*search) + of->group->count * sizeof(search->seekers[0]));
	if (search == NULL) {
		return NULL;
	}
	if (wanted->public.size > 0 && dnssec_binary_dup(&wanted->public, &search->public) != 0) {
		free(search);
		return NULL;
	}
	search->of = *of;
	search->users = 1;
	pthread_mutex_init(&search->lock, NULL);
	monotonic_cond_init(&search->news);
	return search;
}

/*! One has no use for it any more. With the lock held, which ends by that. */
static void leave_search(search_t *search)
{
	const bool last = --search->users == 0;
	pthread_mutex_unlock(&search->lock);
	if (last) {
		hsm_key_free(search->found);
		dnssec_binary_free(&search->public);
		pthread_cond_destroy(&search->news);
		pthread_mutex_destroy(&search->lock);
		free(search);
	}
}

static bool is_wanted(const dnssec_binary_t *public, const hsm_key_t *key)
{
	return public->size == 0 || dnssec_binary_cmp(public, &key->public.key) == 0;
}

static int other_key(const hsm_token_t *token, const hsm_id_t *id, hsm_error_t *err)
{
	return hsm_error_set(err, HSM_ENOKEY, 0, "repository \"%s\": the key with the CKA_ID %s is "
	                     "another one than the zone publishes; copy the right one there",
	                     token->conf.name, id->hex);
}

static void *look(void *arg)
{
	seeker_t *seeker = arg;
	search_t *search = seeker->search;
	hsm_token_t *token = seeker->token;
	hsm_key_t *key = NULL;
	hsm_error_t err = { 0 };
	int ret = hsm_key_find_in(&search->of, token, &key, &err);
	if (ret == HSM_EOK && !is_wanted(&search->public, key)) {
		hsm_key_free(key);
		key = NULL;
		ret = other_key(token, &search->of.id, &err);
	}
	pthread_mutex_lock(&search->lock);
	seeker->ended = true;
	seeker->ret = ret;
	seeker->err = err;
	search->ended++;
	if (key != NULL && search->found == NULL) {
		search->found = key;
		key = NULL;
	}
	pthread_cond_signal(&search->news);
	leave_search(search);
	hsm_key_free(key);
	hsm_token_release(token);
	return NULL;
}

/*! Has a thread look there. With the lock held, but not while there is no thread to be had. */
static void start(search_t *search, hsm_token_t *token)
{
	pthread_t thread;
	seeker_t *seeker = &search->seekers[search->started++];
	*seeker = (seeker_t){ .search = search, .token = token };
	search->users++;
	hsm_token_hold(token);
	if (thread_start(&thread, look, seeker) == KNOT_EOK) {
		pthread_detach(thread);
		return;
	}
	pthread_mutex_unlock(&search->lock);
	look(seeker);
	pthread_mutex_lock(&search->lock);
}

/*! Waits for what was started last, or, if that was all, for all. With the lock held. */
static void await(search_t *search, bool all)
{
	const seeker_t *last = &search->seekers[search->started - 1];
	const int64_t until_ms = monotonic_ms() + PATIENCE_MS;
	while (search->found == NULL && search->ended < search->started && (all || !last->ended)) {
		if (all) {
			pthread_cond_wait(&search->news, &search->lock);
		} else if (!monotonic_wait(&search->news, &search->lock, until_ms)) {
			return;
		}
	}
}

/*! \return What is known of the key without any call, and can be seen without a wait. */
static hsm_key_t *known(const hsm_key_made_of_t *of, const dnssec_binary_t *public)
{
	choice_t choice = choice_of(of->group);
	hsm_token_t *token;
	while ((token = choice_next(&choice)) != NULL) {
		hsm_key_t *key = NULL;
		if (hsm_key_find_known(of, token, false, &key) && is_wanted(public, key)) {
			return key;
		}
		hsm_key_free(key);
	}
	return NULL;
}

/*! Takes what was found; else tells what says most. With the lock held. */
static int conclude(search_t *search, hsm_key_t **key, hsm_error_t *err)
{
	if (search->found != NULL) {
		*key = search->found;
		search->found = NULL;
		return HSM_EOK;
	}
	int ret = HSM_EOK;
	for (size_t i = 0; i < search->started; i++) {
		hsm_key_note_worse(&ret, err, search->seekers[i].ret, &search->seekers[i].err);
	}
	return ret;
}

static int find_among(const hsm_key_made_of_t *of, const hsm_wanted_t *wanted, hsm_key_t **key,
                      hsm_error_t *err)
{
	hsm_key_t *at_once = known(of, &wanted->public);
	if (at_once != NULL) {
		*key = at_once;
		return HSM_EOK;
	}
	search_t *search = new_search(of, wanted);
	if (search == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	choice_t choice = choice_of(of->group);
	pthread_mutex_lock(&search->lock);
	while (search->found == NULL && !choice_is_empty(&choice)) {
		start(search, choice_next(&choice));
		await(search, choice_is_empty(&choice));
	}
	const int ret = conclude(search, key, err);
	leave_search(search);
	return ret;
}

int hsm_key_find(hsm_t *hsm, const hsm_wanted_t *wanted, hsm_key_t **key, hsm_error_t *err)
{
	hsm_key_made_of_t of = {
		.group = hsm_group(hsm, wanted->repository, err),
		.algorithm = hsm_algorithm(wanted->algorithm),
	};
	if (of.group == NULL) {
		return HSM_EREPOSITORY;
	}
	if (of.algorithm == NULL) {
		return hsm_error_set(err, HSM_EALGORITHM, 0, "algorithm %u is not supported",
		                     wanted->algorithm);
	}
	const int ret = hsm_id_read(&of.id, wanted->repository, wanted->cka_id, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	/* Who has one token only tells by itself what is wrong there. */
	return of.group->count == 1 ? hsm_key_find_in(&of, of.group->tokens[0], key, err)
	                            : find_among(&of, wanted, key, err);
}
