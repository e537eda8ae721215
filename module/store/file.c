/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "module/store/pages.h"

/* Bytes that the store may have at most: 256 GiB, more than any zone needs. It is address space,
 * not disk space: the file grows as it is needed. */
#define MAP_SIZE ((size_t)1 << 38)

/* Read transactions at the same time: one for each transfer and each worker. */
#define MAX_READERS 1024

/* Bytes of a file that is checked at each start: that takes some 0.1 s. A larger one is checked
 * after a crash. */
#define CHECK_ALWAYS ((size_t)256 << 20)

/*! \return Bytes of data.mdb; 0 if that is not known. */
static size_t size_of(const file_t *file)
{
	mdb_filehandle_t fd;
	struct stat st;
	return mdb_env_get_fd(file->env, &fd) == MDB_SUCCESS && fstat(fd, &st) == 0 ? st.st_size : 0;
}

/*!
 * Tells whether the file ends before the last page that LMDB has given out. That is the end of a
 * file that was cut; or that page was given back before it was ever written.
 */
static bool is_short(const file_t *file, size_t *whole)
{
	MDB_envinfo info;
	MDB_stat stat;
	if (mdb_env_info(file->env, &info) != MDB_SUCCESS ||
	    mdb_env_stat(file->env, &stat) != MDB_SUCCESS) {
		return false;
	}
	*whole = (info.me_last_pgno + 1) * stat.ms_psize;
	return size_of(file) < *whole;
}

void file_lengthen(const file_t *file)
{
	mdb_filehandle_t fd;
	size_t whole = 0;
	if (is_short(file, &whole) && mdb_env_get_fd(file->env, &fd) == MDB_SUCCESS) {
		/* Not ftruncate(): a commit of another thread may make it longer just now. If it
		 * fails, the next start has to read all of the store. */
		(void)fallocate(fd, 0, whole - 1, 1);
	}
}

/*! Checks the file if that is quick, or if there is a reason to: a damaged one ends the process. */
static int check_file(const file_t *file)
{
	size_t whole = 0;
	mdb_filehandle_t fd;
	if (!file->folder.unclean && !is_short(file, &whole) && size_of(file) > CHECK_ALWAYS) {
		return MDB_SUCCESS;
	}
	int ret = mdb_env_get_fd(file->env, &fd);
	return ret == MDB_SUCCESS ? pages_check(fd) : ret;
}

static int open_env(file_t *file, unsigned tables)
{
	int ret = mdb_env_create(&file->env);
	if (ret == MDB_SUCCESS) {
		(void)mdb_env_set_mapsize(file->env, MAP_SIZE);
		(void)mdb_env_set_maxdbs(file->env, tables);
		(void)mdb_env_set_maxreaders(file->env, MAX_READERS);
		/* A thread may have several read transactions: slots go by transaction. */
		ret = mdb_env_open(file->env, file->path, MDB_NOTLS, 0660);
	}
	if (ret == MDB_SUCCESS) {
		int dead = 0;
		/* Without a guard, as where there is no /proc, all else is the same. */
		(void)guard_add(&file->guard, FOLDER_DATA, MAP_SIZE);
		(void)mdb_reader_check(file->env, &dead); /* Left by a killed process. */
		ret = check_file(file);
	}
	return ret == MDB_SUCCESS && file_lost(file) ? MDB_CORRUPTED : ret;
}

/*! \return What to do about a store that cannot be opened. */
static const char *remedy(int ret)
{
	switch (ret) {
	case MDB_INVALID:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
	case MDB_BAD_TXN:
		return ": data.mdb is damaged, cut, or of another kind of machine or version of LMDB; "
		       "restore it from a backup, or move it away, all zones are then signed anew";
	case EIO:
		return "; look after the disk";
	default:
		return folder_remedy(ret); /* LMDB gives errors of the system as they are. */
	}
}

void file_say(const file_t *file, int ret, char *err, size_t err_size)
{
	snprintf(err, err_size, "cannot open the store in %s: %s%s", file->path, mdb_strerror(ret),
	         remedy(ret));
}

int file_open(file_t *file, const char *path, unsigned tables, char *err, size_t err_size)
{
	*file = (file_t) { .path = strdup(path) };
	if (file->path == NULL) {
		snprintf(err, err_size, "out of memory");
		return ENOMEM;
	}
	int ret = folder_take(&file->folder, path, err, err_size);
	if (ret != 0) {
		free(file->path);
		return ret;
	}
	ret = open_env(file, tables);
	if (ret != MDB_SUCCESS) {
		file_say(file, ret, err, err_size);
		file_close(file, true);
		return ret;
	}
	file_lengthen(file);
	return MDB_SUCCESS;
}

void file_close(file_t *file, bool failed)
{
	guard_remove(file->guard);
	if (file->env != NULL) {
		mdb_env_close(file->env);
	}
	folder_leave(&file->folder, file->path, failed);
	free(file->path);
}

bool file_lost(const file_t *file)
{
	return guard_lost(file->guard);
}
