/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/cause.h"
#include "common/clock.h"
#include "common/text.h"

#define LINE_MAX_LEN 2048 /* Bytes; a longer line is cut. */
#define KNOT_LINE_LEN 500 /* Bytes that Knot writes in any case; what stands last is not cut then. */

/*! With the lock held. */
static void write_line(const log_t *log, int priority, char *line)
{
	/* One event stays one line, whatever a file name or a token's label contains. */
	text_tame(line);
	if (log->sink != NULL) {
		log->sink(log->ctx, priority, line);
	}
}

/* A repeat_write_f. */
static void write_many(void *ctx, const repeat_line_t *many, unsigned more)
{
	char line[KNOT_LINE_LEN], count[64] = "";
	if (more > 0) {
		snprintf(count, sizeof(count), " (and %u lines like this before it)", more);
	}
	snprintf(line, sizeof(line) - sizeof(count), "zone %s, %s", many->zone, many->text);
	strcat(line, count);
	write_line(ctx, many->level, line);
}

void log_init(log_t *log, log_sink_f sink, void *ctx)
{
	pthread_mutex_init(&log->lock, NULL);
	log->sink = sink;
	log->ctx = ctx;
	log->repeat = (repeat_t){ { NULL } };
}

void log_deinit(log_t *log)
{
	repeat_deinit(&log->repeat);
	pthread_mutex_destroy(&log->lock);
}

void log_redirect(log_t *log, log_sink_f sink, void *ctx)
{
	pthread_mutex_lock(&log->lock);
	log->sink = sink;
	log->ctx = ctx;
	pthread_mutex_unlock(&log->lock);
}

void log_leave(log_t *log, const void *ctx)
{
	pthread_mutex_lock(&log->lock);
	if (log->ctx == ctx) {
		repeat_pass(&log->repeat, INT64_MAX, write_many, log);
		log->sink = NULL;
		log->ctx = NULL;
	}
	pthread_mutex_unlock(&log->lock);
}

/*! Writes a zone's name without its last dot, as knotd does in its log. */
static void write_name(knot_dname_txt_storage_t name, const knot_dname_t *zone)
{
	if (zone == NULL || knot_dname_to_str(name, zone, KNOT_DNAME_TXT_MAXLEN) == NULL) {
		name[0] = '\0';
	}
	const size_t len = strlen(name);
	if (len > 1) {
		name[len - 1] = '\0';
	}
}

void log_msg(log_t *log, int priority, const knot_dname_t *zone, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	knot_dname_txt_storage_t name;
	int len = 0;
	write_name(name, zone);
	if (name[0] != '\0') {
		len = snprintf(line, sizeof(line), "zone %s, ", name);
	}
	va_list args;
	va_start(args, fmt);
	vsnprintf(line + len, sizeof(line) - len, fmt, args);
	va_end(args);

	pthread_mutex_lock(&log->lock);
	write_line(log, priority, line);
	pthread_mutex_unlock(&log->lock);
}

void log_many(log_t *log, int priority, const knot_dname_t *zone, const char *text)
{
	char alike[CAUSE_MAX];
	knot_dname_txt_storage_t name;
	write_name(name, zone);
	cause_common(text, name, alike);
	const repeat_line_t line = { .alike = alike, .level = priority, .zone = name, .text = text };
	pthread_mutex_lock(&log->lock);
	repeat_take(&log->repeat, &line, monotonic_ms() / 1000, write_many, log);
	pthread_mutex_unlock(&log->lock);
}

void log_pass(log_t *log)
{
	pthread_mutex_lock(&log->lock);
	repeat_pass(&log->repeat, monotonic_ms() / 1000, write_many, log);
	pthread_mutex_unlock(&log->lock);
}
