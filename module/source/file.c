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
#include "module/zone/zone.h"
#include "module/zonefile/zonefile.h"

#define RETRY 30 /* Seconds; for what is no fault of the file's contents. */

/*** The file. ***/

static void source_error(zone_t *zone, const char *text)
{
	zone_set_error(zone, &zone->source_error, LOG_ERR, text);
}

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
 * \param over  Over updates that come meanwhile, too.
 * \return Seconds after which to try again, 0 = when it changes
 */
static int load(zone_t *zone, state_t *state, const char *path, const state_file_t *file,
                bool over)
{
	char reason[512] = "", text[640];
	zonefile_t *zf = NULL;
	input_result_t result = { 0 };
	const uint32_t before = state->in.serial;
	int ret = zonefile_read(path, zone->name, zone->env->log, &zf, reason, sizeof(reason));
	if (ret == KNOT_EOK) {
		ret = input_replace(zone->env->store, zone->name, state, zf,
		                    &(state_input_t){ .file = *file }, over, &result);
		zonefile_free(zf);
		if (result.abandoned) {
			sweep_now(zone->env->sweep);
		}
		snprintf(reason, sizeof(reason), "store: %s", store_strerror(ret));
	}
	if (ret == KNOT_EAGAIN) {
		return 1; /* Someone is writing the file, or an update came. */
	}
	pthread_mutex_lock(&zone->lock);
	zone->counters.loads += ret == KNOT_EOK;
	zone->counters.load_errors += ret != KNOT_EOK;
	pthread_mutex_unlock(&zone->lock);
	if (ret != KNOT_EOK) {
		snprintf(text, sizeof(text), "not loaded, %s%s", reason,
		         state->in.count > 0 ? "; the last good zone stays" : "");
		source_error(zone, text);
		if (ret != KNOT_EMALF) {
			return RETRY;
		}
		zone->refused = *file; /* Until it is another one. */
		return 0;
	}
	source_error(zone, "");
	log_msg(zone->env->log, LOG_INFO, zone->name,
	        "loaded, serial %u, was %u, %zu names, %zu changed", state->in.serial, before,
	        result.names, result.changed);
	return 0;
}

/*! Tells of a changed file that is not read, since the updates that came would be lost with it. */
static void leave_file(zone_t *zone, const state_t *state, const char *path)
{
	char text[640];
	snprintf(text, sizeof(text),
	         "%s has changed, but is not loaded: %llu updates came since it was, and would be "
	         "lost; knotc -s %s zone-reload ZONE loads it all the same, zone-flush ZONE "
	         "writes over it",
	         path, (unsigned long long)state->in.updates, zone->env->control_socket);
	source_error(zone, text);
}

/*! Reads the file if it is to be read. \return Seconds after which to try again, 0 = no need */
static int look_at_file(zone_t *zone, state_t *state, const char *path, unsigned wishes)
{
	state_file_t file;
	char text[640];
	int ret = stat_file(path, &file);
	if (ret != KNOT_EOK) {
		snprintf(text, sizeof(text), "not loaded, %s: %s%s", path, strerror(-ret),
		         state->in.count > 0 ? "; the last good zone stays" : "");
		source_error(zone, text);
	} else if (state->in.updates > 0 && !(wishes & ZONE_REPLACE)) {
		if (same_file(&file, &state->in.file)) {
			source_error(zone, "");
		} else {
			leave_file(zone, state, path);
		}
	} else if ((wishes & ZONE_SOURCE) ||
	           !(same_file(&file, &zone->refused) || same_file(&file, &state->in.file))) {
		return load(zone, state, path, &file, wishes & ZONE_REPLACE);
	} else if (same_file(&file, &state->in.file)) {
		source_error(zone, "");
	}
	return 0;
}

/*! Writes the input to the file, if there is something in it that the file has not. */
static void flush(zone_t *zone, state_t *state, const char *path, unsigned wishes)
{
	char reason[512] = "", text[640];
	state_file_t file;
	if (state->in.updates == 0) {
		return;
	}
	if (!(wishes & ZONE_OVERWRITE) && stat_file(path, &file) == KNOT_EOK &&
	    !same_file(&file, &state->in.file)) {
		leave_file(zone, state, path);
		return;
	}
	int ret = flush_file(zone->env->store, zone->name, path, state, reason, sizeof(reason));
	if (ret == KNOT_EOK) {
		source_error(zone, "");
		log_msg(zone->env->log, LOG_INFO, zone->name, "written to %s, serial %u", path,
		        state->in.serial);
	} else {
		snprintf(text, sizeof(text), "not written, %s", reason);
		source_error(zone, text);
	}
}

int source_look(zone_t *zone, state_t *state, unsigned wishes)
{
	pthread_mutex_lock(&zone->lock);
	const bool fetched = zone->settings.primaries.count > 0;
	char *path = strdup(zone->settings.file);
	pthread_mutex_unlock(&zone->lock);
	if (path == NULL) {
		return RETRY;
	}
	int again = 0;
	if (!fetched && pthread_mutex_trylock(&zone->input_lock) != 0) {
		again = 1;
	} else if (!fetched) {
		if (wishes & ZONE_FLUSH) {
			flush(zone, state, path, wishes);
		}
		if (wishes & (ZONE_LOOK | ZONE_SOURCE)) {
			again = look_at_file(zone, state, path, wishes);
		}
		pthread_mutex_unlock(&zone->input_lock);
	}
	free(path);
	return again;
}

/*** Updates. ***/

static uint8_t failed(zone_t *zone, int ret)
{
	log_msg(zone->env->log, LOG_ERR, zone->name, "update, failed: %s",
	        ret == KNOT_EEMPTYZONE ? "the zone has not been loaded yet" : store_strerror(ret));
	return KNOT_RCODE_SERVFAIL;
}

uint8_t source_update(zone_t *zone, const knot_pkt_t *message)
{
	update_result_t result;
	pthread_mutex_lock(&zone->lock);
	const bool fetched = zone->settings.primaries.count > 0;
	pthread_mutex_unlock(&zone->lock);
	if (fetched) {
		log_msg(zone->env->log, LOG_NOTICE, zone->name,
		        "update, refused: the zone comes from its primary, which has to have it");
		zone_count_update(zone, false);
		return KNOT_RCODE_REFUSED;
	}
	int ret = updater_run(zone->env->updater, zone->name, message, &result);
	if (ret != KNOT_EOK) {
		return failed(zone, ret);
	}
	if (result.rcode != KNOT_RCODE_NOERROR) {
		log_msg(zone->env->log, LOG_NOTICE, zone->name, "update, refused: %s",
		        result.reason);
	} else if (result.changed > 0) {
		log_msg(zone->env->log, LOG_DEBUG, zone->name, "update, %zu names changed",
		        result.changed);
	}
	zone_count_update(zone, result.rcode == KNOT_RCODE_NOERROR);
	if (result.rcode == KNOT_RCODE_NOERROR && result.changed > 0) {
		zone_updated(zone);
	}
	return result.rcode;
}
