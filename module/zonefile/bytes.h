/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The bytes of a zone file, in memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
	char *text;         /*!< Not terminated. */
	size_t size;
	uint64_t dev, ino;  /*!< Which file it is. */
	uint64_t links;     /*!< Names that it has. */
} bytes_t;

/*!
 * Reads a file. (A mapped file would kill the process if someone truncated it.)
 *
 * \param fd        Opened for reading, of any kind; stays open.
 * \param path      For messages.
 * \param size_max  Bytes that it may have.
 * \param bytes     To be freed by bytes_deinit().
 * \param err       "PATH: reason", with the line where it has one.
 * \return KNOT_EOK, KNOT_EINVAL (not a regular file), KNOT_EMALF (not text, or too large),
 *         KNOT_EAGAIN (changed meanwhile), KNOT_ENOMEM, or an error of the system
 */
int bytes_read(int fd, const char *path, uint64_t size_max, bytes_t *bytes, char *err,
               size_t err_size);

void bytes_deinit(bytes_t *bytes);
