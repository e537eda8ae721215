/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/external.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/command.h"
#include "module/base/sched.h"
#include "module/publish/dump.h"
#include "module/rr/soa.h"

/* Seconds after which a version is checked again: what the program needs may have been away. */
static const backoff_t again_delay = { .first = 60, .max = 3600 };

/* Milliseconds that knotd has to fetch a version that has passed, before a newer one may take its
 * place. */
#define FETCH_MS 10000

#define WHY_MAX 512

void external_init(external_t *external, const external_args_t *args)
{
	memset(external, 0, sizeof(*external));
	external->args = *args;
	pthread_mutex_init(&external->lock, NULL);
}

void external_deinit(external_t *external)
{
	free(external->command);
	pthread_mutex_destroy(&external->lock);
}

void external_configure(external_t *external, char *command, unsigned limit_s)
{
	pthread_mutex_lock(&external->lock);
	const bool same = command != NULL && external->command != NULL &&
	                  strcmp(command, external->command) == 0;
	/* What another program would say of the version is not known; a reload may have mended this
	 * one. */
	external->judged &= same && external->good;
	external->revision += !same || limit_s != external->limit_s;
	char *old = external->command;
	external->command = command;
	external->limit_s = limit_s;
	pthread_mutex_unlock(&external->lock);
	free(old);
	if (command == NULL) {
		held_end(external->args.held, HELD_CHECK);
	}
}

/*! Names a version for the gate. */
static const char *name_of(uint32_t serial, char out[32])
{
	snprintf(out, 32, "serial %" PRIu32, serial);
	return out;
}

/*! \return Whether a person lets that version through. */
static bool is_passed(external_t *external, uint32_t serial)
{
	char what[32];
	bool passed = false;
	return held_has(external->args.held, HELD_CHECK, name_of(serial, what), &passed) && passed;
}

bool external_lets(external_t *external, uint32_t serial)
{
	pthread_mutex_lock(&external->lock);
	const bool newest = external->has_version && external->serial == serial;
	const bool lets = external->command == NULL ||
	                  (newest && (external->taken || (external->judged && external->good)));
	pthread_mutex_unlock(&external->lock);
	return lets || is_passed(external, serial);
}

/*** For the worker. ***/

bool external_note(external_t *external, const state_t *state)
{
	pthread_mutex_lock(&external->lock);
	if (!external->has_version || external->serial != state->serial) {
		external->judged = false;
		external->failures = 0;
	}
	external->has_version = state->version > 0;
	external->serial = state->serial;
	external->taken = state->taken_at > 0 && state->taken_serial == state->serial;
	const bool taken = external->taken;
	const bool ready = external->command != NULL && external->has_version && !taken &&
	                   !external->judged;
	pthread_mutex_unlock(&external->lock);
	if (ready) {
		external->args.ready(external->args.ctx);
	}
	if (taken) {
		held_end(external->args.held, HELD_CHECK);
	}
	return external_lets(external, state->serial);
}

bool external_waits(external_t *external)
{
	const int64_t now = monotonic_ms();
	pthread_mutex_lock(&external->lock);
	const bool fetching = external->good && now - external->judged_ms < FETCH_MS;
	const bool waits = external->command != NULL && external->has_version &&
	                   !external->taken && (!external->judged || fetching);
	pthread_mutex_unlock(&external->lock);
	return waits;
}

/*** The check. ***/

/*! \return A file without a name; NULL on failure, see errno. */
static FILE *open_file(const char *folder)
{
	char path[4096];
	if (snprintf(path, sizeof(path), "%s/check-XXXXXX", folder) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	const int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		return NULL;
	}
	(void)unlink(path);
	FILE *file = fdopen(fd, "w+");
	if (file == NULL) {
		close(fd);
	}
	return file;
}

/*! Writes the newest version into a file. \param serial  Its serial. \return As open_file() */
static FILE *write_newest(external_t *external, uint32_t *serial, char why[WHY_MAX])
{
	view_t *view = NULL;
	int ret = view_open(external->args.store, external->args.zone, &view);
	if (ret != KNOT_EOK) {
		snprintf(why, WHY_MAX, "the version cannot be read: %s", store_strerror(ret));
		return NULL;
	}
	*serial = knot_soa_serial(view_soa(view)->rrs.rdata);
	FILE *file = open_file(external->args.folder);
	ret = file == NULL ? KNOT_ESPACE : dump_zone(view, file);
	if (ret != KNOT_EOK) {
		snprintf(why, WHY_MAX, "the zone cannot be written to %s: %s",
		         external->args.folder,
		         ret == KNOT_ESPACE ? strerror(errno) : knot_strerror(ret));
	}
	if (ret != KNOT_EOK && file != NULL) {
		fclose(file);
		file = NULL;
	}
	view_close(view);
	return file;
}

