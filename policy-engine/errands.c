/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/errands.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct errand {
	struct errand *next;
	errand_f work;
	void *arg;
} errand_t;

struct errands {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	errand_t *first, **last;
	bool stopping;
	int stop_fd;
	unsigned count;
	pthread_t threads[];
};

static void *run(void *arg)
{
	errands_t *e = arg;
	pthread_mutex_lock(&e->lock);
	while (true) {
		while (e->first == NULL && !e->stopping) {
			pthread_cond_wait(&e->wake, &e->lock);
		}
		errand_t *errand = e->first;
		if (errand == NULL) {
			break;
		}
		e->first = errand->next;
		if (e->first == NULL) {
			e->last = &e->first;
		}
		pthread_mutex_unlock(&e->lock);
		errand->work(errand->arg, e->stop_fd);
		free(errand);
		pthread_mutex_lock(&e->lock);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

static int start_threads(errands_t *e, unsigned threads)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int ret = 0;
	while (ret == 0 && e->count < threads) {
		ret = pthread_create(&e->threads[e->count], NULL, run, e);
		e->count += ret == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret == 0 ? 0 : -1;
}

errands_t *errands_start(unsigned threads)
{
	errands_t *e = calloc(1, sizeof(*e) + threads * sizeof(e->threads[0]));
	if (e == NULL) {
		return NULL;
	}
	e->last = &e->first;
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->wake, NULL);
	e->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->stop_fd < 0 || start_threads(e, threads) != 0) {
		errands_stop(e);
		return NULL;
	}
	return e;
}

int errands_add(errands_t *e, errand_f work, void *arg)
{
	errand_t *errand = malloc(sizeof(*errand));
	if (errand == NULL) {
		return -1;
	}
	*errand = (errand_t){ NULL, work, arg };
	pthread_mutex_lock(&e->lock);
	*e->last = errand;
	e->last = &errand->next;
	pthread_cond_signal(&e->wake);
	pthread_mutex_unlock(&e->lock);
	return 0;
}

void errands_stop(errands_t *e)
{
	if (e == NULL) {
		return;
	}
	pthread_mutex_lock(&e->lock);
	e->stopping = true;
	pthread_cond_broadcast(&e->wake);
	pthread_mutex_unlock(&e->lock);
	if (e->stop_fd >= 0) {
		eventfd_write(e->stop_fd, 1);
	}
	for (unsigned i = 0; i < e->count; i++) {
		pthread_join(e->threads[i], NULL);
	}
	if (e->stop_fd >= 0) {
		close(e->stop_fd);
	}
	pthread_cond_destroy(&e->wake);
	pthread_mutex_destroy(&e->lock);
	free(e);
}
