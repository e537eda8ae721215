/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/sign/signer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "common/clock.h"
#include "module/rr/node.h"
#include "module/sign/refresh.h"

/* Seconds between two lines of the log about a run's progress. */
#define PROGRESS_EVERY 10
/* Milliseconds that a version takes to sign, or so, if the token is slow: a change of the input
 * waits for about as long. */
#define BATCH_MS 2000
/* Keys that a run finds of no use, one after the other, at most; the rest has to wait for the next
 * run. */
#define KEYS_TRIED_MAX 4
/* Fewer nodes than these do not tell how fast a run is. */
#define SPEED_NODES 100

void signer_init(signer_t *signer, const signer_args_t *args)
{
	memset(signer, 0, sizeof(*signer));
	signer->args = *args;
	trouble_init(&signer->trouble);
	pthread_mutex_init(&signer->lock, NULL);
}

void signer_deinit(signer_t *signer)
{
	trouble_deinit(&signer->trouble);
	pthread_mutex_destroy(&signer->lock);
}

bool signer_read(signer_t *signer, signer_counters_t *counters)
{
	pthread_mutex_lock(&signer->lock);
	*counters = signer->counters;
	const bool signing = signer->signing;
	pthread_mutex_unlock(&signer->lock);
	return signing;
}

void signer_trouble(signer_t *signer, const char *text)
{
	trouble_set(&signer->trouble, signer->args.log, signer->args.zone, LOG_ERR, text);
}

int64_t signer_due(const signer_t *signer, const state_t *state, const keyset_t *set,
                   const clock_span_t *now)
{
	store_txn_t txn;
	int64_t due = 0;
	if (store_read(signer->args.store, &txn) == KNOT_EOK) {
		due = refresh_next(&txn, state, set, now);
		store_abort(&txn);
	}
	return due;
}

/*** What is said of a version. ***/

/*! Tells of TTLs that are larger than the policy allows. */
static void check_ttls(const signer_t *signer, const keyset_t *set, const capped_t *capped)
{
	knot_dname_txt_storage_t name = "";
	char type[16] = "";
	if (capped->count > 0) {
		(void)knot_dname_to_str(name, capped->owner, sizeof(name));
		(void)knot_rrtype_to_string(capped->type, type, sizeof(type));
		log_msg(signer->args.log, LOG_WARNING, signer->args.zone,
		        "%llu RRsets have a larger TTL than the policy's MaxZoneTTL, and are "
		        "published with %u; the first one is %s %s with %u",
		        (unsigned long long)capped->count, set->max_zone_ttl, name, type,
		        capped->ttl);
	}
}

/*! Tells of a key of another operator that is not published (RFC 4035, section 2.2). */
static void check_foreign(signer_t *signer, uint8_t left_out)
{
	if (left_out != 0 && left_out != signer->left_out) {
		log_msg(signer->args.log, LOG_WARNING, signer->args.zone,
		        "a DNSKEY of algorithm %u in the unsigned zone is left out, since the zone "
		        "is not signed with that algorithm; give the policy keys of it, or have the "
		        "other operator use one of the policy's", left_out);
	}
	signer->left_out = left_out;
}

/*! Tells of a CDS or CDNSKEY that is not published, since the zone does not have its key. */
static void check_unfit(signer_t *signer, uint16_t unfit)
{
	char type[16];
	if (unfit != 0 && unfit != signer->unfit &&
	    knot_rrtype_to_string(unfit, type, sizeof(type)) > 0) {
		log_msg(signer->args.log, LOG_WARNING, signer->args.zone,
		        "a %s in the unsigned zone is left out, since the zone has no DNSKEY that "
		        "it is of: with such a DS at the parent it would be bogus; remove it",
		        type);
	}
	signer->unfit = unfit;
}

/*! Tells, once for each type, of records in the unsigned zone that the signer makes itself. */
static void check_strays(signer_t *signer, const keyset_t *set, uint8_t strays)
{
	static const uint16_t types[] = NODE_BY_SIGNER;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char type[16];
		if ((node_by_signer(types[i]) & strays & ~signer->strays) != 0 &&
		    knot_rrtype_to_string(types[i], type, sizeof(type)) > 0) {
			log_msg(signer->args.log, LOG_WARNING, signer->args.zone,
			        "the unsigned zone's %s records are left out, the signer makes its "
			        "own", type);
		}
	}
	signer->strays = set->passthrough ? 0 : signer->strays | strays;
}

static void log_progress(void *ctx, size_t done)
{
	signer_t *signer = ctx;
	int64_t now = time(NULL);
	if (now - signer->progress_at >= PROGRESS_EVERY) {
		signer->progress_at = now;
		log_msg(signer->args.log, LOG_INFO, signer->args.zone,
		        "signing, %zu signatures made so far", done);
	}
}

/*** A run. ***/

