/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/thread.h"
#include "control/listener.h"

/* Milliseconds for which a connection may be idle. Unit tests set less. */
#ifndef IDLE_MS
#define IDLE_MS 10000
#endif

/* If others want its place, a connection whose client has not done its part for so long has to go. */
#define STALL_MS 1000

/* How often it is looked whether there is one. */
#define TICK_MS 100

/* Pause after an accept that failed, likely for want of file descriptors. */
#define RETRY_MS 200

/* How long clients may still take their answers when the server stops. */
#define STOP_MS 1000

/* Connections of a user, and how many of them are served at a time. Root and the process's own user
 * have these for themselves; all others together have at most STRANGERS times as many. */
#define USER_CONNECTIONS 128
#define USER_SERVED 16
#define STRANGERS 3

typedef enum {
	IDLE,   /* Only the main thread has it. */
	SERVED, /* Its own thread has it. */
	DONE,   /* Its thread ends, and wants it to go on. */
	GONE,   /* Its thread ends. */
} conn_state_t;

typedef struct conn {
	TAILQ_ENTRY(conn) link;
	ctl_server_t *server;
	wire_t wire;
	uid_t user;
	bool stranger;
	bool ready;          /* Has sent something. Main thread only. */
	int64_t idle_since;  /* Main thread only. */
	_Atomic conn_state_t state;
	pthread_t thread;
} conn_t;

TAILQ_HEAD(conns, conn);

struct ctl_server {
	listener_t listener;
	char *path;
	ctl_service_t service;
	atomic_bool stopping;
	int news;              /* eventfd: a thread ends, or the server stops. */
	pthread_t thread;
	struct conns conns;    /* Main thread only, in the order in which they came. */
	size_t count;
};

/* -- a connection's own thread ------------------------------------------- */

static void tell(ctl_server_t *server)
{
	(void)eventfd_write(server->news, 1);
}

static void *serve(void *arg)
{
	conn_t *conn = arg;
	ctl_server_t *server = conn->server;
	bool on;
	do {
		on = request_serve(&server->service, &conn->wire);
	} while (on && wire_has_input(&conn->wire) && !atomic_load(&server->stopping));

	atomic_store(&conn->state, on ? DONE : GONE); /* The last that it does with conn. */
	tell(server);
	return NULL;
}

/* -- the main thread: who is served -------------------------------------- */

static conn_state_t state_of(conn_t *conn)
{
	return atomic_load(&conn->state);
}

static void drop(conn_t *conn)
{
	TAILQ_REMOVE(&conn->server->conns, conn, link);
	conn->server->count--;
	close(conn->wire.fd);
	wire_deinit(&conn->wire);
	free(conn);
}

/* Takes connections back from threads that have ended. */
static void take_back(ctl_server_t *server)
{
	conn_t *next;
	for (conn_t *conn = TAILQ_FIRST(&server->conns); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, link);
		const conn_state_t state = state_of(conn);
		if (state == IDLE || state == SERVED) {
			continue;
		}
		pthread_join(conn->thread, NULL);
		conn->state = IDLE;
		conn->ready = false;
		conn->idle_since = monotonic_ms();
		if (state == GONE || atomic_load(&server->stopping)) {
			drop(conn);
		}
	}
}

/* \return Whether as many of the user's connections are served as may be, or of all strangers'. */
static bool is_full(ctl_server_t *server, const conn_t *like)
{
	unsigned users = 0, strangers = 0;
	conn_t *conn;
	TAILQ_FOREACH(conn, &server->conns, link) {
		if (state_of(conn) != IDLE) {
			users += conn->user == like->user;
			strangers += conn->stranger;
		}
	}
	return users >= USER_SERVED ||
	       (like->stranger && strangers >= STRANGERS * USER_SERVED);
}

/* Cuts off those that have waited for their client for long: this one wants the place. */
static void cut_stalled(ctl_server_t *server, const conn_t *wants)
{
	conn_t *conn;
	TAILQ_FOREACH(conn, &server->conns, link) {
		const int64_t since = atomic_load(&conn->wire.waits_since);
		if (conn->stranger == wants->stranger && state_of(conn) == SERVED &&
		    since != 0 && monotonic_ms() - since > STALL_MS) {
			shutdown(conn->wire.fd, SHUT_RDWR);
		}
	}
}

