/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/zonefile/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/error.h>

#define CHUNK (1024 * 1024) /* Bytes that are read, and then looked at, at once. */

/* Bytes of a line, at most. The longest RDATA is 262,140 characters if each octet is escaped. */
#define LINE_MAX_LEN (1024 * 1024)

/* Where in the file what has been read ends. */
typedef struct {
	uint64_t line;
	size_t line_len; /* Bytes of that line so far. */
} scan_t;

static int fail(const char *path, const char *reason, int ret, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s: %s", path, reason);
	return ret;
}

static int fail_errno(const char *path, char *err, size_t err_size)
{
	int code = errno;
	return fail(path, strerror(code), knot_map_errno_code(code), err, err_size);
}

/* Looks for what no zone file has, so that not gigabytes of another file are read. */
static int scan(scan_t *state, const char *chunk, size_t len, const char *path, char *err,
                size_t err_size)
{
	const char *end = chunk + len;
	while (chunk < end) {
		const char *newline = memchr(chunk, '\n', end - chunk);
		const char *line_end = newline != NULL ? newline : end;
		state->line_len += line_end - chunk;

		const char *reason = NULL;
		if (memchr(chunk, '\0', line_end - chunk) != NULL) {
			reason = "there is a NUL byte; this is not a zone file in text form";
		} else if (state->line_len > LINE_MAX_LEN) {
			reason = "the line is longer than 1 MiB";
		}
		if (reason != NULL) {
			snprintf(err, err_size, "%s:%"PRIu64": %s", path, state->line, reason);
			return KNOT_EMALF;
		}

		if (newline != NULL) {
			state->line++;
			state->line_len = 0;
		}
		chunk = line_end + 1;
	}
	return KNOT_EOK;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int read_all(int fd, const char *path, const struct stat *before, bytes_t *bytes, char *err,
                    size_t err_size)
{
	size_t size = before->st_size;
	bytes->text = malloc(size + 1);
	if (bytes->text == NULL) {
		return fail(path, "not enough memory to read it", KNOT_ENOMEM, err, err_size);
	}

	scan_t state = { .line = 1 };
	/* One byte more than the file should have, to see whether it has grown. */
	while (bytes->size <= size) {
		size_t left = size + 1 - bytes->size;
		ssize_t got = read(fd, bytes->text + bytes->size, left < CHUNK ? left : CHUNK);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return fail_errno(path, err, err_size);
		}
		if (got == 0) {
			break;
		}
		int ret = scan(&state, bytes->text + bytes->size, got, path, err, err_size);
		if (ret != KNOT_EOK) {
			return ret;
		}
		bytes->size += got;
	}

	struct stat after;
	if (fstat(fd, &after) != 0) {
		return fail_errno(path, err, err_size);
	}
	if (bytes->size != size || !is_same(before, &after)) {
		return fail(path, "it changed while it was read; write a new file and rename it",
		            KNOT_EAGAIN, err, err_size);
	}
	return KNOT_EOK;
}

int bytes_read(int fd, const char *path, uint64_t size_max, bytes_t *bytes, char *err,
               size_t err_size)
{
	struct stat st;
	int ret;
	memset(bytes, 0, sizeof(*bytes));
	if (fstat(fd, &st) != 0) {
		ret = fail_errno(path, err, err_size);
	} else if (S_ISDIR(st.st_mode)) {
		ret = fail(path, "it is a directory", KNOT_EINVAL, err, err_size);
	} else if (!S_ISREG(st.st_mode)) {
		ret = fail(path, "it is not a regular file", KNOT_EINVAL, err, err_size);
	} else if ((uint64_t)st.st_size > size_max) {
		ret = fail(path, "it is far larger than a zone file has to be for what "
		           "zone-max-size or journal-max-usage in knot.conf allow", KNOT_EMALF,
		           err, err_size);
	} else {
		bytes->dev = st.st_dev;
		bytes->ino = st.st_ino;
		bytes->links = st.st_nlink;
		ret = read_all(fd, path, &st, bytes, err, err_size);
	}
	if (ret != KNOT_EOK) {
		bytes_deinit(bytes);
	}
	return ret;
}

void bytes_deinit(bytes_t *bytes)
{
	free(bytes->text);
	bytes->text = NULL;
}
