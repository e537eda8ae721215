/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "policy-engine/audit/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-engine/audit/chain.h"
#include "policy-engine/base/event.h"

#define PASS_MAX 1000  /* Notes in one pass. */
#define LINE_MAX 65536 /* Bytes of a line; a command has fewer. */

/* The notes of one pass. */
typedef struct {
	char *members[PASS_MAX];
	size_t count;
	int64_t last;         /* Id of the last of them. */
} notes_t;

char *audit_path(const char *datastore)
{
	char *path = NULL;
	const char *slash = strrchr(datastore, '/');
	const int folder = slash != NULL ? (int)(slash + 1 - datastore) : 0;
	return asprintf(&path, "%.*s%s", folder, datastore, AUDIT_FILE) >= 0 ? path : NULL;
}

static int take(void *ctx, int64_t id, const char *members)
{
	notes_t *notes = ctx;
	if (notes->count == PASS_MAX || (notes->members[notes->count] = strdup(members)) == NULL) {
		return 1;
	}
	notes->count++;
	notes->last = id;
	return 0;
}

/* Finds the end of the chain in a file. What a crash has left of a line is cut off: its note is
 * still in the database. \return 0; -1 and errno. */
static int find_end(int fd, chain_end_t *end)
{
	char *tail = malloc(LINE_MAX);
	const off_t size = lseek(fd, 0, SEEK_END);
	const off_t from = size > LINE_MAX ? size - LINE_MAX : 0;
	const ssize_t len = tail != NULL && size >= 0 ? pread(fd, tail, (size_t)(size - from), from)
	                                              : -1;
	if (len < 0) {
		free(tail);
		return -1;
	}
	const char *last = memrchr(tail, '\n', (size_t)len);
	const size_t whole = last != NULL ? (size_t)(last - tail) : 0;
	const char *before = whole > 0 ? memrchr(tail, '\n', whole) : NULL;
	const char *line = before != NULL ? before + 1 : tail;
	const bool torn = len > 0 && tail[len - 1] != '\n';
	int ret = 0;
	if (torn && ftruncate(fd, last != NULL ? from + (last + 1 - tail) : from) != 0) {
		ret = -1;
	} else if (whole > 0) {
		(void)chain_read(line, whole - (size_t)(line - tail), end);
	}
	free(tail);
	return ret;
}

static int append(int fd, chain_end_t *end, const char *members)
{
	char *line = chain_line(end, members);
	const size_t len = line != NULL ? strlen(line) : 0;
	if (line == NULL) {
		errno = ENOMEM;
		return -1;
	}
	line[len] = '\n'; /* In the place of its end: the length is known. */
	const ssize_t written = write(fd, line, len + 1);
	free(line);
	if (written >= 0 && (size_t)written < len + 1) {
		errno = ENOSPC;
	}
	return written == (ssize_t)(len + 1) ? 0 : -1;
}

/* \return 0; -1 and errno. */
static int write_notes(const char *path, const notes_t *notes, chain_end_t *end)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0) {
		return -1;
	}
	int ret = find_end(fd, end);
	for (size_t i = 0; i < notes->count && ret == 0; i++) {
		ret = append(fd, end, notes->members[i]);
	}
	ret = ret == 0 ? fsync(fd) : ret;
	const int why = errno;
	close(fd);
	errno = why;
	return ret;
}

/* Takes the notes, and the end of the chain, from the database. */
static int read_notes(desk_t *desk, notes_t *notes, chain_end_t *end)
{
	pthread_mutex_lock(&desk->lock);
	int ret = db_audit_head(desk->db, &end->seq, end->hash, sizeof(end->hash)) < 0 ? -1 : 0;
	ret = ret == 0 ? db_audit_each(desk->db, take, notes) : ret;
	desk->audited = false;
	pthread_mutex_unlock(&desk->lock);
	return ret;
}

static int forget_notes(desk_t *desk, const notes_t *notes, const chain_end_t *end)
{
	pthread_mutex_lock(&desk->lock);
	int ret = db_begin(desk->db);
	ret = ret == 0 ? db_audit_done(desk->db, notes->last, end->seq, end->hash) : ret;
	ret = ret == 0 ? db_commit(desk->db) : ret;
	if (ret != 0) {
		db_rollback(desk->db);
	}
	pthread_mutex_unlock(&desk->lock);
	return ret;
}

/* Says it once, until it works again. The notes stay, and are tried with the next one. */
static void tell(desk_t *desk, const char *path, int failed)
{
	if (failed != 0 && !desk->audit_failed) {
		log_about(LOG_ERROR, (about_t){ .event = "audit" },
		          "audit %s: %s; what is to be noted stays in the database "
		          "until it can be written", path, strerror(errno));
	} else if (failed == 0 && desk->audit_failed) {
		log_about(LOG_INFO, (about_t){ .event = "audit" }, "audit %s: can be written again", path);
	}
	desk->audit_failed = failed != 0;
}

int audit_pass(desk_t *desk, bool *more)
{
	notes_t *notes = desk->audited ? calloc(1, sizeof(*notes)) : NULL;
	char *path = notes != NULL ? audit_path(desk->conf.datastore) : NULL;
	chain_end_t end = { 0 };
	int ret = 0;
	if (path != NULL) {
		ret = read_notes(desk, notes, &end);
	}
	if (path != NULL && ret == 0 && notes->count > 0) {
		const int failed = write_notes(path, notes, &end);
		tell(desk, path, failed);
		ret = failed == 0 ? forget_notes(desk, notes, &end) : 0;
		if (failed == 0 && notes->count == PASS_MAX) {
			desk->audited = true;
			*more = true;
		}
	}
	for (size_t i = 0; notes != NULL && i < notes->count; i++) {
		free(notes->members[i]);
	}
	free(notes);
	free(path);
	return ret;
}
