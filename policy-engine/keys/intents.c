/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/intents.h"

#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/event.h"
#include "policy-engine/zone/dnskey.h"

/* A key that a token may have made, or not, when the engine ended. */
typedef struct {
	char *repository, *cka_id;
	uint8_t algorithm;
	unsigned bits;
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
	                                key->algorithm, key->bits };
	if (grown[all->count].repository == NULL || grown[all->count].cka_id == NULL) {
		free(grown[all->count].repository);
		free(grown[all->count].cka_id);
		return 1;
	}
	all->count++;
	return 0;
}

/* \param key  NULL = the token does not have the key. */
static int note_outcome(keys_t *keys, const intent_t *intent, const hsm_key_t *key)
{
	pthread_mutex_lock(&keys->desk->lock);
	int ret;
	if (key != NULL) {
		dnssec_binary_t public_key = hsm_key_public(key);
		ret = db_key_made(keys->desk->db, intent->repository, intent->cka_id,
		                  public_key.data, public_key.size);
	} else {
		ret = db_key_forget(keys->desk->db, intent->repository, intent->cka_id);
	}
	pthread_mutex_unlock(&keys->desk->lock);
	return ret;
}

static bool has_size(const intent_t *intent, const hsm_key_t *key)
{
	const dnssec_binary_t public_key = hsm_key_public(key);
	return dnskey_bits(intent->algorithm, public_key.data, public_key.size) == intent->bits;
}

/* No key comes of an intent. */
static int give_up(keys_t *keys, const intent_t *intent, const char *why)
{
	log_about(LOG_INFO, (about_t){ .event = "key-pair" },
	          "no key %s of repository %s: %s", intent->cka_id,
	          intent->repository, why);
	return note_outcome(keys, intent, NULL);
}

/* Finds out what became of an intent. \return 1 if the token has the key, 0, or -1 if the database
 * failed. */
static int resolve(keys_t *keys, const intent_t *intent, int64_t now)
{
	hsm_key_t *key = NULL;
	hsm_error_t err = { 0 };
	char why[TOKENS_PROBLEM_MAX];
	if (!repos_usable(keys->tokens, intent->repository, why)) {
		keys->intents = true;
		return 0;
	}
	const hsm_wanted_t wanted = { .repository = intent->repository, .cka_id = intent->cka_id,
		                      .algorithm = intent->algorithm };
	int ret = repos_find(keys->tokens, &wanted, now, &key, &err);
	if (ret == HSM_EOK && !has_size(intent, key)) {
		hsm_key_free(key);
		return give_up(keys, intent, "it has another size than the policy wants");
	}
	if (ret == HSM_EOK) {
		/* Whoever made it may have been killed before it was sure to stay. */
		ret = repos_settle(keys->tokens, intent->repository, now, &err);
	}
	if (ret == HSM_EOK) {
		log_about(LOG_INFO, (about_t){ .event = "key-pair" },
		          "adopted key %s of repository %s", intent->cka_id,
		          intent->repository);
		ret = note_outcome(keys, intent, key);
		hsm_key_free(key);
		return ret == 0 ? 1 : -1;
	}
	hsm_key_free(key);
	if (ret == HSM_ENOKEY || ret == HSM_EALGORITHM) {
		return give_up(keys, intent, err.text);
	}
	keys->intents = true;
	return 0;
}

int intents_pass(keys_t *keys, int64_t now, bool *adopted)
{
	if (!keys->intents) {
		return 0;
	}
	intents_t all = { 0 };
	pthread_mutex_lock(&keys->desk->lock);
	int ret = db_keys_intended(keys->desk->db, collect, &all);
	pthread_mutex_unlock(&keys->desk->lock);

	keys->intents = false;
	for (size_t i = 0; i < all.count; i++) {
		if (ret == 0) {
			int found = resolve(keys, &all.intents[i], now);
			*adopted = *adopted || found > 0;
			ret = found < 0 ? -1 : 0;
		}
		free(all.intents[i].repository);
		free(all.intents[i].cka_id);
	}
	free(all.intents);
	return ret;
}
