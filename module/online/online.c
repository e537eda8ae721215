/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/online/online.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <libknot/libknot.h>
#include <urcu.h>

#include "common/clock.h"
#include "common/thread.h"

/* Milliseconds that a query waits for a signature: less than the first timeout of resolvers, of 376 ms
 * and more. */
#define WAIT_MS 300

/* Signatures being made at a time, at most, those included that nobody waits for any more. */
#define FLIGHT_MAX 256
/* Of these, for names that do not exist, and for the clients of one network. */
#define FLIGHT_MISSING (FLIGHT_MAX * 3 / 4)
#define FLIGHT_NETWORK (FLIGHT_MAX / 4)
/* Networks are counted by a hash; those that share a count by chance share the bound. */
#define NETWORKS 1024

/* knotd's threads; of more than these some share a budget. */
#define THREADS 256

/* Milliseconds between two sweeps, and looks at the clock. */
#define SWEEP_MS 1000

/* Milliseconds between two lines of the log that say that signatures are late. */
#define LATE_LOG_MS 60000

/*! A signature being made. */
typedef struct job {
	struct job *next;
	online_t *online;
	active_t *active;
	asker_t asker;
	uint64_t hash;
	atomic_uint users;           /*!< Those who wait, and who makes it. */
	bool ended;                  /*!< Locked. */
	int ret;
	pthread_cond_t end;
	signpool_work_t *work;
	const keyring_key_t *failed;
	uint64_t wrong;              /*!< signpool_wrong() before it was made. */
	cache_times_t times;
	knot_rdataset_t sigs;        /*!< Behind the jobs. */
	uint8_t *data;               /*!< The subject's bytes, behind the signatures. */
	size_t len;
	rrsig_job_t jobs[];          /*!< One for each key. */
} job_t;

struct online {
	budget_t budgets[THREADS];   /*!< Each its thread's own. */
	online_calls_t calls;
	siphash_key_t secrets[2];
	cache_t *cache;
	atomic_bool stop;
	atomic_bool late;            /*!< The last signature that was awaited did not come in time. */
	atomic_bool tried;           /*!< Somebody waits all the same, to see whether one comes in time. */
	atomic_bool late_said;       /*!< So the log says. */
	atomic_int_least64_t late_next; /*!< When it may say so again, of the monotonic clock. */
	atomic_bool failing;         /*!< The last one could not be made, which was logged. */
	atomic_int_least64_t back, ahead; /*!< Seconds, from what the clock says to the ends of what it
	                                  may be. */
	pthread_t sweeper;
	pthread_mutex_t lock;        /*!< Of what follows. */
	pthread_cond_t wake;         /*!< The sweeper's. */
	pthread_cond_t landed;       /*!< No signature is being made. */
	bool end;
	job_t *jobs;
	unsigned flight, missing;    /*!< Numbers of these. */
	uint16_t networks[NETWORKS];
	active_t *replaced;          /*!< Queries may still read them. */
};

/*** Active keys. ***/

/*! Publishes other keys. */
static void set_active(online_zone_t *zone, active_t *active)
{
	online_t *online = zone->online;
	active_t *old = rcu_xchg_pointer(&zone->active, active);
	if (old != NULL) {
		pthread_mutex_lock(&online->lock);
		old->next = online->replaced;
		online->replaced = old;
		pthread_cond_signal(&online->wake);
		pthread_mutex_unlock(&online->lock);
	}
}

void online_keys(void *ctx, keyring_t *ring, tokens_t *tokens)
{
	online_zone_t *zone = ctx;
	active_t *active = ring != NULL
	                   ? active_new(zone->name, ring, tokens, zone->verify, zone->online->secrets)
	                   : NULL;
	if (active != NULL || ring == NULL) {
		set_active(zone, active);
	} else {
		log_msg(zone->online->calls.log, LOG_ERR, zone->name,
		        "out of memory: answers are signed with the keys of before");
	}
}

void online_leave(online_zone_t *zone)
{
	set_active(zone, NULL);
}

