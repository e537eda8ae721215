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
#include "module/source/foreign.h"
#include "module/source/shrink.h"
#include "module/zonefile/zonefile.h"

/* Seconds until the file is read again if that failed, but not for its contents. */
#define RETRY 30

static bool same_file(const state_file_t *a, const state_file_t *b)
{
	return a->mtime_ns == b->mtime_ns && a->size == b->size && a->inode == b->inode &&
	       a->device == b->device;
}

/*! Names the file for the last gate. */
static const char *file_name(const state_file_t *file, char *out, size_t size)
{
	snprintf(out, size, "file %llx.%llx.%llx.%llx", (unsigned long long)file->mtime_ns,
	         (unsigned long long)file->size, (unsigned long long)file->inode,
	         (unsigned long long)file->device);
	return out;
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

/*! A file that is read into the input. */
typedef struct {
	const char *path;
	const state_file_t *file;
	bool over;                 /*!< Updates that come meanwhile may be lost. */
	unsigned allowed;          /*!< As that of the source. */
	char reason[512];          /*!< Why it is not loaded. */
	input_result_t result;
} load_t;

/*! Has the contents take the place of the input, unless the last gate holds them. \return As
 *  input_replace(), KNOT_EDENIED (held) */
static int take_contents(source_t *source, state_t *state, contents_t *contents, load_t *load)
{
	char name[96];
	bool held = false;
	const input_new_t new = {
		.contents = contents, .origin = &(state_input_t) { .file = *load->file },
		.over_updates = load->over,
	};
	shrink_t shrink = {
		.what = file_name(load->file, name, sizeof(name)), .origin = load->path,
	};
	int ret = shrink_judge(source, state, contents, &shrink, &held);
	if (ret == KNOT_EOK && (held || held_is(source->args.held, HELD_FREEZE))) {
		return held ? KNOT_EDENIED : KNOT_EAGAIN;
	}
	if (ret == KNOT_EOK) {
		ret = input_replace(source->args.store, source->args.zone, state, &new,
		                    &load->result);
	}
	if (load->result.abandoned) {
		source->args.calls->abandoned(source->args.ctx);
	}
	snprintf(load->reason, sizeof(load->reason), "store: %s", store_strerror(ret));
	return ret;
}

static int read_file(source_t *source, state_t *state, load_t *load)
{
	contents_t *contents = NULL;
	folders_t folders = { .count = 0 };
	pthread_mutex_lock(&source->lock);
	const size_t size_max = source->settings.size_max;
	load->allowed = source->allowed;
	int ret = folders_add_all(&folders, &source->settings.folders);
	pthread_mutex_unlock(&source->lock);
	const zonefile_args_t args = {
		.path = load->path, .apex = source->args.zone, .folders = &folders,
		.size_max = size_max, .log = source->args.log,
	};
	if (ret == KNOT_EOK) {
		ret = zonefile_read(&args, &contents, load->reason, sizeof(load->reason));
		ret = ret == KNOT_ESPACE ? KNOT_EMALF : ret;  /* Not that of a full disk. */
	}
	folders_deinit(&folders);
	if (ret == KNOT_EOK) {
		ret = foreign_judge(source, contents, load->reason, sizeof(load->reason));
	}
	if (ret == KNOT_EOK) {
		ret = take_contents(source, state, contents, load);
	}
	contents_free(contents);
	return ret;
}

/*! The file is not read again until it is another one, or may be what it is. */
static void set_refused(source_t *source, const load_t *load)
{
	source->refused = *load->file;
	source->refused_over = load->over;
	source->refused_allowed = load->allowed;
}

/*! Says what came of a file. \return As load() */
static int loaded(source_t *source, const state_t *state, const load_t *load, int ret)
{
	char text[640];
	if (ret == KNOT_EDENIED) {
		set_refused(source, load);
		source_trouble(source, "");
		return 0;
	}
	if (ret != KNOT_EOK) {
		snprintf(text, sizeof(text), "not loaded, %s%s", load->reason,
		         state->in.count > 0 ? "; the last good zone stays" : "");
		source_trouble(source, text);
		if (ret != KNOT_EMALF) {
			return RETRY;
		}
		set_refused(source, load);
	}
	held_end(source->args.held, HELD_SHRINK);
	if (ret == KNOT_EOK) {
		source_trouble(source, "");
	}
	return 0;
}

/*!
 * Reads the file into the input.
 * \param over  Whether updates that come meanwhile may be lost.
 * \return Seconds after which to try again, 0 = when it changes
 */
static int load(source_t *source, state_t *state, const char *path, const state_file_t *file,
                bool over)
{
	load_t load = { .path = path, .file = file, .over = over };
	const uint32_t before = state->in.serial;
	int ret = read_file(source, state, &load);
	if (ret == KNOT_EAGAIN) {
		return 1; /* Someone is writing the file, or an update came, or it was frozen. */
	}
	source_count_load(source, ret == KNOT_EOK);
	const int again = loaded(source, state, &load, ret);
	if (ret == KNOT_EOK) {
		log_msg(source->args.log, LOG_INFO, source->args.zone,
		        "loaded, serial %u, was %u, %zu names, %zu changed", state->in.serial,
		        before, load.result.names, load.result.changed);
	}
	return again;
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

/*! Whether the file is the one that was refused last, and is not let through. */
static bool is_refused(source_t *source, const state_file_t *file)
{
	char name[96];
	bool passed = false;
	(void)held_has(source->args.held, HELD_SHRINK, file_name(file, name, sizeof(name)),
	               &passed);
	pthread_mutex_lock(&source->lock);
	const bool as_then = source->allowed == source->refused_allowed;
	pthread_mutex_unlock(&source->lock);
	return !passed && as_then && same_file(file, &source->refused);
}

/*! The file is the one that the input is from. */
static void see_same(source_t *source)
{
	source_trouble(source, "");
	held_end(source->args.held, HELD_SHRINK);
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
			see_same(source);
		} else {
			leave_file(source, state, path);
		}
	} else if ((wishes & SOURCE_READ) ||
	           !(is_refused(source, &file) || same_file(&file, &state->in.file))) {
		return load(source, state, path, &file, wishes & SOURCE_REPLACE);
	} else if (same_file(&file, &state->in.file)) {
		see_same(source);
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

/*! Whether the file that was refused last is let through, even if updates are lost by that. */
static bool passes_over(source_t *source)
{
	char name[96];
	bool passed = false;
	(void)held_has(source->args.held, HELD_SHRINK,
	               file_name(&source->refused, name, sizeof(name)), &passed);
	return passed && source->refused_over;
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
	if (held_is(source->args.held, HELD_FREEZE)) {
		wishes &= ~(SOURCE_LOOK | SOURCE_READ); /* Its end is a wish to look. */
	} else if (passes_over(source)) {
		wishes |= SOURCE_REPLACE;
	}
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
