/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Where a zone's input comes from: what its file (file.h), its primaries (fetch.h) and
 *        updates (updater.h) have in common.
 */
#pragma once

#include "module/base/trouble.h"
#include "module/rr/tsig.h"
#include "module/source/primary.h"
#include "module/store/held.h"
#include "module/store/state.h"
#include "module/zonefile/folders.h"

/*! What a source may be asked for; bits. */
enum {
	SOURCE_LOOK = 1 << 0,      /*!< Look whether it has changed. */
	SOURCE_READ = 1 << 1,      /*!< Read it, changed or not. */
	SOURCE_REPLACE = 1 << 2,   /*!< With SOURCE_READ: even if updates are lost by that. */
	SOURCE_FLUSH = 1 << 3,     /*!< Write to the file what updates did. */
	SOURCE_OVERWRITE = 1 << 4, /*!< With SOURCE_FLUSH: even over a file that has changed. */
	SOURCE_WISHES = (1 << 5) - 1,
};

/*! What one transfer from a primary may have, at most. */
typedef struct {
	uint64_t octets, records;
	uint32_t seconds;
} source_limits_t;

/*! A transfer from a primary that is under way. */
typedef struct {
	char from[256];            /*!< The primary. */
	bool ixfr;                 /*!< IXFR was asked for. */
	int64_t since;             /*!< Unix seconds. */
	uint64_t octets, records;  /*!< So far. */
} source_transfer_t;

/*! What knot.conf says of it. */
typedef struct {
	char *file;
	folders_t folders;         /*!< Where the file, and what it includes, may be beside its own
	                                folder. */
	tsig_keys_t update_keys;   /*!< By which clients may sign updates. */
	primaries_t primaries;     /*!< If there are any, the file is not read. */
	size_t size_max;           /*!< Bytes of the zone that knot.conf allows. */
	source_limits_t limits;    /*!< Of each transfer from a primary. */
	unsigned shrink_limit;     /*!< Percent of the names, and of the delegations, that an input
	                                has to keep; 0 = none. */
} source_settings_t;

/*! Since knotd started. */
typedef struct {
	uint64_t loads, load_errors, updates, updates_refused;
} source_counters_t;

/*! What a source tells its owner, without the source's lock held; none may block. */
typedef struct {
	void (*changed)(void *ctx);   /*!< There is something new from a primary. */
	void (*updated)(void *ctx, bool changed); /*!< An update was done, or refused. */
	void (*abandoned)(void *ctx); /*!< The store has something to remove (store_abandon()). */
	void (*unexpired)(void *ctx); /*!< A zone that had expired may be served again. */
} source_calls_t;

/*! What a source needs; all is borrowed. */
typedef struct {
	log_t *log;
	store_t *store;
	held_t *held;
	const knot_dname_t *zone;     /*!< Lower case. */
	const char *control_socket;   /*!< For remedies in messages. */
	const atomic_bool *stop;      /*!< Once true, conversations with primaries end soon. */
	const source_calls_t *calls;
	void *ctx;                    /*!< Of the calls. */
} source_args_t;

typedef struct {
	source_args_t args;
	trouble_t trouble;            /*!< Why the input is not the newest. */
	trouble_t passed_over;        /*!< Primaries that were of no use, before one that was. */
	pthread_mutex_t input_lock;   /*!< Held while the input is replaced; only tried. */

	pthread_mutex_t lock;         /*!< Of what follows. */
	source_settings_t settings;
	unsigned allowed;             /*!< Counts changes of what a file may be. */
	source_counters_t counters;
	bool awaits_keys;             /*!< Contents were not taken for what the key set says. */
	struct {
		unsigned wishes;      /*!< SOURCE_LOOK, SOURCE_READ */
		unsigned failures;    /*!< In a row. */
		int64_t next;         /*!< When they are asked next, Unix seconds; 0 = unknown. */
		char *from;           /*!< The primary that answered last; NULL: none yet. */
		bool expired;         /*!< As it was seen last. */
		source_transfer_t *transfer; /*!< Under way; NULL: none is. */
		state_input_t in;     /*!< As it was then. */
	} fetch;                      /*!< Of primaries. */

	/* The worker's own. */
	state_file_t refused;         /*!< The file that was refused last... */
	unsigned refused_allowed;     /*!< ...and what was allowed then. */
	bool refused_over;            /*!< It was to be read even if updates are lost by that. */
} source_t;

void source_init(source_t *source, const source_args_t *args);
void source_deinit(source_t *source);

void source_settings_deinit(source_settings_t *settings);

/*! Sets the settings; afterwards they are the old ones, to be freed. From any thread. */
void source_configure(source_t *source, source_settings_t *settings);

/*! \return Bytes of the zone that knot.conf allows. From any thread. */
size_t source_size_max(source_t *source);

/*! \return Whether it has primaries. From any thread. */
bool source_is_fetched(source_t *source);

/*!
 * Takes the wishes that concern primaries; from any thread.
 * \return Whether there are primaries that have to be asked now (fetch_work()).
 */
bool source_ask(source_t *source, unsigned wishes);

/*!
 * A key set has been stored; from any thread.
 * \return What to wake the zone with (SOURCE_*), since contents may be taken in now; 0 = nothing
 */
unsigned source_rekeyed(source_t *source);

/*!
 * Finds a key by which updates may be signed; from any thread.
 * \param key  A copy, to be freed by knot_tsig_key_deinit().
 * \return KNOT_EOK, KNOT_ENOENT, KNOT_ENOMEM
 */
int source_key(source_t *source, const knot_dname_t *name, knot_tsig_key_t *key);

/*! Copies the counters; from any thread. */
void source_read(source_t *source, source_counters_t *counters);

/*! How it stands with the primaries; times are Unix seconds, 0 = none. */
typedef struct {
	char name[256];               /*!< The one that answered last, or the first one. */
	int64_t checked_at, next, expires_at;
} source_primary_t;

/*! Tells how it stands with the primaries; from any thread. \return Whether there are any. */
bool source_primary(source_t *source, source_primary_t *primary);

/*! Tells how far a transfer is; from any thread. \return Whether there is one. */
bool source_transfer(source_t *source, source_transfer_t *transfer);

/*** For this room. ***/

/*! Says why the input is not the newest; "": it is. */
void source_trouble(source_t *source, const char *text);

/*! Counts a look at the source's contents. */
void source_count_load(source_t *source, bool done);
