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

/*! Makes a rename durable: else a crash could bring back the old file, which would then be read. */
static int sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int ret = fd >= 0 && fsync(fd) == 0 ? KNOT_EOK : knot_map_errno();
	if (fd >= 0) {
		close(fd);
	}
	free(copy);
	return ret;
}

/*! Writes a new file and puts it in the place of the old file. */
static int replace(store_t *store, const knot_dname_t *zone, const char *path, char *fresh,
                   struct stat *st, uint64_t *count)
{
	const bool exists = stat(path, st) == 0;
	int fd = mkstemp(fresh), ret = KNOT_EOK;
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL) {
		ret = knot_map_errno();
		if (fd >= 0) {
			close(fd);
			(void)unlink(fresh);
		}
		return ret;
	}
	if (fchmod(fd, exists ? st->st_mode & 07777 : 0640) != 0) {
		ret = knot_map_errno();
	} else {
		ret = write_zone(file, store, zone, count);
	}
	if (ret == KNOT_EOK && (fflush(file) != 0 || fsync(fd) != 0 || fstat(fd, st) != 0)) {
		ret = knot_map_errno();
	}
	if (fclose(file) != 0 && ret == KNOT_EOK) {
		ret = knot_map_errno();
	}
	if (ret == KNOT_EOK && rename(fresh, path) != 0) {
		ret = knot_map_errno();
	}
	if (ret != KNOT_EOK) {
		(void)unlink(fresh);
		return ret;
	}
	return sync_folder(path);
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
	char *real = realpath(path, NULL), *fresh = NULL;
	int ret = asprintf(&fresh, "%s.XXXXXX", real != NULL ? real : path) < 0 ? KNOT_ENOMEM
	                                                                        : KNOT_EOK;
	if (ret == KNOT_EOK) {
		ret = replace(store, zone, real != NULL ? real : path, fresh, &st, &count);
	}
	if (ret == KNOT_EOK) {
		ret = note(store, zone, &st, count, state);
	}
	if (ret != KNOT_EOK) {
		snprintf(err, err_size, "%s: %s", path, store_strerror(ret));
	}
	free(real);
	free(fresh);
	return ret;
}
