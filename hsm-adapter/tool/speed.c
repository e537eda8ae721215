/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/commands.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "common/thread.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/tool/trial.h"

#define ALGORITHM_DEFAULT "ECDSAP256SHA256"
#define SESSIONS_MAX 64 /* Of one token; no HSM that is known gets faster by more. */
#define ROUNDS_MAX 8    /* 1, 2, 4, ... 64, and what a token has between. */
#define ROUND_MS 1000   /* How long each session signs. */
#define ENGINE_SESSIONS 2 /* One looks after the keys, another proves them. */
#define GAIN 1.05       /* Twice the sessions have to make so much more. */
#define ENOUGH 0.95     /* Of the most that was reached. */

/*! A session, and the thread that signs by it. */
typedef struct {
	hsm_session_t *session;
	const hsm_key_t *key;
	pthread_t thread;
	double rate;     /*!< Signatures a second. */
	int ret;
	hsm_error_t err;
} lane_t;

/*! What was measured with so many sessions. */
typedef struct {
	size_t sessions;
	double rate;
} round_t;

typedef struct {
	hsm_t *hsm;
	const hsm_repository_t *repository;
	hsm_key_t *key;
	lane_t lanes[SESSIONS_MAX];
	size_t open;              /*!< Sessions; they stay so from round to round. */
	hsm_error_t why_no_more;  /*!< Text: why no more can be opened; empty: nobody has said so. */
	bool by_conf;             /*!< <Sessions> says so, and not the token. */
	round_t rounds[ROUNDS_MAX];
	size_t count;
	bool interrupted;
} speed_t;

static void *sign_on(void *arg)
{
	lane_t *lane = arg;
	lane->ret = hsm_trial_sign(lane->session, lane->key, ROUND_MS, &lane->rate, &lane->err);
	return NULL;
}

/*! Opens sessions until there are so many, or no more are to be had. */
static int open_sessions(speed_t *speed, size_t wanted, hsm_error_t *err)
{
	int ret = HSM_EOK;
	while (ret == HSM_EOK && speed->open < wanted) {
		lane_t *lane = &speed->lanes[speed->open];
		lane->key = speed->key;
		ret = hsm_session_open(&lane->session, speed->hsm, speed->repository->name, err);
		speed->open += ret == HSM_EOK;
	}
	if (ret == HSM_ESESSIONS && speed->open > 0) {
		speed->why_no_more = *err;
		speed->by_conf = err->rv == 0;
		return HSM_EOK;
	}
	return ret;
}

/*! All sessions sign at the same time. */
static int sign_all(speed_t *speed, double *rate, hsm_error_t *err)
{
	int ret = HSM_EOK;
	size_t running = 0;
	*rate = 0;
	while (running < speed->open &&
	       thread_start(&speed->lanes[running].thread, sign_on, &speed->lanes[running]) == 0) {
		running++;
	}
	if (running < speed->open) {
		ret = hsm_error_set(err, HSM_ENOMEM, 0, "no more threads can be started");
	}
	for (size_t i = 0; i < running; i++) {
		const lane_t *lane = &speed->lanes[i];
		pthread_join(lane->thread, NULL);
		*rate += lane->rate;
		if (ret == HSM_EOK && lane->ret != HSM_EOK) {
			*err = lane->err;
			ret = lane->ret;
		}
	}
	return ret;
}

