/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A clock that can be set for one process while it runs, for tests: to be preloaded.
 *
 * The file CLOCK_AHEAD has the seconds, as text, by which the clock is ahead; whoever sets the
 * clock writes over it. Times of files and what counts from the machine's start stay true.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX 32 /* Bytes of the file that are looked at. */
#define MONOTONIC 2 /* Set in glibc's condition variables if they do not wait by the clock. */

static const char *text = "0";

__attribute__((constructor)) static void find(void)
{
	const char *path = getenv("CLOCK_AHEAD");
	const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, TEXT_MAX, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
	text = map != MAP_FAILED ? map : text;
	close(fd);
}

static time_t ahead(void)
{
	return strtoll(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	const int ret = (int)syscall(SYS_clock_gettime, clock, now);
	const int set = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
	now->tv_sec += ret == 0 && set ? ahead() : 0;
	return ret;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec time;
	(void)zone;
	const int ret = clock_gettime(CLOCK_REALTIME, &time);
	*now = (struct timeval){ .tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000 };
	return ret;
}

time_t time(time_t *out)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL) {
		*out = now.tv_sec;
	}
	return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
	struct timespec true_until = *until;
	if (cond->__data.__wrefs & MONOTONIC) {
		return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, until);
	}
	true_until.tv_sec -= ahead();
	true_until.tv_sec = true_until.tv_sec > 0 ? true_until.tv_sec : 0;
	return pthread_cond_clockwait(cond, mutex, CLOCK_REALTIME, &true_until);
}