static bool start(conn_t *conn)
{
	conn->state = SERVED;
	if (thread_start(&conn->thread, serve, conn) != KNOT_EOK) {
		conn->state = IDLE;
		return false;
	}
	return true;
}

/* Gives threads to those that have sent something. \return Whether some have to wait for one. */
static bool serve_ready(ctl_server_t *server)
{
	conn_t *conn, *waits = NULL;
	TAILQ_FOREACH(conn, &server->conns, link) {
		if (!conn->ready || state_of(conn) != IDLE ||
		    (waits != NULL && waits->user == conn->user)) {
			continue;
		}
		if (is_full(server, conn) || !start(conn)) {
			cut_stalled(server, conn);
			waits = conn;
		}
	}
	return waits != NULL;
}

static void drop_idle(ctl_server_t *server)
{
	const int64_t before = monotonic_ms() - IDLE_MS;
	conn_t *next;
	for (conn_t *conn = TAILQ_FIRST(&server->conns); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, link);
		if (state_of(conn) == IDLE && !conn->ready && conn->idle_since < before) {
			drop(conn);
		}
	}
}

/* -- the main thread: who comes ------------------------------------------ */

/* Makes room for one more of the user, or stranger. \return Whether there is. */
static bool make_room(ctl_server_t *server, const conn_t *fresh)
{
	size_t users = 0, strangers = 0;
	conn_t *conn, *idle = NULL, *idle_stranger = NULL;
	TAILQ_FOREACH(conn, &server->conns, link) {
		const bool may_go = state_of(conn) == IDLE && !conn->ready;
		users += conn->user == fresh->user;
		strangers += conn->stranger;
		if (may_go && idle == NULL && conn->user == fresh->user) {
			idle = conn;
		}
		if (may_go && idle_stranger == NULL && conn->stranger) {
			idle_stranger = conn;
		}
	}
	const bool full = users >= USER_CONNECTIONS;
	const bool crowded = fresh->stranger && strangers >= STRANGERS * USER_CONNECTIONS;
	conn_t *victim = full ? idle : crowded ? idle_stranger : NULL;
	if (victim != NULL) {
		drop(victim);
	}
	return (!full && !crowded) || victim != NULL;
}

static void admit(ctl_server_t *server, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	conn_t *conn = calloc(1, sizeof(*conn));
	if (conn == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
		free(conn);
		close(fd);
		return;
	}
	conn->server = server;
	conn->wire.fd = fd;
	conn->user = peer.uid;
	conn->stranger = peer.uid != 0 && peer.uid != geteuid();
	conn->idle_since = monotonic_ms();
	const bool room = make_room(server, conn);
	TAILQ_INSERT_TAIL(&server->conns, conn, link);
	server->count++;
	if (!room) {
		request_refuse(&conn->wire, "too many connections, those of this user are all "
		               "being served; try again");
		drop(conn);
	}
}

static void accept_all(ctl_server_t *server)
{
	while (!atomic_load(&server->stopping)) {
		const int fd = accept4(server->listener.fd, NULL, NULL,
		                       SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			admit(server, fd);
		} else if (errno != EINTR && errno != ECONNABORTED) {
			if (errno != EAGAIN && errno != EWOULDBLOCK) {
				poll(NULL, 0, RETRY_MS);
			}
			return;
		}
	}
}

/* -- the main thread ----------------------------------------------------- */

/* \return Whether a client has ended its idle connection, which then needs no thread. */
static bool leaves(const conn_t *conn)
{
	uint8_t code;
	return recv(conn->wire.fd, &code, 1, MSG_PEEK) != 1 || code == WIRE_END;
}

/* Marks the connections that have sent something. \param polls  Of each, in their order. */
static void mark_ready(ctl_server_t *server, const struct pollfd *polls)
{
	conn_t *next;
	for (conn_t *conn = TAILQ_FIRST(&server->conns); conn != NULL; conn = next, polls++) {
		next = TAILQ_NEXT(conn, link);
		if (polls->revents != 0 && leaves(conn)) {
			drop(conn);
		} else if (polls->revents != 0) {
			conn->ready = true;
		}
	}
}