/*** The sweeper. ***/

static void look_at_clock(online_t *online)
{
	const clock_span_t span = online->calls.clock(online->calls.ctx);
	const int64_t now = time(NULL);
	atomic_store(&online->back, span.from < now ? span.from - now : 0);
	atomic_store(&online->ahead, span.to > now ? span.to - now : 0);
}

static void free_actives(online_t *online)
{
	pthread_mutex_lock(&online->lock);
	active_t *replaced = online->replaced;
	online->replaced = NULL;
	pthread_mutex_unlock(&online->lock);
	if (replaced != NULL) {
		synchronize_rcu();
	}
	while (replaced != NULL) {
		active_t *next = replaced->next;
		active_leave(replaced);
		replaced = next;
	}
}

static void *sweep(void *arg)
{
	online_t *online = arg;
	pthread_mutex_lock(&online->lock);
	while (!online->end) {
		const int64_t until = monotonic_ms() + SWEEP_MS;
		while (!online->end && online->replaced == NULL &&
		       !cache_is_dirty(online->cache) &&
		       monotonic_wait(&online->wake, &online->lock, until)) {
			/* Something else. */
		}
		pthread_mutex_unlock(&online->lock);
		look_at_clock(online);
		free_actives(online);
		cache_sweep(online->cache);
		pthread_mutex_lock(&online->lock);
	}
	pthread_mutex_unlock(&online->lock);
	free_actives(online);
	return NULL;
}

/*** As a whole. ***/

static void free_online(online_t *online)
{
	cache_free(online->cache);
	pthread_mutex_destroy(&online->lock);
	pthread_cond_destroy(&online->wake);
	pthread_cond_destroy(&online->landed);
	free(online);
}

int online_start(online_t **online, size_t cache_size, const online_calls_t *calls)
{
	online_t *fresh = aligned_alloc(_Alignof(online_t), sizeof(*fresh));
	siphash_key_t secrets[3];
	if (fresh == NULL) {
		return KNOT_ENOMEM;
	}
	memset(fresh, 0, sizeof(*fresh));
	fresh->calls = *calls;
	pthread_mutex_init(&fresh->lock, NULL);
	monotonic_cond_init(&fresh->wake);
	monotonic_cond_init(&fresh->landed);
	int ret = getrandom(secrets, sizeof(secrets), 0) == sizeof(secrets)
	          ? KNOT_EOK : knot_map_errno();
	if (ret == KNOT_EOK) {
		memcpy(fresh->secrets, secrets, sizeof(fresh->secrets));
		ret = cache_new(&fresh->cache, cache_size, secrets[2]);
	}
	if (ret == KNOT_EOK) {
		look_at_clock(fresh);
		ret = thread_start(&fresh->sweeper, sweep, fresh);
	}
	if (ret != KNOT_EOK) {
		free_online(fresh);
		return ret;
	}
	*online = fresh;
	return KNOT_EOK;
}

bool online_stop(online_t *online, int64_t most_ms)
{
	if (online == NULL) {
		return true;
	}
	const int64_t until = monotonic_ms() + most_ms;
	atomic_store(&online->stop, true);
	pthread_mutex_lock(&online->lock);
	while (online->flight > 0 && monotonic_wait(&online->landed, &online->lock, until)) {
		/* Another one. */
	}
	const bool landed = online->flight == 0;
	online->end = landed;
	pthread_cond_signal(&online->wake);
	pthread_mutex_unlock(&online->lock);
	if (landed) {
		pthread_join(online->sweeper, NULL);
		free_online(online);
	}
	return landed;
}

void online_set_cache_size(online_t *online, size_t cache_size)
{
	cache_limit(online->cache, cache_size);
}

budget_t *online_budget(online_t *online, unsigned thread)
{
	return &online->budgets[thread % THREADS];
}

/*** A signature being made. ***/

