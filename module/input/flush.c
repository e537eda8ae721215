/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/input/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/rr/node.h"

typedef struct {
	FILE *file;
	char *text;          /*!< Buffer for the text of a record. */
	size_t text_size;
} flush_t;

static int write_record(flush_t *flush, knot_dname_t *owner, uint16_t type, uint32_t ttl,
                        knot_rdata_t *rdata)
{
	knot_rrset_t rr;
	knot_rrset_init(&rr, owner, type, KNOT_CLASS_IN, ttl);
	rr.rrs = (knot_rdataset_t) { 1, knot_rdata_size(rdata->len), rdata };
	int len = knot_rrset_txt_dump(&rr, &flush->text, &flush->text_size,
	                              &KNOT_DUMP_STYLE_DEFAULT);
	if (len < 0) {
		return len;
	}
	return fwrite(flush->text, 1, len, flush->file) == (size_t)len ? KNOT_EOK
	                                                               : knot_map_errno();
}

static int write_node(flush_t *flush, const store_cursor_t *at)
{
	node_t node;
	knot_dname_storage_t owner;
	if (node_key_owner(at->key, at->key_len, owner) == 0) {
		return KNOT_EMALF;
	}
	int ret = node_read(at->data, at->data_len, &node);
	if (ret != KNOT_EOK) {
		return ret;
	}
	for (uint16_t i = 0; ret == KNOT_EOK && i < node.count; i++) {
		knot_rdata_t *rdata = node.rrsets[i].rrs.rdata;
		for (uint16_t n = 0; ret == KNOT_EOK && n < node.rrsets[i].rrs.count; n++) {
			ret = write_record(flush, owner, node.rrsets[i].type,
			                   node_ttl(&node, &node.rrsets[i], rdata), rdata);
			rdata = knot_rdataset_next(rdata);
		}
	}
	node_deinit(&node);
	return ret;
}

/*! Writes all nodes. \param count  The in.count of the input that is written. */
static int write_zone(FILE *file, store_t *store, const knot_dname_t *zone, uint64_t *count)
{
	flush_t flush = { .file = file, .text_size = 4096, .text = malloc(4096) };
	store_txn_t txn;
	store_cursor_t cursor = { 0 };
	state_t state;
	int ret = flush.text != NULL ? store_read(store, &txn) : KNOT_ENOMEM;
	if (ret != KNOT_EOK) {
		free(flush.text);
		return ret;
	}
	ret = state_load(&txn, zone, &state);
	if (ret == KNOT_EOK) {
		*count = state.in.count;
		ret = store_cursor(&txn, STORE_INPUT, state.in.nodes, &cursor);
	}
	while (ret == KNOT_EOK && (ret = store_next(&cursor)) == KNOT_EOK) {
		ret = write_node(&flush, &cursor);
	}
	store_cursor_close(&cursor);
	store_abort(&txn);
	free(flush.text);
	return ret == KNOT_ENOENT ? KNOT_EOK : ret;
}

/*! Where the file is. Its folder is held open: no link can come in its place meanwhile. */
typedef struct {
	int folder;
	char *name;          /*!< Of the file in the folder. */
	char *fresh;         /*!< Of the file that takes its target. */
	mode_t mode;         /*!< Of the file that is there, or of a first one. */
} target_t;

/* Permissions of a first file. */
#define FIRST_MODE 0640
/* What may stay of the permissions of a file: nothing that has it run, least of all as knotd. */
#define MODE_MASK 0666
/* Names to try for the new file: each is random, and hardly ever there. */
#define TRIES 5

static int refuse(const char *path, const char *reason, int ret, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s: %s", path, reason);
	return ret;
}

static void target_deinit(target_t *target)
{
	if (target->folder >= 0) {
		close(target->folder);
	}
	free(target->name);
	free(target->fresh);
}