static bool was_interrupted(void)
{
	sigset_t pending;
	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

static double best_of(const speed_t *speed)
{
	double best = 0;
	for (size_t i = 0; i < speed->count; i++) {
		best = speed->rounds[i].rate > best ? speed->rounds[i].rate : best;
	}
	return best;
}

/*! Measures round by round, and prints each at once. */
static int measure(speed_t *speed, hsm_error_t *err)
{
	unsigned in_vain = 0; /* Rounds in a row that gained too little. */
	printf("%8s %14s\n", "SESSIONS", "SIGNATURES/s");
	fflush(stdout);
	for (size_t wanted = 1; wanted <= SESSIONS_MAX && in_vain < 2; wanted *= 2) {
		const size_t before = speed->open;
		round_t round;
		int ret = open_sessions(speed, wanted, err);
		if (ret == HSM_EOK && speed->open == before) {
			break;
		}
		if (ret == HSM_EOK) {
			ret = sign_all(speed, &round.rate, err);
		}
		speed->interrupted = was_interrupted();
		if (ret != HSM_EOK || speed->interrupted) {
			return ret;
		}
		round.sessions = speed->open;
		printf("%8zu %14.0f\n", round.sessions, round.rate);
		fflush(stdout);
		in_vain = round.rate < GAIN * best_of(speed) ? in_vain + 1 : 0;
		speed->rounds[speed->count++] = round;
		if (speed->open < wanted) {
			break;
		}
	}
	return HSM_EOK;
}

static void advise(const speed_t *speed)
{
	const size_t limit = speed->repository->sessions;
	const double best = best_of(speed);
	size_t i = 0;
	while (speed->rounds[i].rate < ENOUGH * best) {
		i++;
	}
	const size_t enough = speed->rounds[i].sessions;
	const bool by_token = speed->why_no_more.text[0] != '\0' && !speed->by_conf;
	const size_t most = !by_token ? SESSIONS_MAX :
	                    speed->open > ENGINE_SESSIONS ? speed->open - ENGINE_SESSIONS : 1;
	printf("repository \"%s\": set <SignerThreads> to %zu; %zu session%s %.0f of %.0f signatures a second",
	       speed->repository->name, enough < most ? enough : most, enough,
	       enough == 1 ? " makes" : "s make", speed->rounds[i].rate, best);
	if (speed->by_conf) {
		printf("; <Sessions> %zu lets no more be tried", limit);
	} else if (by_token) {
		/* One more looks after the keys. */
		printf("; the token has %zu sessions for all, and ods-engine needs two", speed->open + 1);
	} else if (limit != 0) {
		printf("; <Sessions> can be %zu", enough + 1);
	}
	printf("\n");
}

/*! Measures with a key that is there; interrupts have to wait until it is removed. */
static int measure_with(speed_t *speed)
{
	hsm_error_t err;
	sigset_t interrupts;
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGINT);
	sigaddset(&interrupts, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &interrupts, NULL);
	int ret = measure(speed, &err) == HSM_EOK ? DONE : complain(&err);
	for (size_t i = 0; i < speed->open; i++) {
		hsm_session_close(speed->lanes[i].session);
	}
	if (hsm_key_remove(speed->hsm, speed->repository->name, hsm_key_id(speed->key), &err) != HSM_EOK) {
		ret = complain(&err);
	}
	if (speed->interrupted) {
		fprintf(stderr, "ods-hsm: interrupted\n");
		ret = FAILED;
	} else if (ret == DONE) {
		advise(speed);
	}
	return ret;
}

int command_speed(const run_t *run)
{
	hsm_error_t err;
	speed_t speed = { .hsm = run->hsm, .repository = first_repository(run) };
	const hsm_algorithm_t *algorithm = any_algorithm(run->count > 1 ? run->args[1] : ALGORITHM_DEFAULT);
	if (algorithm == NULL) {
		return USAGE;
	}
	if (speed.repository == NULL) {
		return FAILED;
	}
	if (speed.repository->replica_count > 0) {
		fprintf(stderr, "ods-hsm: repository \"%s\" has replicas; name one of these\n",
		        speed.repository->name);
		return FAILED;
	}
	const hsm_key_spec_t spec = { .repository = speed.repository->name,
		                      .algorithm = algorithm->number, .bits = RSA_BITS_DEFAULT };
	if (hsm_key_generate(run->hsm, &spec, &speed.key, &err) != HSM_EOK) {
		return complain(&err);
	}
	const int ret = measure_with(&speed);
	hsm_key_free(speed.key);
	return ret;
}
