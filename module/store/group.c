/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/group.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/clock.h"

/* Milliseconds after which a round takes in no further thread: about as long as a commit takes, so
 * that the first thread waits at most twice as long as it would alone. */
#ifndef GROUP_OPEN_MS
#define GROUP_OPEN_MS 10
#endif

/*! A transaction and the threads that are in it; the last thread to leave frees it. */
typedef struct {
	MDB_txn *txn;
	int64_t opened;      /*!< Milliseconds, monotonic. */
	unsigned users;
	bool closed;         /*!< No thread comes in any more: it was open for long, or is being
	                          committed. */
	bool done;
	int ret;             /*!< What the commit returned, once done. */
} round_t;

struct group {
	MDB_env *env;
	guard_t *guard;
	group_wait_f wait;
	void *wait_ctx;
	pthread_mutex_t lock;
	pthread_cond_t turn; /*!< A thread that waits to begin can look whether it is its turn. */
	pthread_cond_t first;/*!< The first thread of the round can look whether it may commit. */
	pthread_cond_t done; /*!< A round is committed. */
	round_t *round;      /*!< The one that is open, or being committed; NULL: none. */
	bool busy;           /*!< A thread writes. */
	unsigned waiting;    /*!< Threads that wait to begin. */
};

int group_new(group_t **group, MDB_env *env, guard_t *guard)
{
	group_t *fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL) {
		return ENOMEM;
	}
	fresh->env = env;
	fresh->guard = guard;
	pthread_mutex_init(&fresh->lock, NULL);
	pthread_cond_init(&fresh->turn, NULL);
	pthread_cond_init(&fresh->first, NULL);
	pthread_cond_init(&fresh->done, NULL);
	*group = fresh;
	return 0;
}

void group_free(group_t *group)
{
	if (group != NULL) {
		pthread_mutex_destroy(&group->lock);
		pthread_cond_destroy(&group->turn);
		pthread_cond_destroy(&group->first);
		pthread_cond_destroy(&group->done);
		free(group);
	}
}

void group_set_wait(group_t *group, group_wait_f wait, void *ctx)
{
	group->wait = wait;
	group->wait_ctx = ctx;
}

static void tell(const group_t *group, bool waits)
{
	if (group->wait != NULL) {
		group->wait(group->wait_ctx, waits);
	}
}

/*! Takes a thread out of a round. With the lock held. */
static void leave(round_t *round)
{
	if (--round->users == 0) {
		free(round);
	}
}

/*! Tells whether another thread may still come in. With the lock held. */
static bool takes_in(const group_t *group)
{
	/* A round that was open for long may be large, and leave LMDB no room for dirty pages. */
	round_t *round = group->round;
	round->closed |= monotonic_ms() >= round->opened + GROUP_OPEN_MS;
	return !round->closed && group->waiting > 0;
}

/*! Ends a turn: the next thread has its turn; if none waits, the first one may commit. With the
 * lock held. */
static void pass_on(group_t *group)
{
	group->busy = false;
	if (group->round == NULL || takes_in(group)) {
		pthread_cond_signal(&group->turn);
	} else {
		pthread_cond_signal(&group->first);
	}
}

/*** Begin. ***/

static bool is_taken(const group_t *group)
{
	return group->busy || (group->round != NULL && group->round->closed);
}

static void take_turn(group_t *group)
{
	pthread_mutex_lock(&group->lock);
	const bool waits = is_taken(group);
	if (waits) {
		group->waiting++;
		pthread_mutex_unlock(&group->lock);
		tell(group, true);
		pthread_mutex_lock(&group->lock);
		while (is_taken(group)) {
			pthread_cond_wait(&group->turn, &group->lock);
		}
		group->waiting--;
	}
	group->busy = true;
	pthread_mutex_unlock(&group->lock);
	if (waits) {
		tell(group, false);
	}
}

/*! Opens a round, or a transaction in the round that is open; in the caller's turn. */
static int begin(group_t *group, MDB_txn **txn)
{
	if (group->round != NULL) {
		return guarded(group->guard,
		               mdb_txn_begin(group->env, group->round->txn, 0, txn));
	}
	round_t *round = calloc(1, sizeof(*round));
	int ret = round == NULL ? ENOMEM
	          : guarded(group->guard, mdb_txn_begin(group->env, NULL, 0, &round->txn));
	if (ret != 0) {
		free(round);
		return ret;
	}
	round->opened = monotonic_ms();
	round->users = 1;
	*txn = round->txn;
	pthread_mutex_lock(&group->lock);
	group->round = round;
	pthread_mutex_unlock(&group->lock);
	return 0;
}

int group_begin(group_t *group, MDB_txn **txn)
{
	take_turn(group);
	int ret = begin(group, txn);
	if (ret != 0) {
		pthread_mutex_lock(&group->lock);
		pass_on(group);
		pthread_mutex_unlock(&group->lock);
	}
	return ret;
}

/*** End. ***/

/*! The first thread's part: lets the others write, and commits. With the lock held. */
static int commit_round(group_t *group)
{
	round_t *round = group->round;
	pass_on(group);
	while (group->busy || takes_in(group)) {
		pthread_cond_wait(&group->first, &group->lock);
	}
	round->closed = true;
	pthread_mutex_unlock(&group->lock);
	const int ret = guarded(group->guard, mdb_txn_commit(round->txn));
	pthread_mutex_lock(&group->lock);
	round->ret = ret;
	round->done = true;
	group->round = NULL;
	pthread_cond_broadcast(&group->done);
	pthread_cond_signal(&group->turn);
	leave(round);
	return ret;
}

/*! Another thread's part: it has written, and waits for the commit. With the lock held. */
static int await_commit(group_t *group)
{
	round_t *round = group->round;
	round->users++;
	pass_on(group);
	while (!round->done) {
		pthread_cond_wait(&group->done, &group->lock);
	}
	const int ret = round->ret;
	leave(round);
	return ret;
}

int group_commit(group_t *group, MDB_txn *txn)
{
	const bool first = txn == group->round->txn;
	int ret = first ? 0 : guarded(group->guard, mdb_txn_commit(txn));
	tell(group, true);
	pthread_mutex_lock(&group->lock);
	if (ret != 0) {
		pass_on(group);
	} else {
		ret = first ? commit_round(group) : await_commit(group);
	}
	pthread_mutex_unlock(&group->lock);
	tell(group, false);
	return ret;
}

void group_abort(group_t *group, MDB_txn *txn)
{
	round_t *round = group->round;
	mdb_txn_abort(txn);
	pthread_mutex_lock(&group->lock);
	if (txn == round->txn) {
		/* No other thread is in it: those come in when the first one commits. */
		group->round = NULL;
		leave(round);
	}
	pass_on(group);
	pthread_mutex_unlock(&group->lock);
}
