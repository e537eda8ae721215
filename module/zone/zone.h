/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone: its source, its keys, its signer and what knotd serves of it, joined.
 *
 * These parts do not know the zone: each has its own state and lock, and calls the zone back. Five
 * tasks work for a zone: zone_work() (work.h), which alone may call what is for the worker,
 * fetch_work(), which asks primaries, external_work(), which runs the operator's check,
 * output_work(), which writes the signed zone to a file, and secondaries_work(), which asks secondaries.
 *
 * Order of the locks. While a thread holds one of these, it may take only those of lines below:
 *
 *     a write transaction of the store      one at a time in the process
 *     zones_t.lock
 *     zone_t.lock, reap_t.lock
 *     lock of source_t, keys_t, serving_t, signer_t, external_t, output_t, secondaries_t   only one of them
 *     locks of held_t, trouble_t, news_t, tally_t, holder_t, trigger_t, watch_t, schedulers and log
 *
 * No thread waits for tokens or primaries, or calls a part's owner back, with any of them held; a
 * store's read transaction waits for none of them. source_t.input_lock is only tried.
 */
#pragma once

#include "module/keys/keys.h"
#include "module/publish/external.h"
#include "module/publish/output.h"
#include "module/publish/secondaries.h"
#include "module/publish/serving.h"
#include "module/sign/signer.h"
#include "module/source/source.h"
#include "module/zone/env.h"
#include "module/zone/lasting.h"
#include "module/zone/shown.h"

/*! What the rule chain has found (judge.h); the worker's own, but for shut and stale. */
typedef struct {
	apex_t served;             /*!< What knotd serves... */
	int64_t served_ms;         /*!< ...as of then, monotonic_ms(); 0 = not known. */
	bool barred;               /*!< Versions are held, or let through by command. */
	atomic_bool shut;          /*!< They are held. So is the one that is there: the store can be
	                                an older copy, which knotd must not take. */
	bool fine;                 /*!< The newest version was seen to be no worse than... */
	uint32_t fine_serial;      /*!< ...this one, which knotd serves: nor are later ones. */
	atomic_bool stale;         /*!< The newest version is held: its signatures are worse than
	                                those that knotd serves. */
	uint64_t open;             /*!< Revision of a key set that is held, let through by command,
	                                or still to be judged; 0 = none. */
	int64_t again;             /*!< When to judge anew, Unix seconds; 0 = no need. */
} verdict_t;

/*! What a zone may be asked for beside what its source may (SOURCE_*); bits. */
enum {
	ZONE_KEYS = SOURCE_WISHES + 1,          /*!< Find the keys anew. */
	ZONE_RENEW = (SOURCE_WISHES + 1) << 1,  /*!< Make all signatures anew. */
	ZONE_AGAIN = (SOURCE_WISHES + 1) << 2,  /*!< What has failed need not wait any more. */
};

/*! What knot.conf says of a zone. */
typedef struct {
	source_settings_t source;
	primaries_t secondaries;   /*!< Those servers that knotd notifies. */
	char *policy;
	signpool_verify_t verify;
	bool validated;            /*!< knotd checks each version (dnssec-validation). */
	size_t journal_max;        /*!< What knotd can keep of the zone, bytes. */
	char *check;               /*!< The operator's check of each version; NULL: there is none. */
	unsigned check_limit;      /*!< Seconds that it may take. */
} zone_settings_t;

/*! Counts since knotd started. */
typedef struct {
	source_counters_t source;
	signer_counters_t signer;
	unsigned held;             /*!< Rules that hold something now; bits as of held_rules(). */
} zone_counters_t;

/*! Called, with the zone's lock held, when what it shows has changed. \param keys  NULL: none. */
typedef void (*zone_report_f)(void *ctx, const zone_counters_t *counters, const shown_t *shown,
                              const lasting_t *lasting, const keyset_t *keys);

