/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "common/backoff.h"
#include "common/command.h"
#include "module/base/moment.h"
#include "module/base/sched.h"
#include "module/publish/dump.h"
#include "module/rr/soa.h"

/* Seconds after which what has failed is tried again. */
static const backoff_t again_delay = { .first = 5, .max = 600 };

#define COMMAND_LIMIT 300 /* Seconds that the command may take. */
#define WORDS_MAX 32      /* Of the command, as common/command.c has it. */
#define WHY_MAX 512

/* Milliseconds until a version is looked for again that knotd is about to serve, and at least from one
 * file to the next: a zone with a stream of updates has many versions in a second. */
#define PACE_MS 1000

void output_init(output_t *output, const output_args_t *args)
{
	memset(output, 0, sizeof(*output));
	output->args = *args;
	trouble_init(&output->trouble);
	pthread_mutex_init(&output->lock, NULL);
}

void output_settings_deinit(output_settings_t *settings)
{
	free(settings->path);
	free(settings->command);
	memset(settings, 0, sizeof(*settings));
}

void output_deinit(output_t *output)
{
	output_settings_deinit(&output->settings);
	trouble_deinit(&output->trouble);
	pthread_mutex_destroy(&output->lock);
}

void output_again(output_t *output)
{
	pthread_mutex_lock(&output->lock);
	output->off = false;
	const bool ready = output->has_version; /* Else there is nothing to write. */
	pthread_mutex_unlock(&output->lock);
	if (ready) {
		output->args.ready(output->args.ctx);
	}
}

void output_note(output_t *output, const state_t *state)
{
	const bool taken = state->version > 0 && state->taken_at > 0 &&
	                   state->taken_serial == state->serial;
	pthread_mutex_lock(&output->lock);
	const bool news = taken && !(output->has_version && output->serial == state->serial);
	if (news) {
		output->has_version = true;
		output->serial = state->serial;
	}
	const bool ready = news && !output->off;
	pthread_mutex_unlock(&output->lock);
	if (ready) {
		output->args.ready(output->args.ctx);
	}
}

bool output_text(output_t *output, char *out, size_t size)
{
	char when[MOMENT_MAX];
	pthread_mutex_lock(&output->lock);
	const bool shown = !output->off && output->written;
	if (shown) {
		snprintf(out, size, "the file has serial %" PRIu32 "%s%s%s", output->written_serial,
		         output->written_at != 0 ? " since " : "",
		         output->written_at != 0 ? moment_text(output->written_at, when) : "",
		         output->told ? "" : ", NotifyCommand has not exited with 0 yet");
	}
	pthread_mutex_unlock(&output->lock);
	return shown;
}

/*** Names. ***/

/*! \return The zone's name without the dot at its end. */
static const char *name_of(const output_t *output, knot_dname_txt_storage_t name)
{
	(void)knot_dname_to_str(name, output->args.zone, sizeof(knot_dname_txt_storage_t));
	const size_t len = strlen(name);
	if (len > 1) {
		name[len - 1] = '\0';
	} else {
		memcpy(name, "root", sizeof("root"));
	}
	return name;
}

/*! \return A copy with values in place of %zonefile and %zone, to be freed; NULL if out of memory. */
static char *fill_in(const char *text, const char *zone, const char *file)
{
	char *filled = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&filled, &size);
	while (out != NULL && *text != '\0') {
		if (file != NULL && strncmp(text, "%zonefile", 9) == 0) {
			fputs(file, out);
			text += 9;
		} else if (strncmp(text, "%zone", 5) == 0) {
			fputs(zone, out);
			text += 5;
		} else {
			fputc(*text++, out);
		}
	}
	if (out == NULL || fclose(out) != 0) {
		free(filled);
		return NULL;
	}
	return filled;
}

/*! \return The path of the zone's file, to be freed; NULL if out of memory. */
static char *path_of(const output_t *output, const char *path)
{
	knot_dname_txt_storage_t name;
	(void)name_of(output, name);
	for (char *at = name; (at = strchr(at, '/')) != NULL;) {
		*at = '_'; /* It would be a folder in the path; as Knot does. */
	}
	return fill_in(path, name, NULL);
}

/*** The file. ***/

/*! Writes the first line, by which a file is known again. */
static void head_of(const output_t *output, uint32_t serial, char *out, size_t size)
{
	knot_dname_txt_storage_t name;
	(void)knot_dname_to_str(name, output->args.zone, sizeof(name));
	snprintf(out, size, "; %s serial %" PRIu32 ", signed by mod-opendnssec\n", name, serial);
}

#define HEAD_MAX (sizeof(knot_dname_txt_storage_t) + 64)