static clock_span_t get_time(online_t *online)
{
	const int64_t now = time(NULL);
	return (clock_span_t) {
		.from = now + atomic_load_explicit(&online->back, memory_order_relaxed),
		.to = now + atomic_load_explicit(&online->ahead, memory_order_relaxed),
	};
}

static cache_times_t choose_times(const job_t *job, uint16_t type, clock_span_t now)
{
	const keyset_t *set = &job->active->ring->set;
	const uint32_t validity = type == KNOT_RRTYPE_NSEC ? set->validity_denial
	                                                   : set->validity_default;
	/* Any even spread will do: the hash is one, of other names in other seconds. */
	const int64_t jitter = set->jitter > 0
	                       ? (int64_t)((job->hash ^ now.to * UINT64_C(0x9E3779B97F4A7C15)) %
	                                   (2 * (uint64_t)set->jitter)) - set->jitter : 0;
	const int64_t until = now.to + validity + jitter;
	return (cache_times_t) {
		.from = now.from - set->inception_offset, .until = until, .renew = until - set->refresh,
	};
}

/*! A user less. */
static void leave_job(job_t *job)
{
	if (atomic_fetch_sub(&job->users, 1) == 1) {
		pthread_cond_destroy(&job->end);
		free(job);
	}
}

/*! \return Bytes of the RRSIGs of all keys, as a rdataset has them */
static size_t get_sigs_size(const active_t *active)
{
	size_t size = 0;
	for (size_t i = 0; i < active->count; i++) {
		size += knot_rdata_size(rrsig_rdata_len(active->keys[i], active->zone));
	}
	return size;
}

/*! Lays out the signatures of all keys. */
static void fill_job(job_t *job)
{
	const active_t *active = job->active;
	knot_rrset_t rrset;
	subject_read(job->data, &rrset);
	job->times = choose_times(job, rrset.type, get_time(job->online));
	knot_rdata_t *sig = job->sigs.rdata;
	for (size_t i = 0; i < active->count; i++) {
		sig->len = rrsig_rdata_len(active->keys[i], active->zone);
		job->jobs[i] = (rrsig_job_t) {
			.owner = rrset.owner, .rrs = rrset.rrs, .key = active->keys[i], .rdata = sig,
			.ttl = rrset.ttl, .inception = job->times.from,
			.expiration = job->times.until, .type = rrset.type,
		};
		sig = knot_rdataset_next(sig);
	}
}

static job_t *new_job(online_t *online, active_t *active, const subject_t *subject,
                      const asker_t *asker, uint64_t hash)
{
	const size_t jobs = active->count * sizeof(rrsig_job_t), sigs = get_sigs_size(active);
	const size_t room = (sigs + _Alignof(job_t) - 1) / _Alignof(job_t) * _Alignof(job_t);
	job_t *job = calloc(1, sizeof(*job) + jobs + room + subject->len);
	if (job == NULL) {
		return NULL;
	}
	job->online = online;
	job->active = active;
	job->asker = *asker;
	job->hash = hash;
	atomic_init(&job->users, 1);
	job->wrong = signpool_wrong(active->tokens->pool);
	monotonic_cond_init(&job->end);
	job->sigs = (knot_rdataset_t) {
		.count = active->count, .size = sigs,
		.rdata = (knot_rdata_t *)((uint8_t *)job->jobs + jobs),
	};
	job->data = (uint8_t *)job->sigs.rdata + room;
	job->len = subject->len;
	memcpy(job->data, subject->data, subject->len);
	fill_job(job);
	atomic_fetch_add(&active->users, 1);
	return job;
}

/*! With the lock held. */
static void count(online_t *online, const job_t *job, int by)
{
	online->flight += by;
	online->missing += job->asker.missing ? by : 0;
	online->networks[job->asker.network % NETWORKS] += by;
}

/*! Takes a job that has ended out of the list. With the lock held. */
static void land(online_t *online, job_t *job, int ret)
{
	job_t **at = &online->jobs;
	while (*at != job) {
		at = &(*at)->next;
	}
	*at = job->next;
	job->ret = ret;
	job->ended = true;
	count(online, job, -1);
	if (online->flight == 0) {
		pthread_cond_broadcast(&online->landed);
	}
}

