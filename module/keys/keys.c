/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/keys/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/errcode.h>

#include "common/backoff.h"

/* Seconds after which a lacking key is looked for again: a token that is plugged in again is found
 * soon, one that stays away costs little. */
static const backoff_t lack_delay = { .first = 5, .max = 300 };

typedef struct {
	const keys_calls_t *calls;
	void *ctx;
} owner_t;

void keys_init(keys_t *keys, const keys_args_t *args)
{
	memset(keys, 0, sizeof(*keys));
	keys->args = *args;
	trouble_init(&keys->trouble);
	trouble_init(&keys->refusal);
	pthread_mutex_init(&keys->lock, NULL);
}

void keys_deinit(keys_t *keys)
{
	keyring_free(keys->ring);
	tokens_leave(keys->tokens);
	trouble_deinit(&keys->trouble);
	trouble_deinit(&keys->refusal);
	pthread_mutex_destroy(&keys->lock);
}

static void set_trouble(keys_t *keys, int priority, const char *text)
{
	trouble_set(&keys->trouble, keys->args.log, keys->args.zone, priority, text);
}

/*! Enters the lane of the tokens that a key set needs. */
static bool enter_lane(keys_t *keys, const keyset_t *set)
{
	char name[256] = "";
	size_t len = 0;
	for (size_t i = 0; i < set->key_count && len < sizeof(name); i++) {
		const char *repository = set->keys[i].repository;
		bool known = repository[0] == '\0';
		for (size_t n = 0; n < i && !known; n++) {
			known = strcmp(set->keys[n].repository, repository) == 0;
		}
		if (!known) {
			len += snprintf(name + len, sizeof(name) - len, "%s\n", repository);
		}
	}
	return keys->args.enter(keys->args.ctx, name);
}

static void swap_ring(keys_t *keys, keyring_t *ring, tokens_t *tokens)
{
	pthread_mutex_lock(&keys->lock);
	keyring_t *old = keys->ring;
	tokens_t *old_tokens = keys->tokens;
	keys->ring = ring;
	keys->tokens = tokens_use(tokens);
	if (keys->follow != NULL) {
		keys->follow(keys->follow_ctx, ring, tokens);
	}
	pthread_mutex_unlock(&keys->lock);
	keyring_free(old);
	tokens_leave(old_tokens);
}

/*! \param text  Copy of a key set that is stored. \return KNOT_EOK, KNOT_ENOENT, other errors */
static int stored_set(const keys_t *keys, store_record_t record, char **text)
{
	store_txn_t txn;
	const void *stored = NULL;
	size_t len = 0;
	int ret = store_read(keys->args.store, &txn);
	if (ret == KNOT_EOK) {
		ret = store_get(&txn, record, keys->args.zone, &stored, &len);
		*text = ret == KNOT_EOK ? strdup(stored) : NULL;
		ret = ret == KNOT_EOK && *text == NULL ? KNOT_ENOMEM : ret;
		store_abort(&txn);
	}
	return ret;
}

int keys_stored(const keys_t *keys, char **text)
{
	return stored_set(keys, STORE_KEYSET, text);
}

/*! \return The keys of the key set that the newest version was made with; NULL if that is the
 *  same one, or if a key of it cannot be found that signs the zone. */
static keyring_t *find_in_force(const keys_t *keys, hsm_t *hsm, uint64_t revision)
{
	char reason[640], *text = NULL;
	keyring_t *ring = NULL;
	if (stored_set(keys, STORE_IN_FORCE, &text) == KNOT_EOK &&
	    keyring_load(text, keys->args.zone, hsm, &ring, reason, sizeof(reason)) == KNOT_EOK &&
	    ring->set.revision == revision) {
		keyring_free(ring);
		ring = NULL;
	}
	free(text);
	return ring;
}

/*! Says that a key is lacking, and when it is looked for again. \param before  The zone is signed
 *  with the key set of before. */
static void note_lack(keys_t *keys, uint64_t revision, const char *why, const keyring_t *ring,
                      bool before)
{
	char text[TROUBLE_MAX];
	const int64_t now = time(NULL);
	/* One that was lost long ago, and then served, is looked for soon. */
	keys->failures = now - keys->again_at > 2 * lack_delay.max ? 1 : keys->failures + 1;
	keys->lacking = revision;
	keys->again_at = now + backoff_delay(&lack_delay, keys->failures);
	keys->lacks = true;
	snprintf(text, sizeof(text), "%s; the zone is signed on without this key%s%s: bring the key "
	         "back", why, before ? ", with the key set of before" : "", keyring_lack(ring) != NULL
	         ? ", but bogus when the signature of its DNSKEY RRset expires" : "");
	set_trouble(keys, LOG_ERR, text);
}

