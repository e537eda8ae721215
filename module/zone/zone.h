/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone: its source, its keys, its sign runs, each in its turn, by one worker at a time.
 */
#pragma once

#include "module/base/sched.h"
#include "module/keys/keyring.h"
#include "module/keys/tokens.h"
#include "module/publish/serving.h"
#include "module/rr/tsig.h"
#include "module/source/fetch.h"
#include "module/source/primary.h"
#include "module/store/state.h"
#include "module/zone/env.h"

/*! What an operator may ask a zone for; bits. */
enum {
	ZONE_LOOK = 1,   /*!< Look whether the source has changed. */
	ZONE_SOURCE = 2, /*!< Read the source, changed or not. */
	ZONE_KEYS = 4,   /*!< Find the keys anew. */
	ZONE_RENEW = 8,  /*!< Make all signatures anew. */
	ZONE_FLUSH = 32, /*!< Write to the file what updates did. */
	ZONE_OVERWRITE = 64, /*!< With ZONE_FLUSH: even over a file that has changed. */
	ZONE_REPLACE = 16, /*!< With ZONE_SOURCE: even if updates are lost by that. */
};

/*! What knot.conf says of a zone. */
typedef struct {
	char *file, *policy;
	signpool_verify_t verify;
	tsig_keys_t update_keys;   /*!< By which clients may sign updates. */
	primaries_t primaries;     /*!< If there are any, the file is not read. */
	size_t size_max;           /*!< Bytes of what comes from them. */
	bool validated;            /*!< knotd checks each version (dnssec-validation). */
	size_t journal_max;        /*!< What knotd can keep of the zone, bytes. */
} zone_settings_t;

/*! Counts since knotd started, and what is published. */
typedef struct {
	uint64_t signatures, versions, loads, load_errors, sign_errors, updates, updates_refused;
} zone_counters_t;

/*! Called, with the zone's lock held, when what it shows has changed. */
typedef void (*zone_report_f)(void *ctx, const zone_counters_t *counters, const state_t *state,
                              const keyset_t *keys);

typedef struct zone {
	const zone_env_t *env;
	knot_dname_t *name;        /*!< Lower case. */
	task_t task;
	fetch_t fetch;
	pthread_mutex_t input_lock; /*!< Held by who replaces the input; only tried. */
	atomic_bool stop;          /*!< The zone is going away. */
	atomic_bool stopped;       /*!< It was, since this run began; it may be back. */
	unsigned users;            /*!< Under the lock of the zones. */
	struct zone *next_gone;    /*!< In the list of those to be freed (reap.h). */
	news_item_t news;

	pthread_mutex_t lock;      /*!< Of all that follows but for what is the worker's. */
	zone_settings_t settings;
	unsigned wishes;           /*!< ZONE_* */
	uint64_t pending;          /*!< Revision of the key set that is stored. */
	bool pending_known;        /*!< It has been looked up. */
	serving_t serving;
	zone_counters_t counters;
	state_t state;             /*!< As last stored. */
	int64_t due;               /*!< When there is something to do, 0 = unknown. */
	bool signing;
	char *source_error, *keys_error, *sign_error; /*!< NULL if all is well. */
	keyring_t *ring;           /*!< Changed by the worker only; NULL at first. */
	zone_report_f report;
	void *report_ctx;

	/* The worker's own. */
	tokens_t *tokens;          /*!< That the ring's keys are in. */
	state_file_t refused;      /*!< The file that was refused last. */
	unsigned failures;         /*!< In a row. */
	uint64_t ttl_warned;       /*!< Key set for which a TTL above MaxZoneTTL was told of. */
	uint8_t strays;            /*!< Types of which the same was told, bits. */
	uint8_t left_out;          /*!< Algorithm of a DNSKEY of which it was told that it is left out. */
	int64_t progress_at;
	uint64_t speed;            /*!< Of the last run: nodes and entries a second; 0 = not known. */
	int64_t held_until;        /*!< Changes are gathered for the next version, ms; 0 = none. */
} zone_t;

/*! \return A zone to be freed by zone_free(); NULL if out of memory. */
zone_t *zone_new(const zone_env_t *env, const knot_dname_t *name);

/*! \return The zone that has this place in the news. */
zone_t *zone_of_news(news_item_t *item);

/*! Takes the zone's tasks out of their schedulers. \return Whether none of them runs. */
bool zone_rests(zone_t *zone);

/*! It rests. Its tokens may have to answer. */
void zone_free(zone_t *zone);

/*! \return Whether there is something to change for an operator before it does harm. Locked. */
bool zone_warning(const zone_t *zone, char *text, size_t size);

/*! Sets the settings; afterwards they are the old ones, to be freed by zone_settings_deinit(). */
void zone_configure(zone_t *zone, zone_settings_t *settings);

void zone_settings_deinit(zone_settings_t *settings);

/*! Sets who is told of changes, and tells him once. */
void zone_set_report(zone_t *zone, zone_report_f report, void *ctx);

/*! No longer tells him, if it is still he who is told. */
void zone_unset_report(zone_t *zone, const void *ctx);

/*! Counts an update that was done, or refused. */
void zone_count_update(zone_t *zone, bool done);

/*! Asks for something; with no wish, for a look at what there is to sign. Does not block. */
void zone_wake(zone_t *zone, unsigned wishes);

/*! An update has changed it: has that published in its time. Does not block. */
void zone_updated(zone_t *zone);

/*! Does what there is to do; the task of the scheduler. \return When there will be more, ms. */
int64_t zone_work(zone_t *zone);

/*! Sets an error of the zone, empty if there is none any more; logs it if it is news. */
void zone_set_error(zone_t *zone, char **place, int priority, const char *text);
