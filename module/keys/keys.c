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
		bool known = false;
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
	keys->ring = ring;
	pthread_mutex_unlock(&keys->lock);
	keyring_free(old);
	tokens_leave(keys->tokens);
	keys->tokens = tokens_use(tokens);
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

/*!
 * Notes whether a key of a ring is lacking.
 * \return Whether the ring serves all the same; if not, that of before does.
 */
static bool note_lack(keys_t *keys, const keyring_t *ring)
{
	const char *lack = keyring_lack(ring);
	const bool serves = lack == NULL || keys->ring == NULL ||
	                    keys->ring->set.revision == ring->set.revision;
	char text[TROUBLE_MAX];
	if (lack == NULL) {
		keys->lacking = 0;
		keys->failures = 0;
		keys->again_at = 0;
		return true;
	}
	keys->lacking = ring->set.revision;
	keys->again_at = time(NULL) + backoff_delay(&lack_delay, ++keys->failures);
	snprintf(text, sizeof(text), "%s; the zone is signed on without this key%s, but bogus when the "
	         "signature of its DNSKEY RRset expires: bring the key back", lack,
	         serves ? "" : ", with the key set of before");
	set_trouble(keys, LOG_ERR, text);
	return serves;
}

/*! Finds the keys of a key set in their tokens, which can take its time. */
static int find_keys(keys_t *keys, const char *text, tokens_t *tokens, const keys_calls_t *calls,
                     void *ctx)
{
	char reason[640] = "";
	keyring_t *ring = NULL;
	int ret = keyring_load(text, keys->args.zone, tokens->hsm, &ring, reason, sizeof(reason));
	if (ret != KNOT_EOK) {
		set_trouble(keys, LOG_ERR, reason);
		return ret;
	}
	if (!note_lack(keys, ring)) {
		keyring_free(ring);
		return KNOT_EOK;
	}
	calls->found(ctx, keys->ring != NULL ? &keys->ring->set : NULL, &ring->set);
	swap_ring(keys, ring, tokens);
	return KNOT_EOK;
}

/*! Whether there is no need to look for the keys of a key set now. */
static bool is_known(const keys_t *keys, uint64_t revision, const tokens_t *tokens)
{
	if (keys->again_at != 0 && keys->lacking == revision) {
		/* A clock that was set back does not make this wait for longer. */
		const int64_t left = keys->again_at - time(NULL);
		return left > 0 && left <= lack_delay.max;
	}
	return keys->ring != NULL && keys->tokens == tokens &&
	       revision == keys->ring->set.revision;
}

/*! Sees in the tokens' lane whether a key set is that of the ring. \param known  Whether it is. */
static int see_set(keys_t *keys, const char *text, const tokens_t *tokens, bool *known)
{
	char reason[640] = "";
	keyset_t set;
	if (keyset_read(text, &set, reason, sizeof(reason)) != 0) {
		set_trouble(keys, LOG_ERR, reason);
		return KNOT_EMALF;
	}
	*known = is_known(keys, set.revision, tokens);
	const bool entered = enter_lane(keys, &set);
	keyset_deinit(&set);
	return entered ? KNOT_EOK : KNOT_EBUSY;
}

/*** Which key set is in force. ***/