/*! Tells those who wait for a job that has ended; without the lock, which they take at once. From its landing on
 *  all but the job can be stopped, and freed. */
static void tell(job_t *job)
{
	pthread_cond_broadcast(&job->end);
	leave_job(job);
}

/*! Logs the first of some failures, and that they are over. */
static void note(online_t *online, const knot_dname_t *zone, int ret, const char *err)
{
	const bool failed = ret != KNOT_EOK;
	const bool news = atomic_exchange(&online->failing, failed) != failed;
	if (news && ret != KNOT_EOK) {
		log_msg(online->calls.log, LOG_ERR, zone, "cannot sign an answer, which was then "
		        "SERVFAIL: %s", err);
	} else if (news) {
		log_msg(online->calls.log, LOG_NOTICE, zone, "answers can be signed again");
	}
}

/*! Logs that signatures are late, if it has not been said just before, or that a said lateness is over. */
static void note_late(online_t *online, const knot_dname_t *zone, bool late)
{
	if (atomic_exchange(&online->late, late) == late) {
		return;
	}
	const int64_t now = monotonic_ms();
	int64_t next = atomic_load(&online->late_next);
	if (!late && atomic_exchange(&online->late_said, false)) {
		log_msg(online->calls.log, LOG_NOTICE, zone, "signatures for answers are made in time again");
	} else if (late && now >= next &&
	           atomic_compare_exchange_strong(&online->late_next, &next, now + LATE_LOG_MS)) {
		atomic_store(&online->late_said, true);
		log_msg(online->calls.log, LOG_WARNING, zone, "a signature for an answer took more than %d ms: answers that "
		        "need new ones can be SERVFAIL until one is made in time; look at the token", WAIT_MS);
	}
}

/*! Keeps the signatures. Once one is found to be wrong, those that were not verified are forgotten. */
static void keep(online_t *online, const job_t *job, int ret)
{
	active_t *active = job->active;
	const uint64_t wrong = signpool_wrong(active->tokens->pool);
	const bool sample = active->verify == SIGNPOOL_VERIFY_SAMPLE;
	if (sample && atomic_exchange(&active->wrong, wrong) != wrong) {
		cache_forget(online->cache);
	}
	if (ret == KNOT_EOK && (!sample || job->wrong == wrong)) {
		cache_add(online->cache, job->data, job->len, &job->sigs, &job->times);
	}
}

/*! The pool has ended a job. */
static void job_ended(void *ctx)
{
	job_t *job = ctx;
	online_t *online = job->online;
	active_t *active = job->active;
	char err[640] = "";
	const int ret = signpool_finish(job->work, err, sizeof(err));
	keep(online, job, ret);
	if (!atomic_load(&online->stop)) {
		note(online, active->zone, ret, err);
	}
	if (ret == KNOT_EOK) {
		note_late(online, active->zone, false);
	}
	active_leave(active);
	pthread_mutex_lock(&online->lock);
	if (cache_is_dirty(online->cache)) {
		pthread_cond_signal(&online->wake);
	}
	land(online, job, ret);
	pthread_mutex_unlock(&online->lock);
	tell(job);
}

/*! With the lock held. */
static job_t *find_job(const online_t *online, uint64_t hash, const subject_t *subject)
{
	job_t *job = online->jobs;
	while (job != NULL && (job->hash != hash || job->len != subject->len ||
	                       memcmp(job->data, subject->data, subject->len) != 0)) {
		job = job->next;
	}
	return job;
}

/*! With the lock held. */
static bool has_room(const online_t *online, const asker_t *asker)
{
	return online->flight < FLIGHT_MAX &&
	       online->networks[asker->network % NETWORKS] < FLIGHT_NETWORK &&
	       (!asker->missing || online->missing < FLIGHT_MISSING);
}