/*! \return Whether the file is there, our own, and has that version. */
static bool has_version(const output_t *output, const char *path, uint32_t serial)
{
	char head[HEAD_MAX], line[HEAD_MAX] = "";
	struct stat st;
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		return false;
	}
	head_of(output, serial, head, sizeof(head));
	const bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid();
	const ssize_t len = ours ? read(fd, line, sizeof(line) - 1) : 0;
	close(fd);
	return len > 0 && strncmp(line, head, strlen(head)) == 0;
}

/*! Writes a version into a new file, down to the disk. \return As dump_zone() */
static int fill(const output_t *output, view_t *view, const char *fresh, uint32_t serial)
{
	char head[HEAD_MAX];
	(void)unlink(fresh); /* What a crash has left. */
	const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL) {
		if (fd >= 0) {
			close(fd);
		}
		return KNOT_ESPACE;
	}
	head_of(output, serial, head, sizeof(head));
	int ret = fputs(head, file) >= 0 ? dump_zone(view, file) : KNOT_ESPACE;
	if (ret == KNOT_EOK && fsync(fd) != 0) {
		ret = KNOT_ESPACE;
	}
	const int fault = errno;
	if (fclose(file) != 0 && ret == KNOT_EOK) {
		return KNOT_ESPACE;
	}
	errno = fault;
	return ret;
}

