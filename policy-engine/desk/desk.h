/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The desk: what all parts of the engine look at together, and the lock over it.
 *
 * The engine's main thread does the work. The threads of the control socket look, and leave notes
 * of what is to be done. A thread holds the lock while it reads or writes the desk, except where a
 * field says otherwise. No thread holds the lock while it waits for a token, the module, a server
 * of a parent, or a program. Only the main thread replaces conf and policies; therefore it may read
 * these without the lock.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "policy-engine/database/db.h"
#include "policy-engine/desk/timekeeper.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/policy/policy.h"
#include "policy-engine/zone/live.h"

typedef struct {
	pthread_mutex_t lock;
	engine_conf_t conf;     /*!< conf.xml. */
	policies_t policies;    /*!< kasp.xml. */
	char *policies_text;    /*!< That file, as it was read last; NULL = not read yet. */
	char *policies_digest;  /*!< Its SHA-256, hexadecimal; NULL = not read yet. */
	db_t *db;
	live_t live;            /*!< The zones that the module has. */
	timekeeper_t clock;
	int64_t looked_at;      /*!< When the last round of work ended, Unix seconds; 0 = none yet. */
	bool audited;           /*!< There are notes for the audit in the database. */
	bool audit_failed;      /*!< Main thread only. The audit's file could not be written. */
	bool wake_all;          /*!< The next pass looks at all zones: policies or keys changed. */
	int64_t keys_wanted_at; /*!< Main thread only; see desk_keys_wanted(). */
	void (*wake)(void *ctx); /*!< Set once; see desk_wake(). */
	void *wake_ctx;
} desk_t;

/*!
 * Clears the desk. The caller fills conf, policies and db.
 *
 * \param wake  Has the main thread make its next pass now. Called from any thread, with or without
 *              the lock; must not block.
 */
void desk_init(desk_t *desk, void (*wake)(void *ctx), void *ctx);

/*! Closes the database, and frees conf, policies and zones. */
void desk_deinit(desk_t *desk);

/*! Has the main thread make its next pass now. Any thread, with or without the lock. */
void desk_wake(const desk_t *desk);

/*!
 * Says when to see which keys the zones lack, and to have them generated.
 *
 * Main thread only, with or without the lock. The last call counts.
 *
 * \param when  Unix seconds; 0 = in this pass, CORE_NEVER = not before the next call.
 */
void desk_keys_wanted(desk_t *desk, int64_t when);

/*!
 * Saves a zone in a transaction of its own, and has the zone looked at. Under the lock.
 *
 * \param zone  Its next look is set to now.
 * \return 0, or -1 if the database failed.
 */
int desk_save_zone(desk_t *desk, kasp_zone_t *zone, int64_t now);
