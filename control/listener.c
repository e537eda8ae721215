/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "control/listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libknot/libknot.h>

/* Connections in the socket's queue: knotc fails at once if it is full. */
#define QUEUE 64

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

static int bind_path(int fd, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	strcpy(addr.sun_path, path);
	/* Else it has the umask's mode for a moment. */
	if (fchmod(fd, LISTENER_MODE) != 0 || (unlink(path) != 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		return -1;
	}
	return chmod(path, LISTENER_MODE) == 0 ? listen(fd, QUEUE) : -1;
}

int listener_open(listener_t *listener, const char *path, char *err, size_t err_size)
{
	int ret = check_path(path, err, err_size);
	if (ret != KNOT_EOK) {
		return ret;
	}
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat st;
	if (fd < 0 || bind_path(fd, path) != 0 || lstat(path, &st) != 0) {
		ret = knot_map_errno();
		snprintf(err, err_size, "%s: cannot bind: %s", path, strerror(errno));
		if (fd >= 0) {
			close(fd);
		}
		return ret;
	}
	*listener = (listener_t){ .fd = fd, .dev = st.st_dev, .ino = st.st_ino };
	return KNOT_EOK;
}

void listener_close(listener_t *listener, const char *path)
{
	struct stat st;
	close(listener->fd);
	if (lstat(path, &st) == 0 && st.st_dev == listener->dev && st.st_ino == listener->ino) {
		(void)unlink(path);
	}
}