/*! Looks at what the new file is to replace. */
static int target_init(target_t *target, const char *path, char *err, size_t err_size)
{
	struct stat st;
	char *folder = strdup(path), *name = strdup(path);
	*target = (target_t) { .folder = -1, .mode = FIRST_MODE };
	int ret = KNOT_ENOMEM;
	if (folder != NULL && name != NULL && (target->name = strdup(basename(name))) != NULL) {
		target->folder = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ret = target->folder >= 0 ? KNOT_EOK : knot_map_errno();
	}
	free(folder);
	free(name);
	if (ret != KNOT_EOK ||
	    fstatat(target->folder, target->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		return ret != KNOT_EOK || errno == ENOENT ? ret : knot_map_errno();
	}
	target->mode = st.st_mode & MODE_MASK;
	return S_ISREG(st.st_mode) ? KNOT_EOK
	       : refuse(path, S_ISLNK(st.st_mode)
	                ? "this is a symbolic link, and nothing is written through one: have "
	                  "knot.conf name the file itself, or put a file in the link's place"
	                : "there is something that is not a regular file", KNOT_EINVAL, err,
	                err_size);
}

/*! Makes the new file. \return Its descriptor, or -1 */
static int create(target_t *target)
{
	int fd = -1;
	for (int i = 0; fd < 0 && i < TRIES; i++) {
		uint32_t random = 0;
		free(target->fresh);
		target->fresh = NULL;
		if (getentropy(&random, sizeof(random)) != 0 ||
		    asprintf(&target->fresh, "%s.%08x", target->name, random) < 0) {
			target->fresh = NULL;
			return -1;
		}
		fd = openat(target->folder, target->fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		            0600);
	}
	return fd;
}

/*! Writes all of the new file. \param st  As it is then. */
static int fill(store_t *store, const knot_dname_t *zone, const target_t *target, FILE *file,
                struct stat *st, uint64_t *count)
{
	const int fd = fileno(file);
	int ret = fchmod(fd, target->mode) == 0 ? KNOT_EOK : knot_map_errno();
	if (ret == KNOT_EOK) {
		ret = write_zone(file, store, zone, count);
	}
	if (ret == KNOT_EOK && (fflush(file) != 0 || fsync(fd) != 0 || fstat(fd, st) != 0)) {
		ret = knot_map_errno();
	}
	return ret;
}

/*! Writes a new file and puts it in the place of the old file. */
static int replace(store_t *store, const knot_dname_t *zone, target_t *target, struct stat *st,
                   uint64_t *count)
{
	const int fd = create(target);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	int ret = file != NULL ? KNOT_EOK : knot_map_errno();
	if (fd < 0) {
		return ret;
	}
	if (file == NULL) {
		close(fd);
	} else {
		ret = fill(store, zone, target, file, st, count);
		if (fclose(file) != 0 && ret == KNOT_EOK) {
			ret = knot_map_errno();
		}
	}
	if (ret == KNOT_EOK &&
	    renameat(target->folder, target->fresh, target->folder, target->name) != 0) {
		ret = knot_map_errno();
	}
	if (ret != KNOT_EOK) {
		(void)unlinkat(target->folder, target->fresh, 0);
		return ret;
	}
	/* A crash could bring back the old file, which would then be read. */
	return fsync(target->folder) == 0 ? KNOT_EOK : knot_map_errno();
}

/*! Notes in the state that the file has all of an input. */
static int note(store_t *store, const knot_dname_t *zone, const struct stat *st, uint64_t count,
                state_t *state)
{
	store_txn_t txn;
	int ret = store_write(store, &txn);
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = state_reload_input(&txn, zone, state);
	if (ret == KNOT_EOK) {
		state_file_set(&state->in.file, st);
		state->in.updates = state->in.count - count;
		ret = state_save_input(&txn, zone, state);
	}
	return store_end(&txn, ret);
}

int flush_file(store_t *store, const knot_dname_t *zone, const char *path, state_t *state,
               char *err, size_t err_size)
{
	struct stat st;
	uint64_t count = 0;
	target_t target;
	err[0] = '\0';
	int ret = target_init(&target, path, err, err_size);
	if (ret == KNOT_EOK) {
		ret = replace(store, zone, &target, &st, &count);
	}
	if (ret == KNOT_EOK) {
		ret = note(store, zone, &st, count, state);
	}
	if (ret != KNOT_EOK && err[0] == '\0') {
		snprintf(err, err_size, "%s: %s", path, store_strerror(ret));
	}
	target_deinit(&target);
	return ret;
}
