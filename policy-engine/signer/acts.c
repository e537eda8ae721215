/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/signer/acts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "policy-engine/audit/note.h"
#include "policy-engine/base/event.h"
#include "policy-engine/base/zone-name.h"

#define TIMEOUT_MS 5000

/* What the module said. */
typedef struct {
	char **lines;
	size_t count, size;
	bool gone, failed;
} answer_t;

static int add(answer_t *answer, const char *line)
{
	if (answer->count == answer->size) {
		const size_t size = 2 * answer->size + 16;
		char **lines = reallocarray(answer->lines, size, sizeof(*lines));
		if (lines == NULL) {
			return -1;
		}
		answer->lines = lines;
		answer->size = size;
	}
	answer->lines[answer->count] = strdup(line);
	return answer->lines[answer->count] != NULL ? (int)(answer->count++, 0) : -1;
}

static int take_line(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	answer_t *answer = ctx;
	(void)first;
	const char *type = unit->type != NULL ? unit->type : "";
	answer->gone = answer->gone || strcmp(type, "gone") == 0;
	if (error != NULL ||
	    (strcmp(type, "act") == 0 && unit->data != NULL && add(answer, unit->data) != 0)) {
		answer->failed = true;
		return -1;
	}
	return 0;
}

static bool ask(const char *path, int64_t after, answer_t *answer)
{
	char err[512], number[24];
	snprintf(number, sizeof(number), "%" PRId64, after);
	const ctl_unit_t unit = { .cmd = "acts", .data = number };
	const ctl_call_t call = { .path = path, .timeout_ms = TIMEOUT_MS, .units = &unit,
	                          .count = 1, .answer = take_line, .ctx = answer };
	return ctl_client_call(&call, err, sizeof(err)) == 0 && !answer->failed;
}

/* Notes an act; takes its line apart. A line that is none is left out. */
static int note(desk_t *desk, char *line)
{
	enum { NUMBER, UID, COMMAND, ZONE, WHAT, OUTCOME, FIELDS };
	char *fields[FIELDS], who[AUDIT_WHO_MAX];
	size_t count = 0;
	while (line != NULL && count < FIELDS) {
		fields[count++] = strsep(&line, "\t");
	}
	if (count < FIELDS) {
		return 0;
	}
	char *canonical = zone_name_canonical(fields[ZONE]);
	const char *zone = fields[ZONE][0] == '\0' ? NULL : canonical != NULL ? canonical
	                                                                      : fields[ZONE];
	audit_who((uid_t)strtoul(fields[UID], NULL, 10), who);
	log_about(LOG_INFO, (about_t){ .event = "act", .zone = zone }, "%s asked the signer for %s: %s",
	          who, fields[COMMAND], fields[OUTCOME]);
	const int ret = audit_note(desk, &(audit_t){
		.at = strtoll(fields[NUMBER], NULL, 10) / 1000000, .who = who,
		.action = fields[COMMAND], .zone = zone, .what = fields[WHAT],
		.why = fields[OUTCOME] });
	free(canonical);
	return ret;
}

static int note_all(desk_t *desk, const answer_t *answer, int64_t last)
{
	int ret = db_begin(desk->db);
	if (ret == 0 && answer->gone) {
		ret = audit_note(desk, &(audit_t){ .who = "signer", .action = "acts-missing",
		                                   .why = "there were more than it keeps" });
	}
	for (size_t i = 0; ret == 0 && i < answer->count; i++) {
		ret = note(desk, answer->lines[i]);
	}
	/* There may be more of them by now. */
	last = answer->count > 0 ? strtoll(answer->lines[answer->count - 1], NULL, 10) : last;
	ret = ret == 0 ? db_moment_put(desk->db, DB_MOMENT_ACT, last) : ret;
	if (ret != 0 || db_commit(desk->db) != 0) {
		db_rollback(desk->db);
		return -1;
	}
	return 1;
}

int acts_take(desk_t *desk, int64_t last)
{
	answer_t answer = { .count = 0 };
	int64_t had = 0;
	pthread_mutex_lock(&desk->lock);
	int ret = db_moment_get(desk->db, DB_MOMENT_ACT, &had);
	pthread_mutex_unlock(&desk->lock);
	if (ret < 0 || had == last) {
		return ret < 0 ? -1 : 1;
	}
	ret = 0;
	if (ask(desk->conf.signer_socket, had, &answer)) {
		pthread_mutex_lock(&desk->lock);
		ret = note_all(desk, &answer, last);
		pthread_mutex_unlock(&desk->lock);
	}
	for (size_t i = 0; i < answer.count; i++) {
		free(answer.lines[i]);
	}
	free(answer.lines);
	return ret;
}
