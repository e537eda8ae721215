/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "control/guard.h"

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <libknot/libknot.h>

#include "common/clock.h"

/* How long the server waits for one client, all its waits added. A knotc needs a few ms. */
#define BUDGET_MS 5000

/* Connections in the socket's queue: libknot asks for 5, and knotc fails at once if it is full. */
#define QUEUE     64

/* How often the guard checks the budget of a connection. */
#define TICK_MS   250

struct guard {
	pthread_mutex_t lock;
	pthread_cond_t wake;   /* A connection was opened, or the guard ends. */
	pthread_t thread;
	const char *path;
	int listener;          /* The descriptor is libknot's, as that of the connection. */
	int connection;        /* -1: there is none. */
	int64_t entered_ms;    /* When the wait under way began, monotonic_ms(); 0 = none is. */
	int64_t spent_ms;      /* In the connection's earlier waits. */
	bool shut;             /* No connection shall be served any more. */
	bool stop;             /* The thread has to end. */
};

static bool is_socket(int fd, const char *path, bool listening)
{
	struct sockaddr_un addr = { 0 };
	socklen_t addr_len = sizeof(addr);
	if (getsockname(fd, (struct sockaddr *)&addr, &addr_len) != 0 ||
	    addr.sun_family != AF_UNIX ||
	    strncmp(addr.sun_path, path, sizeof(addr.sun_path)) != 0) {
		return false;
	}

	int accepts = 0;
	socklen_t len = sizeof(accepts);
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) == 0 &&
	       (accepts != 0) == listening;
}

/* Finds the listener, or the accepted socket: both have the path as their name, unlike a client. */
static int find_socket(const char *path, bool listening)
{
	DIR *dir = opendir("/proc/self/fd");
	if (dir == NULL) {
		return -1;
	}

	int found = -1;
	struct dirent *entry;
	while (found < 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.') {
			int fd = atoi(entry->d_name);
			found = is_socket(fd, path, listening) ? fd : -1;
		}
	}
	closedir(dir);

	return found;
}

static void *run(void *arg)
{
	guard_t *guard = arg;

	pthread_mutex_lock(&guard->lock);
	while (!guard->stop) {
		if (guard->connection < 0) {
			pthread_cond_wait(&guard->wake, &guard->lock);
			continue;
		}
		(void)monotonic_wait(&guard->wake, &guard->lock, monotonic_ms() + TICK_MS);
		if (guard->connection >= 0 && guard->entered_ms > 0 &&
		    guard->spent_ms + monotonic_ms() - guard->entered_ms > BUDGET_MS) {
			shutdown(guard->connection, SHUT_RDWR);
		}
	}
	pthread_mutex_unlock(&guard->lock);

	return NULL;
}

int guard_start(guard_t **guard, const char *path)
{
	int listener = find_socket(path, true);
	if (listener < 0) {
		return KNOT_ENOENT;
	}

	if (listen(listener, QUEUE) != 0) {
		return knot_map_errno();
	}

	guard_t *new = calloc(1, sizeof(*new));
	if (new == NULL) {
		return KNOT_ENOMEM;
	}
	new->path = path;
	new->listener = listener;
	new->connection = -1;

	pthread_mutex_init(&new->lock, NULL);
	monotonic_cond_init(&new->wake);

	int ret = pthread_create(&new->thread, NULL, run, new);
	if (ret != 0) {
		pthread_cond_destroy(&new->wake);
		pthread_mutex_destroy(&new->lock);
		free(new);
		return knot_map_errno_code(ret);
	}

	*guard = new;
	return KNOT_EOK;
}

bool guard_open(guard_t *guard)
{
	int fd = find_socket(guard->path, false);

	pthread_mutex_lock(&guard->lock);
	bool serve = fd >= 0 && !guard->shut;
	if (serve) {
		guard->connection = fd;
		guard->spent_ms = 0;
		pthread_cond_signal(&guard->wake);
	}
	pthread_mutex_unlock(&guard->lock);

	return serve;
}

void guard_close(guard_t *guard)
{
	pthread_mutex_lock(&guard->lock);
	guard->connection = -1;
	pthread_mutex_unlock(&guard->lock);
}

void guard_enter(guard_t *guard)
{
	pthread_mutex_lock(&guard->lock);
	guard->entered_ms = monotonic_ms();
	pthread_mutex_unlock(&guard->lock);
}

void guard_leave(guard_t *guard)
{
	pthread_mutex_lock(&guard->lock);
	guard->spent_ms += monotonic_ms() - guard->entered_ms;
	guard->entered_ms = 0;
	pthread_mutex_unlock(&guard->lock);
}

void guard_shut(guard_t *guard)
{
	pthread_mutex_lock(&guard->lock);
	guard->shut = true;
	shutdown(guard->listener, SHUT_RDWR);
	if (guard->connection >= 0) {
		shutdown(guard->connection, SHUT_RD);
	}
	pthread_mutex_unlock(&guard->lock);
}

void guard_stop(guard_t *guard)
{
	if (guard == NULL) {
		return;
	}

	pthread_mutex_lock(&guard->lock);
	guard->stop = true;
	pthread_cond_signal(&guard->wake);
	pthread_mutex_unlock(&guard->lock);
	pthread_join(guard->thread, NULL);

	pthread_cond_destroy(&guard->wake);
	pthread_mutex_destroy(&guard->lock);
	free(guard);
}
