/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/event.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/repeat.h"
#include "common/text.h"
#include "policy-engine/base/journal.h"

/* What the process's log has said last. */
static struct {
	pthread_mutex_t lock;
	repeat_t repeat;
	bool all;  /* Nothing is counted instead of written. */
} said = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void write_stderr(const repeat_line_t *line, const char *text)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_WARNING] = "warning",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};
	char stamp[40] = "";
	time_t now = time(NULL);
	struct tm tm;
	if (localtime_r(&now, &tm) != NULL) {
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S%z", &tm);
	}
	/* In one call, so that lines of two threads do not mix. */
	fprintf(stderr, "%s %s: %s%s%s%s\n", stamp, names[line->level],
	        line->zone != NULL ? "[" : "", line->zone != NULL ? line->zone : "",
	        line->zone != NULL ? "] " : "", text);
}

/* A repeat_write_f. */
static void write_line(void *ctx, const repeat_line_t *line, unsigned more)
{
	static const int priorities[] = { [LOG_ERROR] = 3, [LOG_WARNING] = 4, [LOG_INFO] = 6,
	                                  [LOG_DEBUG] = 7 };
	char text[REPEAT_TEXT_MAX + 64], whole[REPEAT_TEXT_MAX + 1200];
	(void)ctx;
	snprintf(text, sizeof(text), more > 0 ? "%s (and %u lines like this before it)" : "%s",
	         line->text, more);
	snprintf(whole, sizeof(whole), "%s%s%s%s", line->zone != NULL ? "[" : "",
	         line->zone != NULL ? line->zone : "", line->zone != NULL ? "] " : "", text);
	const journal_entry_t entry = { .priority = priorities[line->level], .event = line->event,
	                                .zone = line->zone, .keytag = line->keytag,
	                                .text = whole };
	if (!journal_has(STDERR_FILENO) || !journal_send(JOURNAL_SOCKET, &entry)) {
		write_stderr(line, text);
	}
}

static int64_t now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void log_about(log_level_t level, about_t about, const char *fmt, ...)
{
	char text[REPEAT_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_tame(text);
	const repeat_line_t line = { .alike = about.alike != NULL ? about.alike : fmt,
	                             .level = level, .event = about.event,
	                             .zone = about.zone, .keytag = about.keytag, .text = text };
	pthread_mutex_lock(&said.lock);
	if (said.all) {
		write_line(NULL, &line, 0);
	} else {
		repeat_take(&said.repeat, &line, now_s(), write_line, NULL);
	}
	pthread_mutex_unlock(&said.lock);
}

void log_all(void)
{
	pthread_mutex_lock(&said.lock);
	said.all = true;
	pthread_mutex_unlock(&said.lock);
}

void log_pass(void)
{
	pthread_mutex_lock(&said.lock);
	repeat_pass(&said.repeat, now_s(), write_line, NULL);
	pthread_mutex_unlock(&said.lock);
}

void log_end(void)
{
	pthread_mutex_lock(&said.lock);
	repeat_pass(&said.repeat, INT64_MAX, write_line, NULL);
	repeat_deinit(&said.repeat);
	pthread_mutex_unlock(&said.lock);
}
