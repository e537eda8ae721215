/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FILE *files_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (fd >= 0 && file == NULL) {
		close(fd);
	}
	return file;
}

int files_finish(FILE *file)
{
	bool good = ferror(file) == 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
	return fclose(file) == 0 && good ? 0 : -1;
}

static int fail(const char *path, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s: %s", path, strerror(errno));
	return -1;
}

int files_copy(const char *from, const char *to, char *err, size_t err_size)
{
	char block[65536];
	size_t len;
	FILE *in = fopen(from, "re");
	if (in == NULL) {
		return fail(from, err, err_size);
	}
	FILE *out = files_create(to);
	if (out == NULL) {
		fclose(in);
		return fail(to, err, err_size);
	}
	while ((len = fread(block, 1, sizeof(block), in)) > 0 &&
	       fwrite(block, 1, len, out) == len) {
	}
	bool read = ferror(in) == 0;
	fclose(in);
	bool written = files_finish(out) == 0;
	return read && written ? 0 : fail(read ? to : from, err, err_size);
}

int files_sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return -1;
	}
	int ret = fsync(fd);
	close(fd);
	return ret;
}

bool files_same(const char *one, const char *other)
{
	FILE *a = fopen(one, "re"), *b = fopen(other, "re");
	bool same = a != NULL && b != NULL;
	int c = 0;
	while (same && c != EOF) {
		c = getc(a);
		same = c == getc(b);
	}
	if (a != NULL) {
		fclose(a);
	}
	if (b != NULL) {
		fclose(b);
	}
	return same;
}

char *files_path(const char *folder, const char *name)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", folder, name) >= 0 ? path : NULL;
}
