/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libknot/libknot.h>

#include "module/input/flush.h"
#include "module/input/input.h"
#include "module/zonefile/zonefile.h"

/* Seconds until the file is read again if that failed, but not for its contents. */
#define RETRY 30

static bool same_file(const state_file_t *a, const state_file_t *b)
{
	return a->mtime_ns == b->mtime_ns && a->size == b->size && a->inode == b->inode &&
	       a->device == b->device;
}

static int stat_file(const char *path, state_file_t *file)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		return -errno;
	}
	state_file_set(file, &st);
	return KNOT_EOK;
}

/*!
 * Reads the file into the input.
 * \param over  Whether updates that come meanwhile may be lost.
 * \return Seconds after which to try again, 0 = when it changes
 */
static int load(source_t *source, state_t *state, const char *path, const state_file_t *file,
                bool over)
{
	char reason[512] = "", text[640];
	contents_t *contents = NULL;
	input_result_t result = { 0 };
	const uint32_t before = state->in.serial;
	int ret = zonefile_read(path, source->args.zone, source->args.log, &contents, reason,
	                        sizeof(reason));
	if (ret == KNOT_EOK) {
		const input_new_t new = {
			.contents = contents, .origin = &(state_input_t) { .file = *file },
			.over_updates = over,
		};
		ret = input_replace(source->args.store, source->args.zone, state, &new, &result);
		contents_free(contents);
		if (result.abandoned) {
			source->args.calls->abandoned(source->args.ctx);
		}
		snprintf(reason, sizeof(reason), "store: %s", store_strerror(ret));
	}
	if (ret == KNOT_EAGAIN) {
		return 1; /* Someone is writing the file, or an update came. */
	}
	source_count_load(source, ret == KNOT_EOK);
	if (ret != KNOT_EOK) {
		snprintf(text, sizeof(text), "not loaded, %s%s", reason,
		         state->in.count > 0 ? "; the last good zone stays" : "");
		source_trouble(source, text);
		if (ret != KNOT_EMALF) {
			return RETRY;
		}
		source->refused = *file; /* It is not read again until it is another one. */
		return 0;
	}
	source_trouble(source, "");
	log_msg(source->args.log, LOG_INFO, source->args.zone,
	        "loaded, serial %u, was %u, %zu names, %zu changed", state->in.serial, before,
	        result.names, result.changed);
	return 0;
}

/*! Tells of a changed file that is not read, since the updates that came would be lost. */
static void leave_file(source_t *source, const state_t *state, const char *path)
{
	char text[640];
	snprintf(text, sizeof(text),
	         "%s has changed, but is not loaded: %llu updates came since it was, and would be "
	         "lost; knotc -s %s zone-reload ZONE loads it all the same, zone-flush ZONE "
	         "writes over it",
	         path, (unsigned long long)state->in.updates, source->args.control_socket);
	source_trouble(source, text);
}

/*! Reads the file if it is to be read. \return Seconds after which to try again, 0 = no need */
static int look_at_file(source_t *source, state_t *state, const char *path, unsigned wishes)
{
	state_file_t file;
	char text[640];
	int ret = stat_file(path, &file);
	if (ret != KNOT_EOK) {
		snprintf(text, sizeof(text), "not loaded, %s: %s%s", path, strerror(-ret),
		         state->in.count > 0 ? "; the last good zone stays" : "");
		source_trouble(source, text);
	} else if (state->in.updates > 0 && !(wishes & SOURCE_REPLACE)) {
		if (same_file(&file, &state->in.file)) {
			source_trouble(source, "");
		} else {
			leave_file(source, state, path);
		}
	} else if ((wishes & SOURCE_READ) ||
	           !(same_file(&file, &source->refused) || same_file(&file, &state->in.file))) {
		return load(source, state, path, &file, wishes & SOURCE_REPLACE);
	} else if (same_file(&file, &state->in.file)) {
		source_trouble(source, "");
	}
	return 0;
}

/*! Writes the input to the file if updates have changed it. */
static void flush(source_t *source, state_t *state, const char *path, unsigned wishes)
{
	char reason[512] = "", text[640];
	state_file_t file;
	if (state->in.updates == 0) {
		return;
	}
	if (!(wishes & SOURCE_OVERWRITE) && stat_file(path, &file) == KNOT_EOK &&
	    !same_file(&file, &state->in.file)) {
		leave_file(source, state, path);
		return;
	}
	int ret = flush_file(source->args.store, source->args.zone, path, state, reason,
	                     sizeof(reason));
	if (ret == KNOT_EOK) {
		source_trouble(source, "");
		log_msg(source->args.log, LOG_INFO, source->args.zone,
		        "written to %s, serial %u", path, state->in.serial);
	} else {
		snprintf(text, sizeof(text), "not written, %s", reason);
		source_trouble(source, text);
	}
}

int file_look(source_t *source, state_t *state, unsigned wishes)
{
	pthread_mutex_lock(&source->lock);
	const bool fetched = source->settings.primaries.count > 0;
	char *path = source->settings.file != NULL ? strdup(source->settings.file) : NULL;
	pthread_mutex_unlock(&source->lock);
	if (path == NULL) {
		return RETRY;
	}
	int again = 0;
	if (!fetched && pthread_mutex_trylock(&source->input_lock) != 0) {
		again = 1;
	} else if (!fetched) {
		if (wishes & SOURCE_FLUSH) {
			flush(source, state, path, wishes);
		}
		if (wishes & (SOURCE_LOOK | SOURCE_READ)) {
			again = look_at_file(source, state, path, wishes);
		}
		pthread_mutex_unlock(&source->input_lock);
	}
	free(path);
	return again;
}
