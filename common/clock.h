/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Time that has passed, and waits of a bounded length.
 *
 * The monotonic clock is not set back or forward as the time of day is. Any thread may call these.
 */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*! \return Milliseconds since some fixed moment; never 0, which may thus stand for "not yet". */
static inline int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	const int64_t ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
	return ms != 0 ? ms : 1;
}

/*! Makes a condition variable for monotonic_wait(); pthread_cond_destroy() ends it. */
static inline void monotonic_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

/*!
 * Waits for a signal until a deadline. Like pthread_cond_wait() it may return without a signal.
 *
 * \param cond      Of monotonic_cond_init().
 * \param lock      Held by the caller; released during the wait.
 * \param until_ms  As monotonic_ms() counts.
 * \return Whether the deadline is still to come
 */
static inline bool monotonic_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms)
{
	const struct timespec until = {
		.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000
	};
	return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}
