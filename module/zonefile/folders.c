/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/zonefile/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/error.h>

int folders_add(folders_t *folders, const char *path)
{
	char **paths = realloc(folders->paths, (folders->count + 1) * sizeof(*paths));
	if (paths == NULL) {
		return KNOT_ENOMEM;
	}
	folders->paths = paths;
	paths[folders->count] = strdup(path);
	if (paths[folders->count] == NULL) {
		return KNOT_ENOMEM;
	}
	folders->count++;
	return KNOT_EOK;
}

int folders_add_all(folders_t *folders, const folders_t *from)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < from->count; i++) {
		ret = folders_add(folders, from->paths[i]);
	}
	return ret;
}

bool folders_equal(const folders_t *a, const folders_t *b)
{
	bool equal = a->count == b->count;
	for (size_t i = 0; equal && i < a->count; i++) {
		equal = strcmp(a->paths[i], b->paths[i]) == 0;
	}
	return equal;
}

void folders_deinit(folders_t *folders)
{
	for (size_t i = 0; i < folders->count; i++) {
		free(folders->paths[i]);
	}
	free(folders->paths);
	memset(folders, 0, sizeof(*folders));
}

/*! \return What of a path is below a folder, without a slash before it; NULL: it is not below. */
static const char *below(const char *path, const char *folder)
{
	size_t len = strlen(folder);
	while (len > 0 && folder[len - 1] == '/') {
		len--;
	}
	if (strncmp(path, folder, len) != 0 || path[len] != '/') {
		return NULL;
	}
	path += len;
	return path + strspn(path, "/");
}

/*! Opens a path without links, one folder after the other: none can become a link meanwhile. */
static int walk(const char *folder, const char *path)
{
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *copy = strdup(path), *rest = copy, *name;
	while (at >= 0 && copy != NULL && (name = strsep(&rest, "/")) != NULL) {
		/* Without O_NONBLOCK open() would wait until something is written to a FIFO. */
		const int flags = rest != NULL ? O_PATH | O_DIRECTORY
		                               : O_RDONLY | O_NONBLOCK | O_NOCTTY;
		const int next = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC);
		const int code = errno;
		close(at);
		errno = code;
		at = next;
	}
	if (copy == NULL && at >= 0) {
		close(at);
		at = -1;
		errno = ENOMEM;
	}
	const int code = errno;
	free(copy);
	errno = code;
	return at;
}

/*! Opens the file below the folder that it is below. \return Whether it is below one */
static bool open_below(const folders_t *folders, const char *real, int *fd)
{
	bool found = false;
	for (size_t i = 0; !found && i < folders->count; i++) {
		char *folder = realpath(folders->paths[i], NULL);
		const char *rest = folder != NULL ? below(real, folder) : NULL;
		found = rest != NULL;
		if (found) {
			*fd = walk(folder, rest);
		}
		const int code = errno;
		free(folder);
		errno = code;
	}
	return found;
}

/*!
 * Finds out why a path without links in it cannot be followed.
 * \return An errno; 0: it is not below a folder, or a link is to blame, which may lead anywhere
 */
static int own_errno(const folders_t *folders, const char *path)
{
	int code = 0;
	for (size_t i = 0; code == 0 && i < folders->count; i++) {
		const char *rest = below(path, folders->paths[i]);
		if (rest != NULL && strstr(path, "/..") == NULL) {
			const int fd = walk(folders->paths[i], rest);
			code = fd < 0 && errno != ELOOP && errno != ENOTDIR ? errno : 0;
			if (fd >= 0) {
				close(fd);
			}
		}
	}
	return code;
}

static int fail_errno(const char *path, int code, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s: %s", path, strerror(code));
	return knot_map_errno_code(code);
}

int folders_open(const folders_t *folders, const char *path, int *fd, char **real, char *err,
                 size_t err_size)
{
	int opened = -1;
	char *found = realpath(path, NULL);
	const int code = found == NULL ? own_errno(folders, path) : 0;
	if (code != 0) {
		return fail_errno(path, code, err, err_size);
	}
	if (found == NULL || !open_below(folders, found, &opened)) {
		free(found);
		snprintf(err, err_size, "%s: this leads to no file below the zone file's own "
		         "folder; if it should, name its folder as include-dir in the section "
		         "mod-opendnssec of knot.conf", path);
		return KNOT_EACCES;
	}
	if (opened < 0) {
		const int reason = errno;
		free(found);
		return fail_errno(path, reason, err, err_size);
	}
	*fd = opened;
	*real = found;
	return KNOT_EOK;
}
