/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define LINE_MAX_LEN 2048 /* Bytes; a longer line is cut. */

void log_init(log_t *log, log_sink_f sink, void *ctx)
{
	pthread_mutex_init(&log->lock, NULL);
	log->sink = sink;
	log->ctx = ctx;
}

void log_deinit(log_t *log)
{
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
		log->sink = NULL;
		log->ctx = NULL;
	}
	pthread_mutex_unlock(&log->lock);
}

/* Writes "zone NAME, ", without the name's last dot, as knotd does in its log. */
static size_t write_zone(char *line, size_t size, const knot_dname_t *zone)
{
	knot_dname_txt_storage_t name;
	if (zone == NULL || knot_dname_to_str(name, zone, sizeof(name)) == NULL) {
		return 0;
	}
	size_t len = strlen(name);
	if (len > 1) {
		name[len - 1] = '\0';
	}
	int ret = snprintf(line, size, "zone %s, ", name);
	return ret > 0 && (size_t)ret < size ? (size_t)ret : 0;
}

void log_msg(log_t *log, int priority, const knot_dname_t *zone, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	size_t len = write_zone(line, sizeof(line), zone);

	va_list args;
	va_start(args, fmt);
	vsnprintf(line + len, sizeof(line) - len, fmt, args);
	va_end(args);

	/* One event stays one line, whatever a file name or a token's label contains. */
	text_tame(line);

	pthread_mutex_lock(&log->lock);
	if (log->sink != NULL) {
		log->sink(log->ctx, priority, line);
	}
	pthread_mutex_unlock(&log->lock);
}
