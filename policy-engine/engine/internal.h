/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the engine's own files share.
 *
 * The main thread does the work; the control server's thread looks, and leaves notes of what is
 * to be done. The lock covers all but what is marked; it is not held while a token, or the
 * module, is waited for.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "control/server.h"
#include "policy-engine/core/clock.h"
#include "policy-engine/database/db.h"
#include "policy-engine/engine/engine.h"
#include "policy-engine/keys/repos.h"
#include "policy-engine/parent/ds-watch.h"
#include "policy-engine/parent/recheck.h"
#include "policy-engine/policy/policy.h"
#include "policy-engine/zone/live.h"

/*! Keys to be generated: so many of that kind. */
typedef struct {
	char *repository;
	uint8_t algorithm;
	unsigned bits;
	unsigned count;
	bool failed;         /*!< The token could not make one. */
	bool ordered;        /*!< By a person; else a zone waits for them. */
} want_t;

typedef enum { RELOAD_NONE, RELOAD_WANTED, RELOAD_DONE } reload_t;

struct engine {
	char *conf_path;
	bool verbose;
	pthread_t main_thread;
	pthread_mutex_t lock;

	engine_conf_t conf;
	policies_t policies;
	repos_t *tokens;    /*!< Replaced under the lock, used by the main thread without. */
	db_t *db;
	live_t live;
	ds_watch_t *watch;
	recheck_t *recheck;
	ctl_server_t *ctl;

	char *generation;    /*!< Main thread only. Of the module's listing; "0" = all anew. */
	unsigned round;      /*!< Main thread only. Counts full listings. */
	bool signer_up;
	char signer_problem[512];

	bool wake_all;       /*!< All zones are to be looked at: policies or tokens changed. */
	bool intents;        /*!< Main thread only. Some generation may be unfinished. */
	want_t *wants;       /*!< Main thread only. */
	size_t want_count;
	int64_t want_at;     /*!< Main thread only. When to see what keys zones lack. */
	unsigned want_left;  /*!< How many keys are still to be generated. */
	want_t *orders;      /*!< By persons, for the next pass to add to wants. */
	size_t order_count;
	int64_t stock_at;    /*!< When to see whether there are enough keys in advance. */
	int64_t salt_at;     /*!< When a policy's salt is due. */
	int64_t retire_at;   /*!< When to look for keys that tokens can be rid of. */

	clock_mark_t clock;  /*!< When the clock was believed last. */
	clock_verdict_t clock_verdict;
	int64_t clock_saved; /*!< What of it is in the database. */

	reload_t reload;
	char reload_problem[512]; /*!< Of the last one; "" = it was taken. */
	pthread_cond_t reload_done;
};

/*! Has the main thread do its next pass now. */
void engine_wake(engine_t *e);

/*!
 * Looks after zones: all that are dirty or due, within one transaction.
 *
 * \param more  Set if some were left for the next pass.
 * \return 0, or -1 if the database failed.
 */
int enforce_pass(engine_t *e, int64_t now, bool *more);

/*!
 * Sees how many keys the zones lack that are not there yet, not even without a backup, and has
 * these generated: all at once, so that one backup does for all zones. Not locked.
 *
 * \return 0, or -1 if the database failed.
 */
int demand_pass(engine_t *e, int64_t now);

/*! Sets how many keys of a kind zones wait for. \return Whether memory sufficed. */
bool wants_set(engine_t *e, const policy_key_t *key, unsigned count);

/*! \return How many keys of a kind are to be generated, having been ordered. Locked. */
uint64_t orders_of(const engine_t *e, const policy_key_t *key);

/*! \return Whether keys for zones are still to be generated in the repository. Main thread. */
bool wants_left(const engine_t *e, const char *repository);

/*! Generates what is wanted, and finds out about generations that were interrupted. Not locked.
 *  \param more  Set if the next round should follow at once. \return 0, or -1 if the database failed. */
int generate_pass(engine_t *e, int64_t now, bool *more);

/*! Orders keys in advance. Locked. \return Whether the main thread will see to them. */
bool orders_add(engine_t *e, const policy_key_t *key, unsigned count);

/*! Orders what zones will want within <AutomaticKeyGenerationPeriod>, now and then. Not locked.
 *  \return 0, or -1 if the database failed. */
int stock_pass(engine_t *e, int64_t now);

/*! Frees wants and orders. */
void wants_deinit(engine_t *e);

/*! Removes key pairs from their tokens that no zone has any more. Not locked.
 *  \return 0, or -1 if the database failed. */
int retire_pass(engine_t *e, int64_t now);

/*! Takes over when the clock was believed last. \return 0, or -1 if the database failed. */
int engine_clock_load(engine_t *e);

/*!
 * Judges the clock. On a wrong one nothing is decided.
 *
 * \return 1 if it can be believed, 0 if not, -1 if the database failed.
 */
int engine_clock_check(engine_t *e, int64_t now);

/*! \return What time it is, as far as the clock can be believed: not later. Locked. */
int64_t engine_clock_now(const engine_t *e);

/*! Believes the clock as it is; somebody who looked at it says so. Locked. */
void engine_clock_accept(engine_t *e);

/*! Asks the module which zones changed. Not locked. \return 0, or -1 if the database failed. */
int signer_poll(engine_t *e);

/*! Hands over key sets that the module lacks. Not locked. */
void signer_push(engine_t *e, int64_t now);

/*! Makes salts where they are missing or due. \return 0, or -1 if the database failed. */
int salts_pass(engine_t *e, int64_t now);

/*! Reads conf.xml and kasp.xml anew; keeps what it has if they are bad. Not locked. */
void engine_reload(engine_t *e);

/*! The commands of the engine's control socket. */
extern const ctl_command_t control_commands[];
