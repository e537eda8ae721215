/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Write transactions of several threads, made durable by one commit.
 *
 * With many small zones a commit's wait for the disk takes longer than all else. So who waits for
 * its turn to write joins the transaction that is open: the first of a group has that transaction,
 * the others, one after the other, one that is nested in it. When the last of them is done, or the
 * group has been open for long, the first commits for all of them. Each one's own is done as a
 * whole, or not at all; a failure of the commit is a failure of all.
 *
 * Errors are LMDB's.
 */
#pragma once

#include <stdbool.h>

#include <lmdb.h>

typedef struct group group_t;

/*! Called when a thread begins to wait, for its turn or for the disk, and when it goes on. */
typedef void (*group_wait_f)(void *ctx, bool waits);

/*! \return 0, ENOMEM */
int group_new(group_t **group, MDB_env *env);

/*! NULL is allowed. */
void group_free(group_t *group);

/*! Sets who is told of waiting; before there are transactions. */
void group_set_wait(group_t *group, group_wait_f wait, void *ctx);

/*! Begins a transaction, when it is the caller's turn. He ends it by one of these two. */
int group_begin(group_t *group, MDB_txn **txn);

/*! Ends it; what it did is on the disk when this returns 0, and undone otherwise. */
int group_commit(group_t *group, MDB_txn *txn);

void group_abort(group_t *group, MDB_txn *txn);
