/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/folder/file.h"

#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>

#include "hsm-adapter/folder/pem.h"

#define CONTENT_MAX 16384 /* Bytes of the longest file. RSA of 4096 bits: 4.1 kB. */
#define PATH_SIZE (2 * FILE_ID_MAX + 16)
#define END ".pem"

/*! \return What PKCS #11 calls an error of the system. */
static CK_RV rv_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return CKR_OBJECT_HANDLE_INVALID;
	case EEXIST:
		return CKR_FUNCTION_REJECTED;
	case ENOSPC:
	case EDQUOT:
		return CKR_DEVICE_MEMORY;
	case EROFS:
	case EACCES:
	case EPERM:
		return CKR_TOKEN_WRITE_PROTECTED;
	default:
		return CKR_DEVICE_ERROR;
	}
}

/*! The same for what is only read: a key that is not there is no object. */
static CK_RV rv_of_reading(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return CKR_OBJECT_HANDLE_INVALID;
	case EACCES:
	case EPERM:
		return CKR_FILE_FORBIDDEN;
	case ELOOP:
		return CKR_FILE_BROKEN;
	default:
		return CKR_DEVICE_ERROR;
	}
}

/*! Keys are spread over 256 folders, by the first byte of the CKA_ID. */
static void path_of(const char *id, const char *begin, const char *end, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%.2s/%s%s%s", id, begin, id, end);
}

bool stamp_equal(const stamp_t *a, const stamp_t *b)
{
	return a->inode == b->inode && a->seconds == b->seconds &&
	       a->nanoseconds == b->nanoseconds && a->size == b->size;
}

static stamp_t stamp_of(const struct stat *st)
{
	return (stamp_t){ st->st_ino, st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_size };
}

CK_RV file_stamp(int folder, const char *id, stamp_t *stamp)
{
	char path[PATH_SIZE];
	struct stat st;
	path_of(id, "", END, path);
	if (fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		return rv_of_reading(errno);
	}
	if (st.st_size == 0) {
		return CKR_OBJECT_HANDLE_INVALID; /* As read_content(). */
	}
	*stamp = stamp_of(&st);
	return CKR_OK;
}

/*** Reading. ***/

/*! A file's content, which is wiped. */
typedef struct {
	char data[CONTENT_MAX];
	size_t len;
} content_t;

static CK_RV read_content(int folder, const char *id, content_t *content, stamp_t *stamp)
{
	char path[PATH_SIZE];
	struct stat st;
	path_of(id, "", END, path);
	const int fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return rv_of_reading(errno);
	}
	ssize_t got = fstat(fd, &st);
	const bool good = got == 0 && S_ISREG(st.st_mode) && st.st_size <= CONTENT_MAX;
	content->len = 0;
	while (good && content->len < CONTENT_MAX &&
	       (got = read(fd, content->data + content->len, CONTENT_MAX - content->len)) > 0) {
		content->len += (size_t)got;
	}
	close(fd);
	if (!good || got < 0) {
		return got < 0 ? CKR_DEVICE_ERROR : CKR_FILE_BROKEN;
	}
	if (content->len == 0 || content->data[0] == '\0') {
		/* A loss of power came before file_settle(): nobody uses this key. */
		return CKR_OBJECT_HANDLE_INVALID;
	}
	*stamp = stamp_of(&st);
	return CKR_OK;
}

CK_RV file_read(int folder, const char *id, file_half_t half, const char *passphrase, EVP_PKEY **pair,
                stamp_t *stamp)
{
	content_t content;
	CK_RV rv = read_content(folder, id, &content, stamp);
	if (rv == CKR_OK) {
		rv = half == FILE_PUBLIC ? pem_public(content.data, content.len, pair)
		                         : pem_private(content.data, content.len, passphrase, pair);
	}
	OPENSSL_cleanse(&content, sizeof(content));
	return rv == CKR_DATA_INVALID ? CKR_FILE_BROKEN : rv;
}

/*** Writing. ***/

/*! Gives what root makes to who has the folder, and lets the group in if the folder does. */
static int hand_over(int fd, const struct stat *folder, mode_t may)
{
	return geteuid() == 0 && fchown(fd, folder->st_uid, folder->st_gid) != 0
	       ? errno : fchmod(fd, folder->st_mode & may) != 0 ? errno : 0;
}

/*! Opens the folder of a key, which it makes if that is to be. \return A descriptor, or -1 with errno */
static int open_shelf(int folder, const char *id, bool make)
{
	char name[3];
	struct stat st;
	snprintf(name, sizeof(name), "%.2s", id);
	const bool made = make && mkdirat(folder, name, 0700) == 0;
	const int shelf = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (shelf < 0 || !made) {
		return shelf;
	}
	int error = fstat(folder, &st) != 0 ? errno : hand_over(shelf, &st, 02770);
	if (error == 0 && fsync(folder) != 0) {
		error = errno;
	}
	if (error != 0) {
		close(shelf);
		errno = error;
		return -1;
	}
	return shelf;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t wrote = write(fd, data, len);
		if (wrote < 0 && errno != EINTR) {
			return errno;
		}
		data += wrote > 0 ? wrote : 0;
		len -= wrote > 0 ? (size_t)wrote : 0;
	}
	return 0;
}