/*! What a program is asked, and what it says. */
typedef struct {
	char *command;
	unsigned limit_s;
	uint64_t revision;
	uint32_t serial;
	bool good;
	char why[WHY_MAX];
} question_t;

/*! \return Whether the program says yes. */
static bool run(external_t *external, question_t *question)
{
	FILE *file = write_newest(external, &question->serial, question->why);
	if (file == NULL) {
		return false;
	}
	knot_dname_txt_storage_t zone;
	char number[16];
	(void)knot_dname_to_str(zone, external->args.zone, sizeof(zone));
	snprintf(number, sizeof(number), "%" PRIu32, question->serial);
	const char *const more[] = { zone, number, NULL };
	const int ret = command_run(&(command_t) {
		.line = question->command, .more = more, .input_fd = fileno(file),
		.limit_s = question->limit_s, .stop_fd = external->args.stop_fd,
	}, question->why, WHY_MAX);
	fclose(file);
	return ret == 0;
}

/*! Notes a verdict on the newest version. \return Whether it is one */
static bool note_verdict(external_t *external, const question_t *question)
{
	pthread_mutex_lock(&external->lock);
	const bool counts = external->has_version && external->serial == question->serial &&
	                    external->revision == question->revision;
	if (counts) {
		external->judged = true;
		external->good = question->good;
		external->judged_ms = monotonic_ms();
		external->failures += !question->good;
	}
	pthread_mutex_unlock(&external->lock);
	return counts;
}

/*! \return Whether the program asked is the one that has been configured last. */
static bool is_current(external_t *external, const question_t *question)
{
	pthread_mutex_lock(&external->lock);
	const bool current = external->revision == question->revision;
	pthread_mutex_unlock(&external->lock);
	return current;
}

/*! Says what the verdict is. \return Whether time_to_check() tells what is next; else it is another version, which
 *  the worker has to note first */
static bool judge(external_t *external, const question_t *question)
{
	char what[32], text[WHY_MAX + 200];
	const uint32_t serial = question->serial;
	if (!note_verdict(external, question)) {
		return !is_current(external, question);
	}
	if (question->good) {
		log_msg(external->args.log, LOG_INFO, external->args.zone,
		        "check, serial %" PRIu32 " passed", serial);
		held_end(external->args.held, HELD_CHECK);
		return true;
	}
	snprintf(text, sizeof(text), "the operator's check says no to serial %" PRIu32 ": %s; the "
	         "version before it stays; the next one is checked anew, this one again within %d "
	         "minutes", serial, question->why, (int)(again_delay.max / 60));
	held_set(external->args.held, HELD_CHECK, name_of(serial, what), text);
	if (!is_current(external, question)) {
		/* Meanwhile the check was replaced, or taken out: then nothing else would end that. */
		held_end(external->args.held, HELD_CHECK);
	}
	return true;
}

/*! \return 0: the newest version is to be checked; or in how many ms; -1: not at all. With the lock held. */
static int64_t time_to_check(const external_t *external)
{
	if (external->command == NULL || !external->has_version || external->taken ||
	    (external->judged && external->good)) {
		return -1;
	}
	const int64_t again_ms = external->judged_ms +
	                         1000 * backoff_delay(&again_delay, external->failures);
	const int64_t left = external->judged ? again_ms - monotonic_ms() : 0;
	return left > 0 ? left : 0;
}

/*! \return When that is, ms; 0: never */
static int64_t due(int64_t left)
{
	return left >= 0 ? sched_now() + left : 0;
}

int64_t external_work(external_t *external)
{
	pthread_mutex_lock(&external->lock);
	const int64_t left = time_to_check(external);
	question_t question = {
		.command = left == 0 ? strdup(external->command) : NULL, .limit_s = external->limit_s,
		.revision = external->revision, .serial = external->serial,
	};
	pthread_mutex_unlock(&external->lock);
	if (left != 0) {
		return due(left);
	}
	if (question.command == NULL) {
		return sched_now() + 1000 * again_delay.first;
	}
	question.good = run(external, &question);
	free(question.command);
	if (poll(&(struct pollfd){ .fd = external->args.stop_fd, .events = POLLIN }, 1, 0) > 0) {
		return 0; /* A program that had to end has no verdict. */
	}
	const bool known = judge(external, &question);
	external->args.judged(external->args.ctx);
	pthread_mutex_lock(&external->lock);
	const int64_t next = time_to_check(external);
	pthread_mutex_unlock(&external->lock);
	return known ? due(next) : 0;
}
