/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/content.h"

#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/trust.h"

#define FILE_MAX (4 * 1024 * 1024) /* Bytes; enough for thousands of policies. */

static int file_error(const char *path, const char *what, hsm_error_t *err)
{
	return hsm_error_set(err, HSM_ECONF, 0, "%s: %s", path, what);
}

static int read_all(const char *path, int fd, hsm_content_t *content, hsm_error_t *err)
{
	size_t done = 0;
	while (done < content->size) {
		ssize_t got = read(fd, content->data + done, content->size - done);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return file_error(path, strerror(errno), err);
		}
		if (got == 0) {
			return file_error(path, "became shorter while it was read, try again", err);
		}
		done += (size_t)got;
	}
	return HSM_EOK;
}

static const char *find_fault(const struct stat *st)
{
	return !S_ISREG(st->st_mode) ? "not a file" :
	       st->st_size == 0 ? "the file is empty" :
	       st->st_size > FILE_MAX ? "larger than 4 MiB, hardly a configuration file" :
	       trust_fault(st);
}

static int read_fd(const char *path, int fd, hsm_content_t *content, hsm_error_t *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		return file_error(path, strerror(errno), err);
	}
	const char *fault = find_fault(&st);
	if (fault != NULL) {
		return file_error(path, fault, err);
	}
	content->mode = st.st_mode;
	content->size = (size_t)st.st_size;
	content->data = malloc(content->size);
	if (content->data == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	return read_all(path, fd, content, err);
}

/*! Where a text ends that begins at data and goes to a mark. \return NULL: nowhere */
static const char *behind(const char *data, const char *end, const char *mark)
{
	const size_t len = strlen(mark);
	const char *at = memmem(data, (size_t)(end - data), mark, len);
	return at != NULL ? at + len : NULL;
}

static bool begins(const char *data, const char *end, const char *mark)
{
	const size_t len = strlen(mark);
	return (size_t)(end - data) >= len && memcmp(data, mark, len) == 0;
}

/*!
 * Looks for '--' in a comment, which XML forbids. libxml2 goes on behind each, and copies all of the
 * comment so far for its message: a megabyte of them takes minutes.
 * \return Where it is; NULL: nowhere
 */
static const char *find_hyphens(const char *data, const char *end)
{
	while (data != NULL && (data = memchr(data, '<', (size_t)(end - data))) != NULL) {
		if (begins(data, end, "<!--")) {
			data = behind(data + 4, end, "--");
			if (data != NULL && !begins(data, end, ">")) {
				return data;
			}
		} else if (begins(data, end, "<![CDATA[")) {
			data = behind(data, end, "]]>");
		} else if (begins(data, end, "<?")) {
			data = behind(data, end, "?>");
		} else {
			data++;
		}
	}
	return NULL;
}

static int check(const char *path, const hsm_content_t *content, hsm_error_t *err)
{
	const char *end = content->data + content->size;
	if (memchr(content->data, '\0', content->size) != NULL) {
		return file_error(path, "not a text file in UTF-8", err);
	}
	const char *hyphens = find_hyphens(content->data, end);
	if (hyphens == NULL) {
		return HSM_EOK;
	}
	unsigned line = 1;
	for (const char *at = content->data; at < hyphens; at++) {
		line += *at == '\n';
	}
	return hsm_error_set(err, HSM_ECONF, 0, "%s:%u: not well-formed XML: '--' in a comment",
	                     path, line);
}

int hsm_content_read(const char *path, hsm_content_t *content, hsm_error_t *err)
{
	/* Not blocking: a FIFO by mistake must not hang the server. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return hsm_error_set(err, HSM_ECONF, 0, "%s: cannot open: %s", path,
		                     strerror(errno));
	}
	int ret = read_fd(path, fd, content, err);
	close(fd);
	return ret == HSM_EOK ? check(path, content, err) : ret;
}

void hsm_content_wipe(hsm_content_t *content)
{
	if (content->data != NULL) {
		explicit_bzero(content->data, content->size);
		free(content->data);
		content->data = NULL;
	}
}