/*! Writes a file of its own under another name. \param settle  And has it on the disk. \return errno */
static int write_aside(int folder, const char *aside, BIO *content, bool settle)
{
	char *data = NULL;
	struct stat st;
	const long len = BIO_get_mem_data(content, &data);
	(void)unlinkat(folder, aside, 0); /* Of a process that was killed in the midst of it. */
	const int fd = openat(folder, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		return errno;
	}
	int error = fstat(folder, &st) != 0 ? errno : hand_over(fd, &st, 0640);
	if (error == 0) {
		error = write_all(fd, data, (size_t)len);
	}
	if (error == 0 && settle && fsync(fd) != 0) {
		error = errno;
	}
	if (close(fd) != 0 && error == 0) {
		error = errno;
	}
	return error;
}

/*! Has a file under its name: link() takes no other's place. \return errno */
static int write_file(int folder, const char *id, BIO *content, bool settle)
{
	char path[PATH_SIZE], aside[PATH_SIZE];
	path_of(id, "", END, path);
	path_of(id, ".", ".new", aside);
	const int shelf = open_shelf(folder, id, true);
	if (shelf < 0) {
		return errno;
	}
	int error = write_aside(folder, aside, content, settle);
	if (error == 0 && linkat(folder, aside, folder, path, 0) != 0) {
		error = errno;
	}
	(void)unlinkat(folder, aside, 0);
	if (error == 0 && settle && fsync(shelf) != 0) {
		error = errno;
	}
	close(shelf);
	return error;
}

CK_RV file_write(int folder, const char *id, const char *passphrase, EVP_PKEY *pair, bool settle)
{
	BIO *content = pem_write(passphrase, pair);
	if (content == NULL) {
		return CKR_HOST_MEMORY;
	}
	const int error = write_file(folder, id, content, settle);
	BIO_free(content);
	return error == 0 ? CKR_OK : error == ENOENT ? CKR_DEVICE_ERROR : rv_of(error);
}

CK_RV file_settle(int folder)
{
	return syncfs(folder) == 0 ? CKR_OK : rv_of(errno);
}

CK_RV file_remove(int folder, const char *id)
{
	char path[PATH_SIZE];
	path_of(id, ".", ".new", path);
	(void)unlinkat(folder, path, 0);
	path_of(id, "", END, path);
	const int shelf = open_shelf(folder, id, false);
	int error = shelf < 0 || unlinkat(folder, path, 0) != 0 || fsync(shelf) != 0 ? errno : 0;
	if (shelf >= 0) {
		close(shelf);
	}
	return error == 0 ? CKR_OK : rv_of(error);
}

/*** Listing. ***/

/*! Takes the CKA_ID out of a file's name. \return Whether it is the name of a key */
static bool id_of(const char *name, const char *shelf, char id[2 * FILE_ID_MAX + 1])
{
	const size_t len = strspn(name, "0123456789abcdef");
	if (len < 2 || len > 2 * FILE_ID_MAX || len % 2 != 0 || strcmp(name + len, END) != 0 ||
	    strncmp(name, shelf, 2) != 0) {
		return false;
	}
	memcpy(id, name, len);
	id[len] = '\0';
	return true;
}

static CK_RV each_of(DIR *dir, const char *shelf, CK_RV (*each)(void *ctx, const char *id),
                     void *ctx)
{
	char id[2 * FILE_ID_MAX + 1];
	const struct dirent *entry;
	CK_RV rv = CKR_OK;
	errno = 0;
	while (rv == CKR_OK && (entry = readdir(dir)) != NULL) {
		rv = id_of(entry->d_name, shelf, id) ? each(ctx, id) : CKR_OK;
		errno = 0;
	}
	return rv == CKR_OK && errno != 0 ? CKR_DEVICE_ERROR : rv;
}

CK_RV file_each(int folder, CK_RV (*each)(void *ctx, const char *id), void *ctx)
{
	CK_RV rv = CKR_OK;
	for (unsigned i = 0; rv == CKR_OK && i < 256; i++) {
		char shelf[3];
		snprintf(shelf, sizeof(shelf), "%02x", i);
		const int fd = openat(folder, shelf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
		if (dir != NULL) {
			rv = each_of(dir, shelf, each, ctx);
			closedir(dir);
		} else if (errno != ENOENT) {
			rv = CKR_DEVICE_ERROR;
		}
		if (fd >= 0 && dir == NULL) {
			close(fd);
		}
	}
	return rv;
}