typedef struct zone {
	const zone_env_t *env;
	knot_dname_t *name;        /*!< Lower case. */
	task_t task;               /*!< Of zone_work(), for the workers. */
	task_t fetch_task;         /*!< Of fetch_work(), for the fetchers. */
	task_t check_task;         /*!< Of external_work(), for the checkers. */
	task_t output_task;        /*!< Of output_work(), for the outputs. */
	task_t ask_task;           /*!< Of secondaries_work(), for the inquirers. */
	atomic_bool stop;          /*!< The zone is going away. */
	atomic_bool stopped;       /*!< It was, since this run began; it may be back. */
	unsigned users;            /*!< Under the lock of the zones (zones.h). */
	struct zone *next_gone;    /*!< In the reaper's list, under its lock (reap.h). */
	news_item_t news;
	tally_member_t tally;

	held_t held;               /*!< What the last gate holds back. */
	source_t source;
	keys_t keys;
	signer_t signer;
	serving_t serving;
	external_t external;
	output_t output;
	trouble_t older;           /*!< The store is an older copy than what knotd serves. */
	secondaries_t secondaries;

	pthread_mutex_t lock;      /*!< Of what follows. */
	bool unsure;               /*!< As in facts_t. */
	zone_settings_t settings;  /*!< Without those of the source, which has them. */
	unsigned wishes;           /*!< SOURCE_*, ZONE_* */
	shown_t shown;             /*!< Of the state, as last stored. */
	lasting_t lasting;         /*!< Of what is served. */
	int64_t due;               /*!< When there is something to do, Unix seconds; 0 = unknown. */
	zone_report_f report;
	void *report_ctx;

	/* The vigil's own. */
	int64_t short_since;       /*!< When it first saw that the zone is short of time, Unix
	                                seconds; 0 = it is not. */

	/* The worker's own. */
	verdict_t verdict;
	unsigned failures;         /*!< In a row. */
	int64_t held_until;        /*!< Changes are gathered for the next version until then, ms
	                                (sched_now()); 0 = they are not. */
} zone_t;

/*! \return A zone to be freed by zone_free(); NULL if out of memory. */
zone_t *zone_new(const zone_env_t *env, const knot_dname_t *name);

/*! The zone rests. Its tokens may have to answer before this returns. */
void zone_free(zone_t *zone);

/*! Takes the zone's tasks out of their schedulers. \return Whether none of them runs. */
bool zone_rests(zone_t *zone);

/*! \return The zone that has this place in the news. */
zone_t *zone_of_news(news_item_t *item);

/*! \return The zone that has this place in the tally. */
const zone_t *zone_of_tally(const tally_member_t *member);

/*** From any thread; none blocks. ***/

/*! Sets the settings; afterwards they are the old ones, to be freed by zone_settings_deinit(). */
void zone_configure(zone_t *zone, zone_settings_t *settings);

void zone_settings_deinit(zone_settings_t *settings);

/*! Asks for something; with no wish, for a look at what there is to sign. */
void zone_wake(zone_t *zone, unsigned wishes);

/*! A token works again: has the zone signed if it may have waited for that. */
void zone_token_returned(zone_t *zone);

/*! A key set has been stored: has the zone signed with it. */
void zone_pushed(zone_t *zone, uint64_t revision);

/*! Sets who is told of changes, and tells that of the present. */
void zone_set_report(zone_t *zone, zone_report_f report, void *ctx);

/*! Nobody is told of changes any more, unless another context has been set meanwhile. */
void zone_unset_report(zone_t *zone, const void *ctx);

/*! \return Whether an operator should change something before it does harm; text says what. */
bool zone_warning(zone_t *zone, char *text, size_t size);

/*! Copies the counters. */
void zone_read_counters(zone_t *zone, zone_counters_t *counters);

/*! Copies how long what is served lasts. */
void zone_read_lasting(zone_t *zone, lasting_t *lasting);

/*!
 * Writes what hinders that the zone is signed on, and that its signatures are served.
 * \param size  HELD_TEXT_MAX holds all.
 * \return Whether something is known; if not, the text says where to look
 */
bool zone_hindrance(zone_t *zone, char *text, size_t size);

/*** For the worker. ***/

/*! Shows others whether the store may be an older copy than what knotd serves. */
void zone_show_unsure(zone_t *zone, bool unsure);

/*! Shows others what has become of the zone. */
void zone_show(zone_t *zone, const state_t *state, const lasting_t *lasting, int64_t due);
