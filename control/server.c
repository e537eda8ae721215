/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "control/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/block.h"

/* Milliseconds for each socket operation. */
#define TIMEOUT_MS 2000

/* Pause after an accept that failed, likely for want of file descriptors. */
#define RETRY_MS   200

/* Bytes of an error text; knotc prints it as one line. */
#define ERROR_MAX  4096

struct ctl_server {
	knot_ctl_t *ctl;
	guard_t *guard;
	char *path;
	struct stat socket;    /* The file as it was bound. */
	const ctl_command_t *commands;
	void *ctx;
	pthread_t thread;
	atomic_bool stopping;
};

struct ctl_request {
	ctl_server_t *server;
	bool silent;           /* No unit is sent: it would make the client abort. */
	bool answered;
	bool refused;
	bool broken;           /* Nothing can be sent any more. */
};

/* -- answers ------------------------------------------------------------- */

static void send_raw(ctl_request_t *req, knot_ctl_type_t type, knot_ctl_data_t *data)
{
	if (req->broken) {
		return;
	}
	guard_enter(req->server->guard);
	req->broken = knot_ctl_send(req->server->ctl, type, data) != KNOT_EOK;
	guard_leave(req->server->guard);
}

static void send_unit(ctl_request_t *req, knot_ctl_type_t type, knot_ctl_data_t data)
{
	for (int i = 0; i < KNOT_CTL_IDX__COUNT; i++) {
		if (data[i] != NULL && strlen(data[i]) > UINT16_MAX) {
			memset(data, 0, sizeof(knot_ctl_data_t));
			data[KNOT_CTL_IDX_ERROR] = "the answer is longer than 65535 bytes";
		}
	}

	req->answered = true;
	req->refused |= data[KNOT_CTL_IDX_ERROR] != NULL;
	if (!req->silent) {
		send_raw(req, type, (knot_ctl_data_t *)data);
	}
}

void ctl_reply(ctl_request_t *req, const char *zone, const char *type, const char *data)
{
	knot_ctl_data_t unit = {
		[KNOT_CTL_IDX_ZONE] = zone,
		[KNOT_CTL_IDX_TYPE] = type,
		[KNOT_CTL_IDX_DATA] = data,
	};
	send_unit(req, KNOT_CTL_TYPE_DATA, unit);
}

void ctl_extra(ctl_request_t *req, const char *type, const char *data)
{
	knot_ctl_data_t unit = {
		[KNOT_CTL_IDX_TYPE] = type,
		[KNOT_CTL_IDX_DATA] = data,
	};
	send_unit(req, KNOT_CTL_TYPE_EXTRA, unit);
}

void ctl_counter(ctl_request_t *req, const char *zone, const char *section, const char *item,
                 const char *id, const char *value)
{
	knot_ctl_data_t unit = {
		[KNOT_CTL_IDX_ZONE] = zone,
		[KNOT_CTL_IDX_SECTION] = section,
		[KNOT_CTL_IDX_ITEM] = item,
		[KNOT_CTL_IDX_ID] = id,
		[KNOT_CTL_IDX_DATA] = value,
	};
	send_unit(req, KNOT_CTL_TYPE_DATA, unit);
}

