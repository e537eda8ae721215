/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Threads beside those of the program: knotd's, or ods-engine's main thread.
 */
#pragma once

#include <pthread.h>
#include <signal.h>

#include <libknot/errcode.h>

/*!
 * Starts a thread that blocks signals: the program's main thread waits for them, and one that another
 * thread took would be lost to it. Not those for a fault of the thread's own: a handler may heal that
 * (module/store/guard.h), and a blocked one ends the process.
 *
 * \return KNOT_EOK, or an error of the system
 */
static inline int thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t set, saved;
	sigfillset(&set);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGILL);
	sigdelset(&set, SIGFPE);

	/* The new thread inherits the mask. */
	pthread_sigmask(SIG_SETMASK, &set, &saved);
	const int ret = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	return ret == 0 ? KNOT_EOK : knot_map_errno_code(ret);
}
