/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/text-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* \return NULL, with errno; EILSEQ: it is no text. */
static char *read_all(FILE *file, size_t size)
{
	char *text = malloc(size + 1);
	const size_t len = text != NULL ? fread(text, 1, size, file) : 0;
	if (text != NULL && (ferror(file) || memchr(text, '\0', len) != NULL)) {
		errno = ferror(file) ? EIO : EILSEQ;
		free(text);
		return NULL;
	}
	if (text != NULL) {
		text[len] = '\0';
	}
	return text;
}

char *text_file_read(const char *path, const text_file_t *what, char *err, size_t err_size)
{
	struct stat st;
	char *text = NULL;
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (file == NULL || fstat(fd, &st) != 0) {
		snprintf(err, err_size, "%s: %s; ods-engine's user has to be able to read it", path,
		         strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		snprintf(err, err_size, "%s is no file", path);
	} else if ((size_t)st.st_size > what->most) {
		snprintf(err, err_size, "%s is too large: it has more than %zu bytes", path, what->most);
	} else if (what->decides && (st.st_mode & S_IWOTH) != 0) {
		snprintf(err, err_size, "%s: everybody can write to it; look what is in it, then chmod "
		         "o-w", path);
	} else {
		text = read_all(file, (size_t)st.st_size);
		if (text == NULL) {
			snprintf(err, err_size, "%s: %s", path, errno == EILSEQ ? "this is no text"
			                                                         : strerror(errno));
		}
	}
	if (file != NULL) {
		fclose(file);
	} else if (fd >= 0) {
		close(fd);
	}
	return text;
}

int text_file_blame(const char *path, unsigned line, char *err, size_t err_size, const char *format, va_list args)
{
	char why[300];
	vsnprintf(why, sizeof(why), format, args);
	snprintf(err, err_size, "%s:%u: %s", path, line, why);
	return -1;
}