/*!
 * How much goes into one version: less with a slow token, since changes of the input wait for the
 * version; but no less than is signed in the time by which knotd wants versions to be apart.
 */
static size_t batch_size(const signer_t *signer, int64_t apart_ms)
{
	const uint64_t size = signer->speed * (apart_ms > BATCH_MS ? apart_ms : BATCH_MS) / 1000;
	return signer->speed == 0 || size > SIGN_BATCH ? SIGN_BATCH : size;
}

/*! Sees how fast a run was, if it was long enough to tell. */
static void see_speed(signer_t *signer, const sign_result_t *result, double seconds)
{
	if (result->nodes >= SPEED_NODES && seconds > 0) {
		signer->speed = 1 + result->nodes / seconds;
	}
}

static void count(signer_t *signer, const sign_result_t *result, bool failed)
{
	pthread_mutex_lock(&signer->lock);
	signer->signing = false;
	signer->counters.signatures += result->signatures;
	signer->counters.versions += result->published;
	signer->counters.sign_errors += failed;
	pthread_mutex_unlock(&signer->lock);
}

/*! Says what a run has done. */
static void report(signer_t *signer, const keyset_t *set, const state_t *state,
                   const sign_result_t *result, double seconds)
{
	see_speed(signer, result, seconds);
	signer_trouble(signer, "");
	log_msg(signer->args.log, result->published ? LOG_INFO : LOG_DEBUG, signer->args.zone,
	        "signed, serial %u, input serial %u, %llu signatures made, %llu names changed, "
	        "%.2f s",
	        state->serial, state->in.serial, (unsigned long long)result->signatures,
	        (unsigned long long)result->nodes, seconds);
	if (result->published) {
		check_ttls(signer, set, &result->capped);
		check_foreign(signer, result->left_out);
		check_unfit(signer, result->unfit);
		check_strays(signer, set, result->strays);
	}
}

static int64_t clock_now(void)
{
	return time(NULL);
}

/*! Holds an input that gives no serial which knotd would take. */
static void hold_serial(signer_t *signer, const state_t *state, const char *reason)
{
	char what[32];
	snprintf(what, sizeof(what), "serial %u", state->in.serial);
	held_set(signer->args.held, HELD_SERIAL, what, reason);
	signer_trouble(signer, "");
}

/* What the rule HELD_TIME holds if the clock was set during a run; it can hold a version, too. */
#define SET_CLOCK "run"

static void end_clock(signer_t *signer)
{
	bool passed;
	if (held_has(signer->args.held, HELD_TIME, SET_CLOCK, &passed)) {
		held_end(signer->args.held, HELD_TIME);
	}
}

/*! Runs, once more without a key that turns out to be of no use, if the zone can do without. */
static int run_without(const signer_job_t *job, sign_args_t *run, state_t *state,
                       sign_result_t *result, char reason[TROUBLE_MAX])
{
	int ret = sign_run(run, state, result, reason, TROUBLE_MAX);
	unsigned tries = KEYS_TRIED_MAX;
	while (ret != KNOT_EOK && result->failed != NULL && tries-- > 0) {
		const keyring_t *others = job->lost(job->ctx, result->failed, reason);
		if (others == NULL) {
			break;
		}
		run->ring = others;
		ret = sign_run(run, state, result, reason, TROUBLE_MAX);
	}
	return ret;
}

int signer_run(signer_t *signer, const signer_job_t *job, state_t *state, sign_result_t *result)
{
	char reason[TROUBLE_MAX] = "";
	sign_args_t run = {
		.store = signer->args.store, .pool = job->pool, .zone = signer->args.zone,
		.ring = job->ring, .served = job->served, .shown = job->shown, .now = job->now,
		.clock = clock_now, .renew = job->renew, .verify = job->verify,
		.batch = batch_size(signer, job->apart_ms), .stop = signer->args.stop,
		.progress = log_progress, .ctx = signer,
	};
	signer->progress_at = time(NULL);
	pthread_mutex_lock(&signer->lock);
	signer->signing = true;
	pthread_mutex_unlock(&signer->lock);
	const int64_t begin = monotonic_ms();
	int ret = run_without(job, &run, state, result, reason);
	const double seconds = (monotonic_ms() - begin) / 1e3;
	count(signer, result, ret != KNOT_EOK);
	if (ret == KNOT_EOK) {
		held_end(signer->args.held, HELD_SERIAL);
		end_clock(signer);
		report(signer, &run.ring->set, state, result, seconds);
	} else if (ret == KNOT_ESOAINVAL) {
		hold_serial(signer, state, reason);
	} else if (ret == KNOT_ERANGE) {
		held_set(signer->args.held, HELD_TIME, SET_CLOCK, reason);
		signer_trouble(signer, "");
	} else if (!atomic_load(signer->args.stopped)) {
		signer_trouble(signer, reason);
	}
	return ret;
}