/*! Stores the key set in force, beside the one that is held. \param text  NULL: removes it. */
static int store_before(keys_t *keys, const char *text)
{
	store_txn_t txn;
	int ret = store_write(keys->args.store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = text != NULL ? store_set(&txn, STORE_BEFORE, keys->args.zone, text, strlen(text) + 1)
	                   : store_unset(&txn, STORE_BEFORE, keys->args.zone);
	return store_end(&txn, ret);
}

/*!
 * Gives the key set that stays in force while another is held, and has it outlast a restart.
 * \return KNOT_EOK, KNOT_ENOENT (there is none), other errors
 */
static int stay(keys_t *keys, char **text)
{
	char *stored = NULL;
	int ret = stored_set(keys, STORE_BEFORE, &stored);
	if (keys->ring != NULL && (ret == KNOT_EOK || ret == KNOT_ENOENT)) {
		char *now = keyset_write(&keys->ring->set);
		const bool same = stored != NULL && now != NULL && strcmp(stored, now) == 0;
		ret = now == NULL ? KNOT_ENOMEM : same ? KNOT_EOK : store_before(keys, now);
		free(stored);
		stored = now;
	}
	if (ret != KNOT_EOK) {
		free(stored);
		return ret;
	}
	free(*text);
	*text = stored;
	return KNOT_EOK;
}

/*! The stored key set is taken: that of before is no longer needed. */
static int leave(keys_t *keys)
{
	char *stored = NULL;
	int ret = stored_set(keys, STORE_BEFORE, &stored);
	free(stored);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret == KNOT_EOK ? store_before(keys, NULL) : ret;
}

/*! Reads the key set that was in force before a restart. \return Whether there is one. */
static bool read_before(const keys_t *keys, keyset_t *set)
{
	char *text = NULL, err[256];
	const bool is = stored_set(keys, STORE_BEFORE, &text) == KNOT_EOK &&
	                keyset_read(text, set, err, sizeof(err)) == 0;
	free(text);
	return is;
}

/*! The stored key set is not taken yet. */
static int stay_for_now(const keys_t *keys, char **text)
{
	free(*text);
	*text = keys->ring != NULL ? keyset_write(&keys->ring->set) : NULL;
	return *text != NULL ? KNOT_EOK : keys->ring != NULL ? KNOT_ENOMEM : KNOT_ENOENT;
}

/*! \param text  The stored key set; becomes that of before, if it may not be taken. */
static int choose_set(keys_t *keys, char **text, const keys_calls_t *calls, void *ctx)
{
	char reason[640] = "";
	int ret = KNOT_EOK;
	keyset_t set, stored;
	if (keyset_read(*text, &set, reason, sizeof(reason)) != 0) {
		set_trouble(keys, LOG_ERR, reason);
		return KNOT_EMALF;
	}
	if (keys->ring == NULL || keys->ring->set.revision != set.revision) {
		const bool is_stored = keys->ring == NULL && read_before(keys, &stored);
		const keys_may_t may = calls->may(ctx, is_stored ? &stored : keys->ring != NULL
		                                  ? &keys->ring->set : NULL, &set);
		if (is_stored) {
			keyset_deinit(&stored);
		}
		ret = may == KEYS_MAY ? leave(keys) : may == KEYS_MAY_NOT ? stay(keys, text)
		      : stay_for_now(keys, text);
	}
	if (ret != KNOT_EOK) {
		/* The last gate says why nothing is in force. */
		set_trouble(keys, LOG_ERR, ret == KNOT_ENOENT ? "" : store_strerror(ret));
	}
	keyset_deinit(&set);
	return ret;
}

int keys_look(keys_t *keys, bool anew, const keys_calls_t *calls, void *ctx)
{
	char reason[640] = "";
	tokens_t *tokens = holder_use(keys->args.holder, reason, sizeof(reason));
	if (tokens == NULL) {
		set_trouble(keys, LOG_ERR, reason);
		return KNOT_EAGAIN;
	}
	char *text = NULL;
	bool known = false;
	int ret = stored_set(keys, STORE_KEYSET, &text);
	if (ret == KNOT_ENOENT) {
		set_trouble(keys, LOG_NOTICE, "waiting for keys: the policy engine has not sent "
		            "any yet; is ods-engine running?");
	} else if (ret != KNOT_EOK) {
		set_trouble(keys, LOG_ERR, store_strerror(ret));
	} else {
		ret = choose_set(keys, &text, calls, ctx);
	}
	if (ret == KNOT_EOK) {
		ret = see_set(keys, text, tokens, &known);
	}
	if (ret == KNOT_EOK && (anew || !known)) {
		ret = find_keys(keys, text, tokens, calls, ctx);
	}
	if (ret == KNOT_EOK && keys->again_at == 0) {
		set_trouble(keys, LOG_ERR, "");
	}
	free(text);
	tokens_leave(tokens);
	return ret;
}

int64_t keys_again(const keys_t *keys)
{
	return keys->again_at;
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
	int ret = stored_set(keys, STORE_KEYSET, &text);
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
