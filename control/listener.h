/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The socket of a server in the file system.
 */
#pragma once

#include <sys/stat.h>
#include <stddef.h>

#define LISTENER_MODE 0660

typedef struct {
	int fd;     /*!< Non-blocking, listens. */
	dev_t dev;  /*!< The file as it was bound. */
	ino_t ino;
} listener_t;

/*!
 * Binds a socket, with mode 0660. One that a dead process left behind is replaced.
 *
 * \param err  Says path and reason on failure.
 * \return KNOT_EOK, or another code
 */
int listener_open(listener_t *listener, const char *path, char *err, size_t err_size);

/*! Closes it, and removes the file, unless another server has put its own socket there meanwhile. */
void listener_close(listener_t *listener, const char *path);
