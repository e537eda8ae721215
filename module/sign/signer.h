/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone's sign runs (run.h): what they have done, how fast they are, and what is to be said
 *        of their versions.
 */
#pragma once

#include "module/base/trouble.h"
#include "module/sign/run.h"
#include "module/store/held.h"

/*! What a zone's signer needs; all is borrowed. */
typedef struct {
	log_t *log;
	store_t *store;
	held_t *held;
	const knot_dname_t *zone;   /*!< Lower case. */
	const atomic_bool *stop;    /*!< Once true, a run fails soon. */
	const atomic_bool *stopped; /*!< The run was stopped: that it failed is no trouble. */
} signer_args_t;

/*! Since knotd started. */
typedef struct {
	uint64_t signatures, versions, sign_errors;
} signer_counters_t;

typedef struct {
	signer_args_t args;
	trouble_t trouble;         /*!< Why the zone is not signed. */
	pthread_mutex_t lock;      /*!< Of what follows. */
	signer_counters_t counters;
	bool signing;

	/* The worker's own. */
	uint64_t speed;            /*!< Nodes and entries a second in the last run; 0 = unknown. */
	int64_t progress_at;       /*!< When progress was logged last, Unix seconds. */
	uint8_t strays;            /*!< Types that were logged, as strays of sign_result_t. */
	uint8_t left_out;          /*!< Algorithm of a DNSKEY that was logged as left out. */
	uint16_t unfit;            /*!< CDS or CDNSKEY, logged as left out. */
} signer_t;

void signer_init(signer_t *signer, const signer_args_t *args);
void signer_deinit(signer_t *signer);

/*! Copies the counters, from any thread. \return Whether a run is at work. */
bool signer_read(signer_t *signer, signer_counters_t *counters);

/*** For the zone's worker. ***/

/*! What to sign with. */
typedef struct {
	signpool_t *pool;
	const keyring_t *ring;
	const uint32_t *served;    /*!< Serial that knotd serves; NULL: none, or not known. */
	const serial_shown_t *shown; /*!< As sign_args_t has it. */
	clock_span_t now;          /*!< As in sign_args_t. */
	bool renew;                /*!< Makes all signatures anew. */
	signpool_verify_t verify;
	int64_t apart_ms;          /*!< How far apart knotd wants versions to be. */

	/*!
	 * A key cannot be used, though it was found.
	 * \return The keys to go on with, without it; NULL: nothing can be signed without it
	 */
	const keyring_t *(*lost)(void *ctx, const keyring_key_t *key, const char *why);
	void *ctx;
} signer_job_t;

/*! Makes the next version, as sign_run(), and says what is to be said of it. */
int signer_run(signer_t *signer, const signer_job_t *job, state_t *state, sign_result_t *result);

/*! Says why the zone cannot be signed; "": it can. */
void signer_trouble(signer_t *signer, const char *text);

/*! \return When signatures have to be refreshed next, as the end of now has it; 0 = never. */
int64_t signer_due(const signer_t *signer, const state_t *state, const keyset_t *set,
                   const clock_span_t *now);
