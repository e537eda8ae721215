/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone's keys: the key set that is stored, and its keys as found in their tokens.
 */
#pragma once

#include "module/base/trouble.h"
#include "module/keys/holder.h"
#include "module/keys/keyring.h"
#include "module/store/store.h"

/*! What a zone's keys need; all is borrowed. */
typedef struct {
	log_t *log;
	store_t *store;
	holder_t *holder;
	const knot_dname_t *zone; /*!< Lower case. */

	/*!
	 * The zone's work is about to wait for tokens. Zones that wait for the same tokens share a
	 * lane; if these tokens are slow, other zones do not notice.
	 * \return Whether the work goes on in that lane at once; else it has to begin anew.
	 */
	bool (*enter)(void *ctx, const char *lane);
	void *ctx;
} keys_args_t;

/*! Gets the keys that a zone is signed with; NULL: none were found yet. May add users. Must not block,
 *  nor call the keys' functions. */
typedef void (*keys_follow_f)(void *ctx, keyring_t *ring, tokens_t *tokens);

typedef struct {
	keys_args_t args;
	trouble_t trouble;         /*!< Why there are no keys to sign with, or only old ones. */
	trouble_t refusal;         /*!< Why the newest key set was not stored. */
	pthread_mutex_t lock;      /*!< Of what follows. */
	keyring_t *ring;           /*!< NULL at first. Only the worker changes it, and may read it
	                                without the lock. */
	tokens_t *tokens;          /*!< That the ring's keys are in; else as the ring. */
	keys_follow_f follow;      /*!< Who is told of other keys; NULL: nobody. */
	void *follow_ctx;
	uint64_t pending;          /*!< Revision of the key set that is stored... */
	bool pending_known;        /*!< ...which has been looked up. */

	/* The worker's own. */
	uint64_t lacking;          /*!< Revision of the key set of which a key was lacking last. */
	unsigned failures;         /*!< How often it was looked for and not found, or of no use. */
	uint32_t refresh, resign;  /*!< Of the stored key set; 0 = not known. */
	bool lacks;                /*!< It is lacking now. */
	int64_t again_at;          /*!< When to look for it again, Unix seconds. */
} keys_t;

void keys_init(keys_t *keys, const keys_args_t *args);

/*! The tokens may have to answer before this returns. */
void keys_deinit(keys_t *keys);

/*! Whether a key set may be taken. */
typedef enum {
	KEYS_MAY,
	KEYS_MAY_LATER, /*!< That is not known yet. */
	KEYS_MAY_NOT,
} keys_may_t;

/*! Whom keys_look() asks and tells. \param before  The key set in force; NULL: none is. */
typedef struct {
	/*! Asked of a key set that is not in force. */
	keys_may_t (*may)(void *ctx, const keyset_t *before, const keyset_t *set);

	/*! Its keys have been found, and are about to replace those of before. */
	void (*found)(void *ctx, const keyset_t *before, const keyset_t *set);
} keys_calls_t;

/*!
 * Gets the key set that is stored, and finds its keys if they are not found yet; for the worker.
 * While it may not be taken, the one before it stays in force, over a restart as well.
 *
 * If a key is lacking that signs the DNSKEY RRset alone, the zone is signed on without it. If
 * another one is lacking, or this key set has another DNSKEY RRset than the one that the newest
 * version was made with, that one's keys are found instead, if they can be: the change of the key
 * set waits alone. The trouble says so; the key is looked for again at keys_again().
 *
 * \param anew  Finds them in any case.
 * \return KNOT_EOK: there are keys to sign with; KNOT_EBUSY: they have to be looked for in another
 *         lane; KNOT_ENOENT: the policy engine has not sent any that may be taken; others
 */
int keys_look(keys_t *keys, bool anew, const keys_calls_t *calls, void *ctx);

/*!
 * A key that was found is of no use; for the worker. If it signs the DNSKEY RRset alone, the zone
 * is signed on without it, as when it is lacking.
 * \param key  Of the ring, which may be freed.
 * \return Whether the ring now has what to go on with
 */
bool keys_lose(keys_t *keys, const keyring_key_t *key, const char *why, const keys_calls_t *calls,
               void *ctx);

/*! Tells Refresh and Resign of the key set that is stored; for the worker. \return Whether they are
 *  known. */
bool keys_times(const keys_t *keys, uint32_t *refresh, uint32_t *resign);

/*! \return When to call keys_look() again for a lacking key, Unix seconds; 0 = no need. Worker. */
int64_t keys_again(const keys_t *keys);

/*!
 * Copies the text of the key set that is stored; from any thread.
 * \param text  To be freed.
 * \return KNOT_EOK, KNOT_ENOENT (there is none), KNOT_ENOMEM, or another error of the store
 */
int keys_stored(const keys_t *keys, char **text);

/*! A lacking key may be there again: has keys_look() look for it; for the worker. */
void keys_hasten(keys_t *keys);

/*! A key set has been stored; from any thread. */
void keys_pushed(keys_t *keys, uint64_t revision);

/*! A key set has not been stored, since the zone cannot be signed with it; from any thread. */
void keys_refused(keys_t *keys, const char *why);

/*! Copies what is wrong with the keys: why the newest set was refused, or why there are none to
 *  sign with, or only old ones; "" if all is well. */
void keys_trouble(keys_t *keys, char *out, size_t size);

/*! \return Revision of the key set that is stored, which may be newer than what is signed with; 0 =
 *  there is none. From any thread. */
uint64_t keys_pending(keys_t *keys);

/*! Calls a function with the key set whose keys were found, NULL if there is none; from any thread.
 *  The function must not block. */
void keys_with_set(keys_t *keys, void (*call)(void *ctx, const keyset_t *set), void *ctx);

/*! Calls a function now, and whenever other keys have been found. One at a time follows; the one before
 *  is not called any more. From any thread. */
void keys_follow(keys_t *keys, keys_follow_f follow, void *ctx);

/*! The one with this context does not follow any more. */
void keys_unfollow(keys_t *keys, const void *ctx);
