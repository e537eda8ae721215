/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods audit verify: whether the audit is as the engine wrote it. */

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/audit/chain.h"
#include "policy-engine/audit/file.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/tool/commands.h"
#include "policy-engine/tool/picture.h"

typedef struct {
	chain_end_t end;      /* Of the last line that was read. */
	uint64_t first;       /* Number of the first line; 0 = there was none. */
	uint64_t lines;
} check_t;

/* \return Whether all lines of a file follow each other, and those before; if not, it is said. */
static bool check_file(check_t *check, const char *path)
{
	char why[256], *line = NULL;
	size_t size = 0;
	uint64_t number = 0;
	ssize_t len;
	FILE *in = fopen(path, "re");
	if (in == NULL) {
		fprintf(stderr, "ods: %s: %s\n", path, strerror(errno));
		return false;
	}
	bool good = true;
	while (good && (len = getline(&line, &size, in)) > 0) {
		number++;
		if (line[len - 1] != '\n') {
			fprintf(stderr, "ods: %s:%" PRIu64 ": the line is cut off\n", path, number);
			good = false;
		} else if (!chain_follows(&check->end, line, (size_t)len - 1, why, sizeof(why))) {
			fprintf(stderr, "ods: %s:%" PRIu64 ": %s\n", path, number, why);
			good = false;
		}
		check->first = check->first == 0 ? check->end.seq : check->first;
		check->lines += good;
	}
	if (good && ferror(in)) {
		fprintf(stderr, "ods: %s: %s\n", path, strerror(errno));
		good = false;
	}
	free(line);
	fclose(in);
	return good;
}

/* Compares the end with that of the engine, which may have written more meanwhile. \return Whether
 * they do not contradict each other; if they do, it is said. */
static bool check_end(const check_t *check, const invocation_t *run)
{
	side_t engine = { .up = false };
	const ctl_unit_t unit = { .cmd = "overview" };
	if (tool_try(run, &unit, &engine.said, engine.problem, sizeof(engine.problem)) != DONE) {
		printf("The engine does not say where the audit ends, so lines may be missing there: "
		       "%s\n", engine.problem);
		answer_deinit(&engine.said);
		return true;
	}
	const line_t *line = side_line(&engine, "audit", NULL);
	const uint64_t seq = line != NULL ? (uint64_t)line_number(line, "seq") : 0;
	const bool cut = seq > check->end.seq;
	const bool other = line != NULL && seq == check->end.seq &&
	                   strcmp(line_get(line, "audit"), check->end.hash) != 0;
	if (cut) {
		fprintf(stderr, "ods: the audit ends with number %" PRIu64 ", the engine has written %"
		        PRIu64 ": lines are missing at the end, or in another file\n",
		        check->end.seq, seq);
	} else if (other) {
		fprintf(stderr, "ods: number %" PRIu64 " is not what the engine wrote\n", seq);
	}
	answer_deinit(&engine.said);
	return !cut && !other;
}

/* \return The file beside the database of conf.xml; NULL if conf.xml cannot be read, which is said.
 * */
static char *usual_file(const invocation_t *run)
{
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	const char *path = run->conf != NULL ? run->conf : HSM_CONF_FILE;
	char *file = NULL;
	if (engine_conf_read(path, &conf, NULL, NULL, &err) == HSM_EOK) {
		file = audit_path(conf.datastore);
	} else {
		fprintf(stderr, "ods: %s\n", err.text);
	}
	engine_conf_deinit(&conf);
	return file;
}

static bool check_all(check_t *check, const invocation_t *run)
{
	bool good = true;
	if (run->count == 1) {
		char *file = usual_file(run);
		good = file != NULL && check_file(check, file);
		free(file);
	}
	for (int i = 1; i < run->count && good; i++) {
		good = check_file(check, run->args[i]);
	}
	return good;
}

int tool_audit(const invocation_t *run)
{
	check_t check = { .first = 0 };
	if (strcmp(run->args[0], "verify") != 0) {
		fprintf(stderr, "ods: audit %s is not known; there is audit verify\n", run->args[0]);
		return USAGE;
	}
	if (!check_all(&check, run) || !check_end(&check, run)) {
		return FAILED;
	}
	printf("%" PRIu64 " lines, number %" PRIu64 " to %" PRIu64 ", none changed, none missing "
	       "between them%s\n", check.lines, check.first, check.end.seq,
	       check.first > 1 ? "; those before are in another file" : "");
	return DONE;
}