void ctl_error(ctl_request_t *req, const char *zone, const char *fmt, ...)
{
	char text[ERROR_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	knot_ctl_data_t unit = {
		[KNOT_CTL_IDX_ZONE] = zone,
		[KNOT_CTL_IDX_ERROR] = text,
	};
	send_unit(req, KNOT_CTL_TYPE_DATA, unit);
}

/* -- requests ------------------------------------------------------------ */

static const ctl_command_t *find_command(const ctl_server_t *server, const char *name)
{
	for (const ctl_command_t *cmd = server->commands; cmd->name != NULL; cmd++) {
		if (strcmp(cmd->name, name) == 0) {
			return cmd;
		}
	}
	return NULL;
}

static void refuse_command(ctl_request_t *req, const ctl_unit_t *unit)
{
	char known[ERROR_MAX / 2] = "";
	size_t len = 0;
	for (const ctl_command_t *cmd = req->server->commands; cmd->name != NULL; cmd++) {
		int ret = snprintf(known + len, sizeof(known) - len, "%s%s",
		                   len > 0 ? ", " : "", cmd->name);
		len += (size_t)ret < sizeof(known) - len ? (size_t)ret : 0;
	}
	ctl_error(req, unit->zone, "unknown command '%.100s'; known here: %s", unit->cmd, known);
}

/* \return Whether the next unit has the same command, and will be answered. */
static bool goes_on(const ctl_request_t *req, const block_unit_t *it)
{
	const char *next = it->next != NULL ? it->next->unit.cmd : NULL;
	return it->next != NULL && (next == NULL || strcmp(next, it->unit.cmd) == 0) &&
	       !req->broken && !atomic_load(&req->server->stopping);
}

/* A unit without a command has that of the unit before; Knot's own clients always send one. */
static void answer_units(ctl_request_t *req, block_t *block)
{
	const char *name = "";
	for (block_unit_t *it = block->first; it != NULL; it = it->next) {
		if (it->unit.cmd == NULL) {
			it->unit.cmd = name;
		}
		name = it->unit.cmd;

		/* knotc up to 3.5 aborts on any unit in the answer to these. */
		req->silent = strcmp(name, "zone-xfr-freeze") == 0 ||
		              strcmp(name, "zone-xfr-thaw") == 0;

		const ctl_command_t *cmd = find_command(req->server, name);
		if (cmd == NULL) {
			refuse_command(req, &it->unit);
			return;
		}
		it->unit.more = goes_on(req, it);
		cmd->handler(req->server->ctx, req, &it->unit);

		if (it->unit.more) {
			continue;
		}
		if (req->broken) {
			return;
		}
		if (atomic_load(&req->server->stopping)) {
			break; /* This unit may be what stops the server: its answer is still sent. */
		}
	}

	/* knotc from 3.5 on prints "Running" only if the answer has a unit. */
	if (strcmp(name, "status") == 0 && !req->answered) {
		ctl_reply(req, NULL, NULL, NULL);
	}
}

/* \return Whether the connection goes on. */
static bool serve_block(ctl_server_t *server)
{
	ctl_request_t req = { .server = server };
	block_t block = { 0 };

	int ret = block_read(&block, server->ctl, server->guard);
	if (ret == KNOT_EOK) {
		answer_units(&req, &block);
		/* END, where BLOCK is due, is an error that any knotc reports. */
		bool end = req.silent && req.refused;
		send_raw(&req, end ? KNOT_CTL_TYPE_END : KNOT_CTL_TYPE_BLOCK, NULL);
	} else if (ret == KNOT_ESPACE || ret == KNOT_ENOMEM) {
		ctl_error(&req, NULL, "the request is too large, send fewer zones at once");
		send_raw(&req, KNOT_CTL_TYPE_BLOCK, NULL);
	}
	block_deinit(&block);

	return ret == KNOT_EOK && !req.broken;
}

static void *run(void *arg)
{
	ctl_server_t *server = arg;

	while (!atomic_load(&server->stopping)) {
		int ret = knot_ctl_accept(server->ctl);
		if (ret == KNOT_ETIMEOUT) {
			continue;
		}
		if (ret != KNOT_EOK) {
			if (!atomic_load(&server->stopping)) {
				poll(NULL, 0, RETRY_MS);
			}
			continue;
		}

		if (guard_open(server->guard)) {
			while (serve_block(server)) {
				;
			}
			guard_close(server->guard);
		}
		knot_ctl_close(server->ctl);
	}

	return NULL;
}

/* -- start and stop ------------------------------------------------------ */

/* Checks that the path can be bound: nothing is there, or the socket of a dead process. */
static int check_path(const char *path, char *err, size_t err_size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr.sun_path)) {
		snprintf(err, err_size, "%s: a socket's path cannot have more than %zu characters",
		         path, sizeof(addr.sun_path) - 1);
		return KNOT_EINVAL;
	}
	strcpy(addr.sun_path, path);

	struct stat st;
	if (lstat(path, &st) != 0) {
		if (errno == ENOENT) {
			return KNOT_EOK;
		}
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		return knot_map_errno();
	}
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(err, err_size, "%s: something that is no socket is there; "
		         "remove it or choose another path", path);
		return KNOT_EEXIST;
	}

	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock < 0) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		return knot_map_errno();
	}
	int code = connect(sock, (struct sockaddr *)&addr, sizeof(addr)) == 0 ? 0 : errno;
	close(sock);
	if (code == ECONNREFUSED || code == ENOENT) {
		return KNOT_EOK;
	}
	if (code == EACCES) {
		snprintf(err, err_size, "%s: another user's socket is there", path);
		return KNOT_EACCES;
	}
	snprintf(err, err_size, "%s: another process serves this socket; stop it, or choose "
	         "another path", path);
	return KNOT_EADDRINUSE;
}