static int start_job(job_t *job)
{
	char err[640] = "";
	const signpool_jobs_t jobs = {
		.zone = job->active->zone, .jobs = job->jobs, .count = job->active->count,
		.verify = job->active->verify, .series = job->active->series, .stop = &job->online->stop, .failed = &job->failed,
		.ended = job_ended, .ctx = job,
	};
	return signpool_start(job->active->tokens->pool, &jobs, &job->work, err, sizeof(err));
}

/*!
 * Has a signature made, unless it is being made.
 * \param job  With one user more. \return ONLINE_MADE (it is in the making), ONLINE_BUSY, ONLINE_FAILED
 */
static online_result_t make(online_t *online, active_t *active, const subject_t *subject,
                            const asker_t *asker, job_t **job)
{
	const uint64_t hash = siphash(online->secrets[0], subject->data, subject->len);
	pthread_mutex_lock(&online->lock);
	job_t *found = find_job(online, hash, subject);
	const bool room = found != NULL || has_room(online, asker);
	const bool fresh = found == NULL && room && !atomic_load(&online->stop);
	if (fresh) {
		found = new_job(online, active, subject, asker, hash);
	}
	if (found != NULL) {
		atomic_fetch_add(&found->users, 1);
	}
	if (found != NULL && fresh) {
		found->next = online->jobs;
		online->jobs = found;
		count(online, found, 1);
	}
	pthread_mutex_unlock(&online->lock);
	if (found == NULL) {
		return room ? ONLINE_FAILED : ONLINE_BUSY;
	}
	if (fresh && start_job(found) != KNOT_EOK) {
		active_leave(active);
		pthread_mutex_lock(&online->lock);
		land(online, found, KNOT_ENOMEM);
		pthread_mutex_unlock(&online->lock);
		tell(found);
	}
	*job = found;
	return ONLINE_MADE;
}

/*! Waits for a job, and leaves it. */
static online_result_t await(online_t *online, job_t *job, const active_t *active, const asker_t *asker,
                             knot_rdataset_t *sigs, knot_mm_t *mm)
{
	const int64_t begin = budget_now(), until = monotonic_ms() + WAIT_MS;
	online_result_t result = ONLINE_FAILED;
	pthread_mutex_lock(&online->lock);
	while (!job->ended && monotonic_wait(&job->end, &online->lock, until)) {
		/* Not yet. */
	}
	if (!job->ended) {
		result = ONLINE_LATE;
	} else if (job->ret == KNOT_EOK && knot_rdataset_copy(sigs, &job->sigs, mm) == KNOT_EOK) {
		result = ONLINE_MADE;
	}
	pthread_mutex_unlock(&online->lock);
	if (result == ONLINE_LATE) {
		note_late(online, active->zone, true);
	}
	leave_job(job);
	const int64_t end = budget_now();
	budget_charge(asker, end, end - begin);
	return result;
}

online_result_t online_sign(online_t *online, active_t *active, const subject_t *subject,
                            const asker_t *asker, knot_rdataset_t *sigs, knot_mm_t *mm)
{
	job_t *job = NULL;
	bool renew = false;
	const int ret = cache_find(online->cache, subject, get_time(online), sigs, mm, &renew);
	if (ret == KNOT_EOK) {
		if (renew && make(online, active, subject, asker, &job) == ONLINE_MADE) {
			leave_job(job);
		}
		return ONLINE_CACHED;
	}
	if (ret != KNOT_ENOENT) {
		return ONLINE_FAILED;
	}
	if (!budget_ask(asker, budget_now())) {
		return ONLINE_BUSY;
	}
	const online_result_t result = make(online, active, subject, asker, &job);
	if (result != ONLINE_MADE) {
		return result;
	}
	const bool late = atomic_load(&online->late);
	if (late && atomic_exchange(&online->tried, true)) {
		leave_job(job);
		return ONLINE_LATE;
	}
	const online_result_t awaited = await(online, job, active, asker, sigs, mm);
	if (late) {
		atomic_store(&online->tried, false);
	}
	return awaited;
}
