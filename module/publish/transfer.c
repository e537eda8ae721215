/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/publish/transfer.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "common/clock.h"
#include "common/thread.h"
#include "module/publish/answer.h"

/* Connections at a time. knotd has about as many background workers as there are cores, each
 * with one connection at most. */
#define CONNECTIONS_MAX 64
/* Connections that wait to be accepted. */
#define BACKLOG 64
/* Seconds for which a connection may stand still, idle or amid a message. Unit tests set less. */
#ifndef TRANSFER_STALL_S
#define TRANSFER_STALL_S 30
#endif
/* Seconds between two lines of the log about refused connections, at least. */
#define REFUSAL_LOG_S 60
/* Milliseconds to wait when the system gives no connection, for want of descriptors say. */
#define ACCEPT_PAUSE_MS 200

typedef struct connection {
	LIST_ENTRY(connection) link;
	transfer_t *transfer;
	pthread_t thread;
	int fd;
	atomic_bool done;  /*!< The thread is about to end. */
	uint8_t query[KNOT_WIRE_MAX_PKTSIZE];
} connection_t;

struct transfer {
	publisher_t publisher;
	log_t *log;
	struct sockaddr_un addr;
	dev_t dev;         /*!< Of the socket's file: another file at its path is not removed. */
	ino_t ino;
	int listen_fd;
	int wake_fd;       /*!< Eventfd; written to when a connection is done, and to stop. */
	atomic_bool stop;
	pthread_t thread;

	/* The accepting thread's own; after its end, transfer_stop()'s. */
	LIST_HEAD(, connection) connections;
	unsigned count;
	int64_t refusal_next_ms;
	unsigned refusals; /*!< Connections refused since the last line of the log about them. */
};

static void wake(transfer_t *t)
{
	/* Fails only if the counter is full; then the thread is awake anyway. */
	(void)!write(t->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

/* Connections */

static bool receive(int fd, uint8_t *buf, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(fd, buf, len, 0);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return false;
		}
		buf += got;
		len -= got;
	}
	return true;
}

static int send_frame(void *ctx, const uint8_t *frame, size_t len)
{
	connection_t *conn = ctx;
	while (len > 0) {
		ssize_t sent = send(conn->fd, frame, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR) {
			continue;
		}
		if (sent <= 0) {
			return KNOT_ECONN;
		}
		frame += sent;
		len -= sent;
	}
	return KNOT_EOK;
}

static void *serve(void *arg)
{
	connection_t *conn = arg;
	transfer_t *t = conn->transfer;

	answerer_t *answerer = answerer_new(t->publisher, t->log, send_frame, conn);
	bool go_on = (answerer != NULL);
	while (go_on) {
		uint8_t length[2];
		go_on = receive(conn->fd, length, sizeof(length));
		if (go_on) {
			uint16_t len = knot_wire_read_u16(length);
			go_on = receive(conn->fd, conn->query, len) &&
			        answerer_reply(answerer, conn->query, len) == KNOT_EOK;
		}
	}
	answerer_free(answerer);

	/* The accepting thread closes the descriptor: transfer_stop() must not shut down a
	 * descriptor that belongs to another connection by then. */
	conn->done = true;
	wake(t);
	return NULL;
}

static void connection_free(connection_t *conn)
{
	close(conn->fd);
	free(conn);
}

/*! Waits for the thread's end. */
static void connection_end(transfer_t *t, connection_t *conn)
{
	pthread_join(conn->thread, NULL);
	LIST_REMOVE(conn, link);
	t->count--;
	connection_free(conn);
}

static void reap(transfer_t *t)
{
	connection_t *next;
	for (connection_t *conn = LIST_FIRST(&t->connections); conn != NULL; conn = next) {
		next = LIST_NEXT(conn, link);
		if (conn->done) {
			connection_end(t, conn);
		}
	}
}

/* The accepting thread */

/*! Closes the connection and says so; a client that tries on and on must not fill the log. */
static void refuse(transfer_t *t, int fd, const char *reason)
{
	if (fd >= 0) {
		close(fd);
	}
	const int64_t now = monotonic_ms();
	t->refusals++;
	if (now >= t->refusal_next_ms) {
		log_msg(t->log, LOG_WARNING, NULL,
		        "transfer socket %s, refused %u connection(s); the last: %s",
		        t->addr.sun_path, t->refusals, reason);
		t->refusal_next_ms = now + REFUSAL_LOG_S * 1000;
		t->refusals = 0;
	}
}

static void connection_start(transfer_t *t, int fd)
{
	struct timeval stall = { .tv_sec = TRANSFER_STALL_S };
	connection_t *conn = calloc(1, sizeof(*conn));
	if (conn == NULL) {
		refuse(t, fd, "out of memory");
		return;
	}
	conn->transfer = t;
	conn->fd = fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &stall, sizeof(stall)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof(stall)) != 0) {
		free(conn);
		refuse(t, fd, strerror(errno));
		return;
	}
	int ret = thread_start(&conn->thread, serve, conn);
	if (ret != KNOT_EOK) {
		free(conn);
		refuse(t, fd, knot_strerror(ret));
		return;
	}
	LIST_INSERT_HEAD(&t->connections, conn, link);
	t->count++;
}

