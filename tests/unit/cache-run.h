/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone of cache-world.h lives with random policies and events.
 */
#pragma once

#include "tests/unit/cache-world.h"

#define YEAR (365 * (int64_t)86400)
#define DAY (int64_t)86400

/*! A policy, with its keys. */
typedef struct {
	policy_t policy;
	policy_key_t keys[6];
} scheme_t;

/*! A world, and when what happens next; WORLD_NEVER = nothing of that kind is due. */
typedef struct {
	world_t w;
	scheme_t schemes[2];
	unsigned scheme;
	int64_t scale;          /*!< Of the policy's durations. */
	int64_t longest;        /*!< Sum of the policy's delays, at most. */
	int64_t look, push, build, publish, ask, parent, sync, confirm, check, event, ceremony;
	int64_t engine_up, signer_up, token_up;
	int64_t parent_pace;
	bool in_vain;           /*!< Servers that are none of the parent's were asked. To ask again
	                           does not help. */
	bool calm;              /*!< No more events. */
} run_t;

/*! \return A number below n. */
uint64_t run_dice(run_t *r, uint64_t n);

/*! \return Seconds of a random policy: some of the scale, or none. */
uint32_t run_span(run_t *r);

/*! \return When what is done at once is done: soon, if all is calm. */
int64_t run_later(run_t *r);

/*! Gives a policy random times. */
void run_times(run_t *r, policy_t *p);

/*! Adds an entry to a policy. */
void run_add_key(run_t *r, scheme_t *s, keyset_role_t role, uint8_t algorithm);

/*! Begins with a random policy, and a zone that has no key. */
void run_start(run_t *r, uint64_t seed);

/*! All that is due is done. */
void run_tick(run_t *r);

/*! \return When something is due; not before now. */
int64_t run_next(const run_t *r);

/*! Goes on until a time; with settle, only until all keys are settled. */
void run_go_on(run_t *r, int64_t end, bool settle);

/*! From now on nothing goes wrong, and all has to come to rest. */
void run_calm_down(run_t *r);

/*! Ten years with a seed. \return Whether all was well; if not, w.failure says what was wrong. */
bool run_ten_years(run_t *r, uint64_t seed);

/*! Helps to find out why a run failed. */
void run_print_keys(const run_t *r);

/*! \return A number that the environment has under a name. */
uint64_t run_environment(const char *name, uint64_t otherwise);
