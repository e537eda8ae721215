/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Write transactions of several threads, made durable by one commit.
 *
 * With many small zones a commit's wait for the disk takes longer than all else. So a thread that
 * waits for its turn to write joins the transaction that is open: the first thread of a group has
 * that transaction; the others have, one after the other, a transaction nested in it. When the last
 * thread is done, or the group has been open for long, the first commits for all of them. What a
 * thread writes becomes durable as a whole, or not at all; if the commit fails, it fails for all.
 *
 * Errors are LMDB's. All functions but group_new(), group_free() and group_set_wait() may be called
 * by any thread.
 */
#pragma once

#include <stdbool.h>

#include <lmdb.h>

#include "module/store/guard.h"

typedef struct group group_t;

/*! Called when a thread begins to wait, for its turn or for the disk, and when the thread goes
 * on. */
typedef void (*group_wait_f)(void *ctx, bool waits);

/*! \param guard  Of the environment's map; may be NULL. \return 0, ENOMEM */
int group_new(group_t **group, MDB_env *env, guard_t *guard);

/*! NULL is allowed. */
void group_free(group_t *group);

/*! Sets a function that is told of waiting; to be called before there are transactions. */
void group_set_wait(group_t *group, group_wait_f wait, void *ctx);

/*! Waits for the caller's turn and begins a transaction; one of the following two ends it. */
int group_begin(group_t *group, MDB_txn **txn);

/*! Commits: what was written is on the disk when this returns 0, and undone otherwise. */
int group_commit(group_t *group, MDB_txn *txn);

/*! Undoes what was written. */
void group_abort(group_t *group, MDB_txn *txn);