/* Waits until there is something to do. */
static void wait_for_news(ctl_server_t *server, int limit_ms)
{
	struct pollfd *polls = calloc(server->count + 2, sizeof(*polls));
	if (polls == NULL) {
		poll(NULL, 0, RETRY_MS);
		return;
	}
	conn_t *conn;
	nfds_t count = 0;
	polls[count++] = (struct pollfd){ .fd = server->news, .events = POLLIN };
	polls[count++] = (struct pollfd){ .fd = server->listener.fd, .events = POLLIN };
	TAILQ_FOREACH(conn, &server->conns, link) {
		const bool idle = state_of(conn) == IDLE && !conn->ready;
		polls[count++] = (struct pollfd){ .fd = idle ? conn->wire.fd : -1,
		                                  .events = POLLIN };
	}
	if (poll(polls, count, limit_ms) > 0) {
		eventfd_t seen;
		(void)eventfd_read(server->news, &seen);
		mark_ready(server, polls + 2);
	}
	free(polls);
}

/* Ends the reading of all requests; their answers still go, for a while. */
static void wait_for_end(ctl_server_t *server)
{
	const int64_t until = monotonic_ms() + STOP_MS;
	conn_t *conn;
	while (true) {
		take_back(server);
		const bool late = monotonic_ms() > until;
		bool idle = true;
		TAILQ_FOREACH(conn, &server->conns, link) {
			shutdown(conn->wire.fd, late ? SHUT_RDWR : SHUT_RD);
			idle &= state_of(conn) == IDLE;
		}
		if (idle) {
			break;
		}
		struct pollfd news = { .fd = server->news, .events = POLLIN };
		eventfd_t seen;
		(void)poll(&news, 1, TICK_MS);
		(void)eventfd_read(server->news, &seen);
	}
	while ((conn = TAILQ_FIRST(&server->conns)) != NULL) {
		drop(conn);
	}
}

static void *run(void *arg)
{
	ctl_server_t *server = arg;
	bool wait = false;
	while (!atomic_load(&server->stopping)) {
		wait_for_news(server, wait ? TICK_MS : server->count > 0 ? IDLE_MS / 4 : -1);
		take_back(server);
		accept_all(server);
		drop_idle(server);
		wait = serve_ready(server);
	}
	wait_for_end(server);
	return NULL;
}

/* -- start and stop ------------------------------------------------------ */

static int start_thread(ctl_server_t *server, char *err, size_t err_size)
{
	server->news = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (server->news < 0) {
		snprintf(err, err_size, "%s: %s", server->path, strerror(errno));
		return knot_map_errno();
	}
	const int ret = thread_start(&server->thread, run, server);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "%s: cannot start a thread: %s", server->path,
		         knot_strerror(ret));
		close(server->news);
	}
	return ret;
}

static void free_server(ctl_server_t *server)
{
	free(server->path);
	free(server);
}

static int open_server(ctl_server_t *server, char *err, size_t err_size)
{
	int ret = listener_open(&server->listener, server->path, err, err_size);
	if (ret == KNOT_EOK) {
		ret = start_thread(server, err, err_size);
		if (ret != KNOT_EOK) {
			listener_close(&server->listener, server->path);
		}
	}
	return ret;
}

int ctl_server_start(ctl_server_t **server, const char *path, const ctl_command_t *commands,
                     void *ctx, char *err, size_t err_size)
{
	ctl_server_t *new = calloc(1, sizeof(*new));
	char *copy = strdup(path);
	if (new == NULL || copy == NULL) {
		free(new);
		free(copy);
		snprintf(err, err_size, "%s: not enough memory", path);
		return KNOT_ENOMEM;
	}
	new->path = copy;
	new->service = (ctl_service_t){ commands, ctx, &new->stopping };
	atomic_init(&new->stopping, false);
	TAILQ_INIT(&new->conns);

	int ret = open_server(new, err, err_size);
	if (ret != KNOT_EOK) {
		free_server(new);
		return ret;
	}
	*server = new;
	return KNOT_EOK;
}

void ctl_server_stop(ctl_server_t *server)
{
	if (server == NULL) {
		return;
	}
	atomic_store(&server->stopping, true);
	tell(server);
	pthread_join(server->thread, NULL);
	listener_close(&server->listener, server->path);
	close(server->news);
	free_server(server);
}
