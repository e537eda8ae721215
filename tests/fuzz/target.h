/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What fuzz targets have in common.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! Ends the process if something does not hold. */
static inline void demand(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "does not hold: %s\n", what);
		abort();
	}
}

/*! \return A copy of an input, of no more bytes than it has, so that whoever reads beyond is seen; to be freed. */
static inline uint8_t *copy_input(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	demand(copy != NULL, "there is memory");
	if (size > 0) {
		memcpy(copy, data, size);
	}
	return copy;
}

#define TARGET_PATH_MAX 64 /*!< Bytes. */

/*! Makes a file of an input, for what reads files. \param path  Filled: "/proc/…". \return To be closed. */
static inline int make_file(const uint8_t *data, size_t size, char path[TARGET_PATH_MAX])
{
	const int fd = memfd_create("input", MFD_CLOEXEC);
	demand(fd >= 0 && write(fd, data, size) == (ssize_t)size, "there is memory");
	snprintf(path, TARGET_PATH_MAX, "/proc/self/fd/%d", fd);
	return fd;
}