static void admit(transfer_t *t, int fd)
{
	char reason[128];
	struct ucred peer;
	socklen_t len = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
		refuse(t, fd, strerror(errno));
	} else if (peer.pid != getpid()) {
		(void)snprintf(reason, sizeof(reason),
		               "process %ld of user %lu is not this server's own",
		               (long)peer.pid, (unsigned long)peer.uid);
		refuse(t, fd, reason);
	} else if (t->count >= CONNECTIONS_MAX) {
		(void)snprintf(reason, sizeof(reason), "%u are open already", t->count);
		refuse(t, fd, reason);
	} else {
		connection_start(t, fd);
	}
}

static void accept_one(transfer_t *t)
{
	int fd = accept4(t->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0) {
		admit(t, fd);
	} else if (errno != EINTR && errno != EAGAIN && errno != ECONNABORTED) {
		refuse(t, -1, strerror(errno));
		/* The connection stays in the queue: without a pause this thread would spin. */
		(void)poll(&(struct pollfd){ .fd = t->wake_fd, .events = POLLIN }, 1,
		           ACCEPT_PAUSE_MS);
	}
}

static void *accept_all(void *arg)
{
	transfer_t *t = arg;
	struct pollfd fds[] = {
		{ .fd = t->listen_fd, .events = POLLIN },
		{ .fd = t->wake_fd, .events = POLLIN },
	};
	while (!t->stop) {
		if (poll(fds, 2, -1) < 0) {
			continue;
		}
		if (fds[1].revents != 0) {
			(void)!read(t->wake_fd, &(uint64_t){ 0 }, sizeof(uint64_t));
			reap(t);
		}
		if (fds[0].revents != 0 && !t->stop) {
			accept_one(t);
		}
	}
	return NULL;
}

/* The socket */

/*! \return Whether the path is a socket at which nobody listens any more. */
static bool is_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	if (lstat(addr->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		return false;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return false;
	}
	bool refused = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0 &&
	               errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int bind_socket(int fd, const struct sockaddr_un *addr)
{
	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0) {
		return 0;
	}
	if (errno != EADDRINUSE) {
		return -1;
	}
	if (!is_stale(addr)) {
		errno = EADDRINUSE;
		return -1;
	}
	return unlink(addr->sun_path) == 0 ?
	       bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) : -1;
}

/*! Opens the socket; on failure errno says why. */
static int open_socket(transfer_t *t)
{
	struct stat st;
	t->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->listen_fd < 0 || bind_socket(t->listen_fd, &t->addr) != 0) {
		return -1;
	}
	/* Nobody can connect before listen(): the mode is right from the first moment. */
	if (chmod(t->addr.sun_path, S_IRUSR | S_IWUSR) != 0 ||
	    lstat(t->addr.sun_path, &st) != 0 || listen(t->listen_fd, BACKLOG) != 0) {
		int saved = errno;
		(void)unlink(t->addr.sun_path);
		errno = saved;
		return -1;
	}
	t->dev = st.st_dev;
	t->ino = st.st_ino;
	return 0;
}

static void remove_socket(transfer_t *t)
{
	struct stat st;
	if (lstat(t->addr.sun_path, &st) == 0 && st.st_dev == t->dev && st.st_ino == t->ino) {
		(void)unlink(t->addr.sun_path);
	}
}

static void close_fds(transfer_t *t)
{
	if (t->listen_fd >= 0) {
		close(t->listen_fd);
	}
	if (t->wake_fd >= 0) {
		close(t->wake_fd);
	}
}

static int start(transfer_t *t, const char *path, char *err, size_t err_size)
{
	if (open_socket(t) != 0) {
		int code = errno;
		(void)snprintf(err, err_size, "transfer socket %s: %s", path,
		               code == EADDRINUSE ?
		               "another process listens there, or it is not a socket" :
		               strerror(code));
		return knot_map_errno_code(code);
	}
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int ret = t->wake_fd >= 0 ? thread_start(&t->thread, accept_all, t) : knot_map_errno();
	if (ret != KNOT_EOK) {
		(void)snprintf(err, err_size, "transfer socket %s: %s", path, knot_strerror(ret));
		remove_socket(t);
	}
	return ret;
}

int transfer_start(transfer_t **transfer, const char *path, publisher_t publisher, log_t *log,
                   char *err, size_t err_size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	if (len == 0 || len >= sizeof(addr.sun_path)) {
		(void)snprintf(err, err_size, "transfer socket %s: the path has %zu bytes; 1 to "
		               "%zu are possible", path, len, sizeof(addr.sun_path) - 1);
		return KNOT_ERANGE;
	}
	memcpy(addr.sun_path, path, len);

	transfer_t *t = calloc(1, sizeof(*t));
	if (t == NULL) {
		(void)snprintf(err, err_size, "transfer socket %s: out of memory", path);
		return KNOT_ENOMEM;
	}
	t->publisher = publisher;
	t->log = log;
	t->addr = addr;
	t->listen_fd = -1;
	t->wake_fd = -1;
	LIST_INIT(&t->connections);

	int ret = start(t, path, err, err_size);
	if (ret != KNOT_EOK) {
		close_fds(t);
		free(t);
		return ret;
	}
	*transfer = t;
	return KNOT_EOK;
}

void transfer_stop(transfer_t *t)
{
	if (t == NULL) {
		return;
	}
	t->stop = true;
	wake(t);
	pthread_join(t->thread, NULL);
	remove_socket(t);

	connection_t *conn;
	LIST_FOREACH(conn, &t->connections, link) {
		(void)shutdown(conn->fd, SHUT_RDWR);
	}
	while ((conn = LIST_FIRST(&t->connections)) != NULL) {
		connection_end(t, conn);
	}
	close_fds(t);
	free(t);
}
