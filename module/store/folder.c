/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/trust.h"

/* The file that the process which has the storage keeps locked. Its content is the process's id; it
 * is empty when that process has closed the store. */
#define LOCK_FILE "knotd.lock"

/* LMDB's file of its readers. */
#define READERS_FILE "lock.mdb"

/* Bytes of the readers' file: room for MAX_READERS of store.c, each of 64 bytes, and a head. LMDB
 * maps the file and writes to the map. If the disk has no room for the page then, SIGBUS ends the
 * process; so the room is taken before. */
#define READERS_BYTES (1024 * 64 + 4096)

static int open_in(const char *path, const char *name, int flags)
{
	char file[PATH_MAX];
	const int len = snprintf(file, sizeof(file), "%s/%s", path, name);
	if (len < 0 || (size_t)len >= sizeof(file)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(file, flags | O_CLOEXEC | O_NOFOLLOW, 0660);
}

const char *folder_remedy(int code)
{
	switch (code) {
	case EACCES:
	case EPERM:
	case EROFS:
		return "; it has to be writable for knotd's user";
	case ENOSPC:
	case EDQUOT:
		return "; make room";
	default:
		return "";
	}
}

static int fail(int code, const char *path, const char *name, char *err, size_t err_size)
{
	snprintf(err, err_size, "cannot open the store in %s: %s: %s%s", path, name, strerror(code),
	         folder_remedy(code));
	return code;
}

static int refuse_second(int fd, const char *path, char *err, size_t err_size)
{
	char owner[32] = "";
	const ssize_t len = pread(fd, owner, sizeof(owner) - 1, 0);
	const long pid = len > 0 ? strtol(owner, NULL, 10) : 0;
	if (pid > 0 && pid != getpid()) {
		snprintf(owner, sizeof(owner), "process %ld", pid);
	} else {
		snprintf(owner, sizeof(owner), "%s", pid > 0 ? "this process" : "another process");
	}
	snprintf(err, err_size, "the store in %s is in use by %s: two knotd must not share it; stop "
	         "the other one, or give this one another 'storage'", path, owner);
	return EBUSY;
}

static int refuse_fault(const struct stat *st, const char *path, const char *name, char *err,
                        size_t err_size)
{
	const char *fault = trust_fault(st);
	if (fault != NULL) {
		snprintf(err, err_size, "cannot open the store in %s: %s%s%s", path, name,
		         name[0] != '\0' ? ": " : "", fault);
	}
	return fault != NULL ? EPERM : 0;
}

/*! What lies in a folder that others can write may be theirs. */
static int look_at_folder(const char *path, char *err, size_t err_size)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		return fail(errno, path, "the folder", err, err_size);
	}
	return refuse_fault(&st, path, "", err, err_size);
}

static int lock(folder_t *folder, const char *path, char *err, size_t err_size)
{
	char owner[24];
	const int fd = open_in(path, LOCK_FILE, O_RDWR | O_CREAT);
	if (fd < 0) {
		return fail(errno, path, LOCK_FILE, err, err_size);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		const int code = errno;
		const int ret = code == EWOULDBLOCK
		                ? refuse_second(fd, path, err, err_size)
		                : fail(code, path, LOCK_FILE, err, err_size);
		close(fd);
		return ret;
	}
	struct stat st;
	folder->unclean = fstat(fd, &st) == 0 && st.st_size > 0;
	const int len = snprintf(owner, sizeof(owner), "%ld\n", (long)getpid());
	/* On a full disk that is not known to others. */
	if (ftruncate(fd, 0) != 0 || pwrite(fd, owner, len, 0) != len) {
		(void)!ftruncate(fd, 0);
	}
	folder->lock_fd = fd;
	return 0;
}

static int prepare_readers(const char *path, char *err, size_t err_size)
{
	const int fd = open_in(path, READERS_FILE, O_RDWR | O_CREAT);
	if (fd < 0) {
		return fail(errno, path, READERS_FILE, err, err_size);
	}
	const int ret = posix_fallocate(fd, 0, READERS_BYTES);
	close(fd);
	return ret == 0 ? 0 : fail(ret, path, READERS_FILE, err, err_size);
}

/*! To LMDB an empty file is a store to be made anew. Here it has lost what was in it. */
static int look_at_data(folder_t *folder, const char *path, char *err, size_t err_size)
{
	struct stat st;
	const int fd = open_in(path, FOLDER_DATA, O_RDWR);
	if (fd < 0) {
		folder->fresh = errno == ENOENT;
		return folder->fresh ? 0 : fail(errno, path, FOLDER_DATA, err, err_size);
	}
	int ret = fstat(fd, &st) == 0 ? 0 : fail(errno, path, FOLDER_DATA, err, err_size);
	close(fd);
	ret = ret == 0 ? refuse_fault(&st, path, FOLDER_DATA, err, err_size) : ret;
	if (ret == 0 && st.st_size == 0) {
		snprintf(err, err_size, "cannot open the store in %s: " FOLDER_DATA " is empty; restore it "
		         "from a backup, or move it away, all zones are then signed anew", path);
		ret = EILSEQ;
	}
	return ret;
}

int folder_take(folder_t *folder, const char *path, char *err, size_t err_size)
{
	*folder = (folder_t) { .lock_fd = -1 };
	if (mkdir(path, 0770) != 0 && errno != EEXIST) {
		const int code = errno;
		snprintf(err, err_size, "cannot make the storage folder %s: %s; "
		         "make it, owned by knotd's user", path, strerror(code));
		return code;
	}
	int ret = look_at_folder(path, err, err_size);
	if (ret == 0) {
		ret = lock(folder, path, err, err_size);
	}
	if (ret == 0) {
		ret = look_at_data(folder, path, err, err_size);
	}
	if (ret == 0) {
		ret = prepare_readers(path, err, err_size);
	}
	if (ret != 0) {
		folder_leave(folder, path, false);
	}
	return ret;
}

void folder_leave(folder_t *folder, const char *path, bool failed)
{
	if (failed && folder->fresh) {
		char file[PATH_MAX];
		const int len = snprintf(file, sizeof(file), "%s/" FOLDER_DATA, path);
		if (len > 0 && (size_t)len < sizeof(file)) {
			(void)unlink(file);
		}
	}
	if (folder->lock_fd >= 0) {
		/* A store that could not be opened is checked again. */
		(void)!ftruncate(folder->lock_fd, failed && folder->unclean ? 1 : 0);
		close(folder->lock_fd);
		folder->lock_fd = -1;
	}
}
