/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/base/thread.h"

#include <signal.h>

#include <libknot/errcode.h>

int thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t set, saved;
	sigfillset(&set);
	/* The system sends these to a thread for a fault of its own. */
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGILL);
	sigdelset(&set, SIGFPE);

	/* The new thread inherits the mask. */
	pthread_sigmask(SIG_SETMASK, &set, &saved);
	int ret = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);

	return ret == 0 ? KNOT_EOK : knot_map_errno_code(ret);
}
