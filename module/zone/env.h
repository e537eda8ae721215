/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What all zones share.
 */
#pragma once

#include "common/tally.h"
#include "module/base/log.h"
#include "module/base/sched.h"
#include "module/keys/holder.h"
#include "module/publish/trigger.h"
#include "module/source/deaf.h"
#include "module/source/updater.h"
#include "module/source/watch.h"
#include "module/store/store.h"
#include "module/store/sweep.h"
#include "module/zone/news.h"
#include "module/zone/timekeeper.h"

/*! Does not change while there are zones. If nothing can be signed, what is behind news is
 * NULL but for trigger, asker and reader. */
typedef struct {
	log_t *log;
	const char *control_socket; /*!< Of the module, for remedies in messages. */
	holder_t *tokens;
	news_t *news;
	tally_t *tally;             /*!< Which zones are in which state, of health.h. */

	store_t *store;
	const char *storage;        /*!< Its folder. */
	timekeeper_t *timekeeper;
	sweep_t *sweep;             /*!< Of the store. */
	updater_t *updater;
	sched_t *workers;           /*!< Run zone_work(). */
	sched_t *fetchers;          /*!< Run what asks primaries, and the server's own tasks. */
	task_t *vigil;              /*!< Of the fetchers; sees which zones are short of time. */
	sched_t *checkers;          /*!< Run the operator's checks. */
	sched_t *outputs;           /*!< Write files of signed zones, and tell whom they are for. */
	sched_t *inquirers;         /*!< Ask secondaries. */
	deaf_t *deaf;               /*!< Secondaries that have not answered. */
	int stop_fd;                /*!< Readable when these have to end. */
	trigger_t *trigger;         /*!< Tells knotd of new versions. */
	trigger_t *asker;           /*!< Asks knotd which version it serves. */
	trigger_t *reader;          /*!< Asks knotd which keys it serves. */
	watch_t *watch;             /*!< Of zone files. */
} zone_env_t;
