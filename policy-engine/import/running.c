/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/running.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_LEN 300

static bool same_file(const char *path, const struct stat *file)
{
	struct stat st;
	return stat(path, &st) == 0 && st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

/* Whether a process has the file open, as far as that can be seen. */
static bool may_have_open(const char *pid, const struct stat *file)
{
	char path[PATH_LEN];
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	DIR *dir = opendir(path);
	if (dir == NULL) {
		return true;
	}
	bool open = false;
	const struct dirent *entry;
	while (!open && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, entry->d_name);
		open = same_file(path, file);
	}
	closedir(dir);
	return open;
}

static bool may_work_in(const char *pid, const struct stat *dir)
{
	char path[PATH_LEN];
	struct stat st;
	snprintf(path, sizeof(path), "/proc/%s/cwd", pid);
	return stat(path, &st) != 0 || (st.st_dev == dir->st_dev && st.st_ino == dir->st_ino);
}

static bool read_name(const char *pid, char name[32])
{
	char path[PATH_LEN];
	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		return false;
	}
	bool read = fgets(name, 32, file) != NULL;
	fclose(file);
	name[read ? strcspn(name, "\n") : 0] = '\0';
	return read;
}

bool ods_is_running(const char *database, const char *signer_dir, char *who, size_t who_size)
{
	struct stat file = { 0 }, dir = { 0 };
	DIR *proc = opendir("/proc");
	bool have_file = stat(database, &file) == 0, have_dir = stat(signer_dir, &dir) == 0;
	bool running = false;
	const struct dirent *entry;
	while (proc != NULL && !running && (entry = readdir(proc)) != NULL) {
		const char *pid = entry->d_name;
		char name[32];
		if (pid[0] < '1' || pid[0] > '9' || !read_name(pid, name)) {
			continue;
		}
		running = (have_file && strcmp(name, "ods-enforcerd") == 0 &&
		           may_have_open(pid, &file)) ||
		          (have_dir && strcmp(name, "ods-signerd") == 0 && may_work_in(pid, &dir));
		if (running) {
			snprintf(who, who_size, "%s (process %.20s)", name, pid);
		}
	}
	if (proc != NULL) {
		closedir(proc);
	}
	return running;
}