static int open_socket(ctl_server_t *server, char *err, size_t err_size)
{
	knot_ctl_set_timeout(server->ctl, TIMEOUT_MS);
#if HAVE_CTL_BIND_BACKLOG
	int ret = knot_ctl_bind(server->ctl, server->path, 5);
#else
	int ret = knot_ctl_bind(server->ctl, server->path);
#endif
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "%s: cannot bind: %s", server->path, knot_strerror(ret));
		return ret;
	}

	if (chmod(server->path, 0660) != 0 || lstat(server->path, &server->socket) != 0) {
		snprintf(err, err_size, "%s: %s", server->path, strerror(errno));
		return knot_map_errno();
	}
	return KNOT_EOK;
}

static int start_threads(ctl_server_t *server, char *err, size_t err_size)
{
	/* The program's own threads handle its signals. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);

	int ret = guard_start(&server->guard, server->path);
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "%s: cannot watch over the socket (is /proc there?): %s",
		         server->path, knot_strerror(ret));
	} else {
		int code = pthread_create(&server->thread, NULL, run, server);
		if (code != 0) {
			snprintf(err, err_size, "%s: cannot start a thread: %s", server->path,
			         strerror(code));
			ret = knot_map_errno_code(code);
		}
	}

	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

/* Leaves the file alone if another server has put its own socket there meanwhile. */
static void free_server(ctl_server_t *server)
{
	struct stat st;
	if (server->socket.st_ino != 0 && lstat(server->path, &st) == 0 &&
	    st.st_dev == server->socket.st_dev && st.st_ino == server->socket.st_ino) {
		knot_ctl_unbind(server->ctl);
	}
	guard_stop(server->guard);
	knot_ctl_free(server->ctl);
	free(server->path);
	free(server);
}

int ctl_server_start(ctl_server_t **server, const char *path, const ctl_command_t *commands,
                     void *ctx, char *err, size_t err_size)
{
	int ret = check_path(path, err, err_size);
	if (ret != KNOT_EOK) {
		return ret;
	}

	ctl_server_t *new = calloc(1, sizeof(*new));
	if (new == NULL) {
		snprintf(err, err_size, "%s: not enough memory", path);
		return KNOT_ENOMEM;
	}
	new->ctl = knot_ctl_alloc();
	new->path = strdup(path);
	new->commands = commands;
	new->ctx = ctx;
	atomic_init(&new->stopping, false);

	if (new->ctl == NULL || new->path == NULL) {
		snprintf(err, err_size, "%s: not enough memory", path);
		ret = KNOT_ENOMEM;
	} else {
		ret = open_socket(new, err, err_size);
	}
	if (ret == KNOT_EOK) {
		ret = start_threads(new, err, err_size);
	}
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
	guard_shut(server->guard);
	pthread_join(server->thread, NULL);
	free_server(server);
}