/*! Has a rename survive a crash: else the old file could come back. */
static int sync_folder(const char *path)
{
	char *folder = strdup(path);
	int fd = -1;
	if (folder != NULL) {
		strrchr(folder, '/')[1] = '\0';
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	const int ret = fd >= 0 && fsync(fd) == 0 ? KNOT_EOK : KNOT_ESPACE;
	if (fd >= 0) {
		close(fd);
	}
	free(folder);
	return ret;
}

/*! Puts a version in the place of the file. */
static int replace(const output_t *output, view_t *view, const char *path, uint32_t serial)
{
	char *fresh = NULL;
	const int folder = (int)(strrchr(path, '/') - path) + 1;
	if (asprintf(&fresh, "%.*s.%s.new", folder, path, path + folder) < 0) {
		return KNOT_ENOMEM;
	}
	int ret = fill(output, view, fresh, serial);
	if (ret == KNOT_EOK && rename(fresh, path) != 0) {
		ret = KNOT_ESPACE;
	}
	if (ret == KNOT_EOK) {
		ret = sync_folder(path);
	} else {
		const int fault = errno;
		(void)unlink(fresh);
		errno = fault;
	}
	free(fresh);
	return ret;
}

/*! \return KNOT_EOK; KNOT_EAGAIN: the store has a newer version, which knotd does not serve yet; another
 *  error, and why */
static int write_file(const output_t *output, const char *path, uint32_t serial, char why[WHY_MAX])
{
	view_t *view = NULL;
	int ret = view_open(output->args.store, output->args.zone, &view);
	if (ret != KNOT_EOK) {
		snprintf(why, WHY_MAX, "the version cannot be read: %s", store_strerror(ret));
		return ret;
	}
	if (knot_soa_serial(view_soa(view)->rrs.rdata) != serial) {
		view_close(view);
		return KNOT_EAGAIN;
	}
	ret = replace(output, view, path, serial);
	if (ret != KNOT_EOK) {
		snprintf(why, WHY_MAX, "the signed zone cannot be written to %.300s, which stays as it "
		         "is: %s", path, ret == KNOT_ESPACE ? strerror(errno) : store_strerror(ret));
	}
	view_close(view);
	return ret;
}

/*** The command. ***/

/*! Makes a word of the command's arguments. \return To be freed; NULL, and why. */
static char *argument(const char *word, const char *zone, const char *file, char why[WHY_MAX])
{
	char *filled = fill_in(word, zone, file);
	if (filled == NULL) {
		snprintf(why, WHY_MAX, "out of memory");
	} else if (word[0] == '%' && filled[0] == '-') {
		snprintf(why, WHY_MAX, "NotifyCommand is not run: it would take the zone's name for an "
		         "option");
		free(filled);
		filled = NULL;
	}
	return filled;
}

/*! \return Whether the command has exited with 0. */
static bool tell(const output_t *output, const char *command, const char *path, char why[WHY_MAX])
{
	knot_dname_txt_storage_t zone;
	char *arguments[WORDS_MAX] = { NULL }, *save = NULL, *line = strdup(command);
	const char *program = line != NULL ? strtok_r(line, " \t\r\n", &save) : NULL;
	size_t count = 0;
	bool good = program != NULL;
	(void)name_of(output, zone);
	snprintf(why, WHY_MAX, "out of memory");
	for (const char *word; good && count < WORDS_MAX - 1 &&
	     (word = strtok_r(NULL, " \t\r\n", &save)) != NULL;) {
		arguments[count] = argument(word, zone, path, why);
		good = arguments[count++] != NULL;
	}
	good = good && command_run(&(command_t) {
		.line = program, .more = (const char *const *)arguments, .input = "",
		.limit_s = COMMAND_LIMIT, .stop_fd = output->args.stop_fd,
	}, why, WHY_MAX) == 0;
	for (size_t i = 0; i < count; i++) {
		free(arguments[i]);
	}
	free(line);
	return good;
}

/*** All of it. ***/

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/*! Takes the settings over; what was done by others is to be done anew. \return Whether there are files. */
static bool adopt(output_t *output, output_settings_t *settings)
{
	const bool path = same_text(settings->path, output->settings.path);
	const bool command = same_text(settings->command, output->settings.command);
	const output_settings_t old = output->settings;
	output->settings = *settings;
	*settings = old;
	output_settings_deinit(settings);
	pthread_mutex_lock(&output->lock);
	output->off = output->settings.path == NULL;
	output->written &= path;
	output->told &= path && command;
	pthread_mutex_unlock(&output->lock);
	if (!path || !command) {
		output->failures = 0;
	}
	return output->settings.path != NULL;
}

/*! Says what has failed. \return When to try again, ms */
static int64_t fail(output_t *output, const char *why)
{
	if (poll(&(struct pollfd){ .fd = output->args.stop_fd, .events = POLLIN }, 1, 0) > 0) {
		return 0; /* A program that had to end has not failed. */
	}
	trouble_set(&output->trouble, output->args.log, output->args.zone, LOG_WARNING, why);
	return sched_now() + 1000 * backoff_delay(&again_delay, ++output->failures);
}

static void note_written(output_t *output, uint32_t serial, int64_t now)
{
	pthread_mutex_lock(&output->lock);
	output->written = true;
	output->written_serial = serial;
	output->written_at = now;
	output->told = output->settings.command == NULL;
	pthread_mutex_unlock(&output->lock);
}

/*! Sees that the file has a version. \return As write_file() */
static int bring(output_t *output, const char *path, uint32_t serial, char why[WHY_MAX])
{
	if (output->written && output->written_serial == serial) {
		return KNOT_EOK;
	}
	if (!output->written && has_version(output, path, serial)) {
		/* Whether the command knows it, nobody remembers. */
		note_written(output, serial, 0);
		return KNOT_EOK;
	}
	const int64_t begun = sched_now();
	const int ret = write_file(output, path, serial, why);
	if (ret == KNOT_EOK) {
		note_written(output, serial, time(NULL));
		log_msg(output->args.log, LOG_INFO, output->args.zone,
		        "output, serial %" PRIu32 " written to %s", serial, path);
	}
	/* Half of the time at most is spent on writing, however fast versions come. */
	const int64_t now = sched_now(), took = now > begun ? now - begun : 0;
	output->next_ms = now + (took > PACE_MS ? took : PACE_MS);
	return ret;
}

int64_t output_work(output_t *output, output_settings_t *settings)
{
	char why[WHY_MAX] = "", text[WHY_MAX + 100];
	const bool on = adopt(output, settings);
	pthread_mutex_lock(&output->lock);
	const uint32_t serial = output->serial;
	const bool wanted = on && output->has_version &&
	                    !(output->written && output->written_serial == serial && output->told);
	const bool write = wanted && !(output->written && output->written_serial == serial);
	pthread_mutex_unlock(&output->lock);
	if (!wanted) {
		trouble_set(&output->trouble, output->args.log, output->args.zone, LOG_NOTICE, "");
		return 0;
	}
	const int64_t now = sched_now();
	if (write && now < output->next_ms && output->next_ms - now <= 1000 * again_delay.max) {
		return output->next_ms;
	}
	char *path = path_of(output, output->settings.path);
	int ret = path != NULL ? bring(output, path, serial, why) : KNOT_ENOMEM;
	const bool told = ret == KNOT_EOK &&
	                  (output->told || tell(output, output->settings.command, path, why));
	free(path);
	if (ret == KNOT_EAGAIN) {
		return sched_now() + PACE_MS;
	}
	if (!told) {
		snprintf(text, sizeof(text), "%s%s%s", ret == KNOT_EOK ? "the signed zone is written, but "
		         "NotifyCommand fails, and is run again: " : "", why,
		         ret == KNOT_ENOMEM && why[0] == '\0' ? "out of memory" : "");
		return fail(output, text);
	}
	pthread_mutex_lock(&output->lock);
	output->told = true;
	pthread_mutex_unlock(&output->lock);
	output->failures = 0;
	trouble_set(&output->trouble, output->args.log, output->args.zone, LOG_NOTICE, "");
	return 0;
}
