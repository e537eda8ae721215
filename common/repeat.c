/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "common/repeat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fnv1a.h"

void repeat_deinit(repeat_t *repeat)
{
	for (int i = 0; i < REPEAT_KINDS; i++) {
		free(repeat->kinds[i]);
		repeat->kinds[i] = NULL;
	}
}

/* How long a kind has to be still until its lines are written for zones again. */
static bool is_over(const repeat_kind_t *kind, int64_t now)
{
	return kind->counted == 0 && now >= kind->last + kind->interval;
}

static uint32_t hash_of(const char *text)
{
	return fnv1a(text, strlen(text));
}

static bool is_of(const repeat_kind_t *kind, const repeat_line_t *line)
{
	return kind->alike == hash_of(line->alike) && kind->level == line->level;
}

/* The place of a line's kind; a free one if it has none yet. NULL: all places are taken. */
static repeat_kind_t *find(repeat_t *repeat, const repeat_line_t *line, int64_t now)
{
	repeat_kind_t **at = NULL;
	for (int i = 0; i < REPEAT_KINDS; i++) {
		repeat_kind_t **place = &repeat->kinds[i];
		if (*place != NULL && is_of(*place, line)) {
			at = place;
			break;
		}
		if (at == NULL && (*place == NULL || is_over(*place, now))) {
			at = place;
		}
	}
	if (at != NULL && *at == NULL) {
		*at = calloc(1, sizeof(**at));
	}
	return at != NULL ? *at : NULL;
}

static void begin(repeat_kind_t *kind, const repeat_line_t *line)
{
	*kind = (repeat_kind_t){ .alike = hash_of(line->alike), .level = line->level,
	                         .interval = REPEAT_INTERVAL_S };
}

static void count(repeat_kind_t *kind, const repeat_line_t *line, int64_t now)
{
	if (kind->counted == 0) {
		kind->due = now + kind->interval;
	}
	kind->counted++;
	kind->event = line->event;
	kind->keytag = line->keytag;
	snprintf(kind->zone, sizeof(kind->zone), "%s", line->zone);
	snprintf(kind->text, sizeof(kind->text), "%s", line->text);
}

/* Writes the last line that was counted, with the number of those before it. */
static void write_count(repeat_kind_t *kind, repeat_write_f write, void *ctx)
{
	const repeat_line_t line = { .level = kind->level, .event = kind->event,
	                             .zone = kind->zone,
	                             .keytag = kind->keytag, .text = kind->text };
	write(ctx, &line, kind->counted - 1);
	kind->counted = 0;
	kind->interval = kind->interval * 2 < REPEAT_INTERVAL_MAX_S ? kind->interval * 2
	                                                            : REPEAT_INTERVAL_MAX_S;
}

void repeat_take(repeat_t *repeat, const repeat_line_t *line, int64_t now, repeat_write_f write,
                 void *ctx)
{
	repeat_kind_t *kind = line->zone != NULL ? find(repeat, line, now) : NULL;
	if (kind == NULL) {
		write(ctx, line, 0);
		return;
	}
	if (!is_of(kind, line) || is_over(kind, now)) {
		begin(kind, line);
	}
	const uint32_t hash = hash_of(line->zone);
	kind->zones += kind->zones == 0 || hash != kind->zone_hash;
	kind->zone_hash = hash;
	kind->last = now;
	if (kind->zones <= REPEAT_ZONES) {
		write(ctx, line, 0);
		return;
	}
	count(kind, line, now);
	if (now >= kind->due) {
		write_count(kind, write, ctx);
	}
}

void repeat_pass(repeat_t *repeat, int64_t now, repeat_write_f write, void *ctx)
{
	for (int i = 0; i < REPEAT_KINDS; i++) {
		repeat_kind_t *kind = repeat->kinds[i];
		if (kind != NULL && kind->counted > 0 && now >= kind->due) {
			write_count(kind, write, ctx);
		}
	}
}