/*! Finds the keys of a key set in their tokens, which can take its time. */
static int find_keys(keys_t *keys, const char *text, const keyset_t *set, tokens_t *tokens,
                     const owner_t *owner)
{
	char reason[640] = "";
	keyring_t *ring = NULL, *before = NULL;
	const int ret = keyring_load(text, keys->args.zone, tokens->hsm, &ring, reason,
	                             sizeof(reason));
	const char *lack = ret == KNOT_EOK ? keyring_lack(ring) : reason;
	if (lack != NULL && (ret == KNOT_EOK || ret == KNOT_EAGAIN)) {
		before = find_in_force(keys, tokens->hsm, set->revision);
	}
	if (before != NULL && ret == KNOT_EOK && keyring_same_dnskeys(&before->set, set)) {
		keyring_free(before);
		before = NULL;
	}
	keyring_t *use = before != NULL ? before : ring;
	if (use == NULL) {
		set_trouble(keys, LOG_ERR, reason);
		return ret;
	}
	keys->lacks = false;
	if (lack != NULL) {
		note_lack(keys, set->revision, lack, use, before != NULL);
	}
	if (use != ring) {
		keyring_free(ring);
	}
	owner->calls->found(owner->ctx, keys->ring != NULL ? &keys->ring->set : NULL, &use->set);
	swap_ring(keys, use, tokens);
	return KNOT_EOK;
}

/*! Whether there is no need to look for the keys of a key set now. */
static bool is_known(const keys_t *keys, uint64_t revision, const tokens_t *tokens)
{
	if (keys->lacks && keys->lacking == revision) {
		/* A clock that was set back does not make this wait for longer. */
		const int64_t left = keys->again_at - time(NULL);
		return left > 0 && left <= lack_delay.max;
	}
	return keys->ring != NULL && keys->tokens == tokens &&
	       revision == keys->ring->set.revision;
}

/*** Which key set is in force. ***/

/*! Gives the key set that stays in force while another is held, or not judged yet. */
static int stay(const keys_t *keys, char **text)
{
	char *before = NULL;
	int ret = KNOT_EOK;
	if (keys->ring != NULL) {
		before = keyset_write(&keys->ring->set);
		ret = before != NULL ? KNOT_EOK : KNOT_ENOMEM;
	} else {
		ret = stored_set(keys, STORE_IN_FORCE, &before);
	}
	if (ret == KNOT_EOK) {
		free(*text);
		*text = before;
	}
	return ret;
}

/*! Reads the key set that was in force before a restart. \return Whether there is one. */
static bool read_in_force(const keys_t *keys, keyset_t *set)
{
	char *text = NULL, err[256];
	const bool is = stored_set(keys, STORE_IN_FORCE, &text) == KNOT_EOK &&
	                keyset_read(text, set, err, sizeof(err)) == 0;
	free(text);
	return is;
}

/*! Reads a text in place of what set has. */
static int read_set(keys_t *keys, const char *text, keyset_t *set)
{
	char reason[640] = "";
	keyset_t fresh;
	if (keyset_read(text, &fresh, reason, sizeof(reason)) != 0) {
		set_trouble(keys, LOG_ERR, reason);
		return KNOT_EMALF;
	}
	keyset_deinit(set);
	*set = fresh;
	return KNOT_EOK;
}

/*! \param text, set  The stored key set; become that of before, if it may not be taken. */
static int choose_set(keys_t *keys, char **text, keyset_t *set, const owner_t *owner)
{
	if (keys->ring != NULL && keys->ring->set.revision == set->revision) {
		return KNOT_EOK;
	}
	keyset_t before;
	const bool is_stored = keys->ring == NULL && read_in_force(keys, &before);
	const keys_may_t may = owner->calls->may(owner->ctx, is_stored ? &before : keys->ring != NULL
	                                         ? &keys->ring->set : NULL, set);
	if (is_stored) {
		keyset_deinit(&before);
	}
	if (may == KEYS_MAY) {
		return KNOT_EOK;
	}
	const int ret = stay(keys, text);
	if (ret != KNOT_EOK) {
		/* The last gate says why nothing is in force. */
		set_trouble(keys, LOG_ERR, ret == KNOT_ENOENT ? "" : store_strerror(ret));
		return ret;
	}
	return read_set(keys, *text, set);
}

/*! Looks for the keys of a key set. */
static int look(keys_t *keys, const char *text, const keyset_t *set, bool anew,
                const owner_t *owner)
{
	char reason[640] = "";
	tokens_t *tokens = holder_use(keys->args.holder, reason, sizeof(reason));
	if (tokens == NULL) {
		set_trouble(keys, LOG_ERR, reason);
		return KNOT_EAGAIN;
	}
	const bool known = is_known(keys, set->revision, tokens);
	int ret = enter_lane(keys, set) ? KNOT_EOK : KNOT_EBUSY;
	if (ret == KNOT_EOK && (anew || !known)) {
		ret = find_keys(keys, text, set, tokens, owner);
	}
	if (ret == KNOT_EOK && !keys->lacks) {
		set_trouble(keys, LOG_ERR, "");
	}
	tokens_leave(tokens);
	return ret;
}

int keys_look(keys_t *keys, bool anew, const keys_calls_t *calls, void *ctx)
{
	const owner_t owner = { calls, ctx };
	char *text = NULL;
	keyset_t set = { .revision = 0 };
	int ret = keys_stored(keys, &text);
	if (ret == KNOT_ENOENT) {
		set_trouble(keys, LOG_NOTICE, "waiting for keys: the policy engine has not sent "
		            "any yet; is ods-engine running?");
	} else if (ret != KNOT_EOK) {
		set_trouble(keys, LOG_ERR, store_strerror(ret));
	} else {
		ret = read_set(keys, text, &set);
		ret = ret == KNOT_EOK ? choose_set(keys, &text, &set, &owner) : ret;
	}
	if (ret == KNOT_EOK) {
		keys->refresh = set.refresh;
		keys->resign = set.resign;
		ret = look(keys, text, &set, anew, &owner);
	}
	keyset_deinit(&set);
	free(text);
	return ret;
}

bool keys_lose(keys_t *keys, const keyring_key_t *key, const char *why, const keys_calls_t *calls,
               void *ctx)
{
	const uint64_t revision = keys->ring->set.revision;
	if (key->info->sign_zone) {
		return false;
	}
	keyring_lose(keys->ring, key->info, why);
	keyring_t *before = find_in_force(keys, keys->tokens->hsm, revision);
	const bool other = before != NULL &&
	                   !keyring_same_dnskeys(&before->set, &keys->ring->set);
	if (other) {
		keyring_lose(before, key->info, why);
	}
	note_lack(keys, keys->lacks ? keys->lacking : revision, why, other ? before : keys->ring,
	          other);
	if (other) {
		calls->found(ctx, &keys->ring->set, &before->set);
		swap_ring(keys, before, keys->tokens);
	} else {
		keyring_free(before);
	}
	return true;
}

bool keys_times(const keys_t *keys, uint32_t *refresh, uint32_t *resign)
{
	*refresh = keys->refresh;
	*resign = keys->resign;
	return keys->refresh > 0;
}

int64_t keys_again(const keys_t *keys)
{
	return keys->lacks ? keys->again_at : 0;
}

void keys_hasten(keys_t *keys)
{
	keys->failures = 0;
	keys->again_at = 0;
}

void keys_pushed(keys_t *keys, uint64_t revision)
{
	pthread_mutex_lock(&keys->lock);
	keys->pending = revision;
	keys->pending_known = true;
	pthread_mutex_unlock(&keys->lock);
	trouble_set(&keys->refusal, keys->args.log, keys->args.zone, LOG_ERR, "");
}

void keys_refused(keys_t *keys, const char *why)
{
	trouble_set(&keys->refusal, keys->args.log, keys->args.zone, LOG_ERR, why);
}

void keys_trouble(keys_t *keys, char *out, size_t size)
{
	trouble_read(&keys->refusal, out, size);
	if (out[0] == '\0') {
		trouble_read(&keys->trouble, out, size);
	}
}

/*! Looks up the revision of the stored key set. With the lock held. */
static void look_up_pending(keys_t *keys)
{
	char *text = NULL, err[256];
	keyset_t set;
	int ret = keys_stored(keys, &text);
	if (ret != KNOT_EOK && ret != KNOT_ENOENT) {
		return;
	}
	keys->pending = 0;
	keys->pending_known = true;
	if (ret == KNOT_EOK && keyset_read(text, &set, err, sizeof(err)) == 0) {
		keys->pending = set.revision;
		keyset_deinit(&set);
	}
	free(text);
}

uint64_t keys_pending(keys_t *keys)
{
	pthread_mutex_lock(&keys->lock);
	if (!keys->pending_known) {
		look_up_pending(keys);
	}
	const uint64_t pending = keys->pending;
	pthread_mutex_unlock(&keys->lock);
	return pending;
}

void keys_with_set(keys_t *keys, void (*call)(void *ctx, const keyset_t *set), void *ctx)
{
	pthread_mutex_lock(&keys->lock);
	call(ctx, keys->ring != NULL ? &keys->ring->set : NULL);
	pthread_mutex_unlock(&keys->lock);
}

void keys_follow(keys_t *keys, keys_follow_f follow, void *ctx)
{
	pthread_mutex_lock(&keys->lock);
	keys->follow = follow;
	keys->follow_ctx = ctx;
	follow(ctx, keys->ring, keys->tokens);
	pthread_mutex_unlock(&keys->lock);
}

void keys_unfollow(keys_t *keys, const void *ctx)
{
	pthread_mutex_lock(&keys->lock);
	if (keys->follow_ctx == ctx) {
		keys->follow = NULL;
		keys->follow_ctx = NULL;
	}
	pthread_mutex_unlock(&keys->lock);
}
