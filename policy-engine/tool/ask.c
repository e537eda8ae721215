/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "control/client.h"
#include "policy-engine/base/json.h"
#include "policy-engine/policy/conf.h"

#define TIMEOUT_MS 60000 /* For an answer, if the command says nothing else. */

/* What the engine says goes to the terminal of whoever asks, root it may be: it cannot control that. */
static char *copy(const char *text)
{
	char *tame = text != NULL ? strdup(text) : NULL;
	if (tame != NULL) {
		text_tame(tame);
	}
	return tame;
}

static void print_error(const char *zone, const char *error)
{
	char *of = copy(zone), *text = copy(error);
	fprintf(stderr, "ods: %s%s%s%s\n", of != NULL ? "zone " : "", of != NULL ? of : "",
	        of != NULL ? ": " : "", text != NULL ? text : "out of memory");
	free(of);
	free(text);
}

static int add_cell(line_t *line, const ctl_unit_t *unit)
{
	cell_t *cells = reallocarray(line->cells, line->count + 1, sizeof(*cells));
	if (cells == NULL) {
		return -1;
	}
	line->cells = cells;
	cells[line->count++] = (cell_t){ copy(unit->type), copy(unit->data) };
	return 0;
}

static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	engine_answer_t *answer = ctx;
	if (error != NULL && answer->quiet) {
		answer->problem = answer->problem != NULL ? answer->problem : copy(error);
	} else if (error != NULL) {
		print_error(unit->zone, error);
	}
	if (error != NULL) {
		answer->refused = true;
		return 0;
	}
	if (first || answer->count == 0) {
		line_t *lines = reallocarray(answer->lines, answer->count + 1, sizeof(*lines));
		if (lines == NULL) {
			return -1;
		}
		answer->lines = lines;
		lines[answer->count++] = (line_t){ .zone = copy(unit->zone) };
	}
	return add_cell(&answer->lines[answer->count - 1], unit);
}

/* The socket that conf.xml names. A user who may not read the usual conf.xml, since it has PINs,
 * gets the usual socket. */
char *tool_socket(const invocation_t *run)
{
	if (run->socket != NULL) {
		return strdup(run->socket);
	}
	engine_conf_t conf = { 0 };
	hsm_error_t err = { 0 };
	const char *path = run->conf != NULL ? run->conf : HSM_CONF_FILE;
	int ret = engine_conf_read(path, &conf, NULL, NULL, &err);
	if (ret != HSM_EOK && run->conf != NULL) {
		fprintf(stderr, "ods: %s\n", err.text);
		return NULL;
	}
	const char *named = run->module ? conf.signer_socket : conf.socket;
	const char *usual = run->module ? CONF_SIGNER_SOCKET : HSM_ENGINE_SOCKET;
	char *socket = strdup(ret == HSM_EOK ? named : usual);
	engine_conf_deinit(&conf);
	return socket;
}

char *tool_full_path(const char *path)
{
	char *full = realpath(path, NULL);
	return full != NULL ? full : strdup(path);
}

/* \return Whether it was sent and answered; if not, err says why. */
static bool call(const invocation_t *run, const ctl_unit_t *unit, engine_answer_t *answer,
                 char *err, size_t err_size)
{
	char *socket = tool_socket(run);
	if (socket == NULL) {
		return false; /* The reason was said. */
	}
	const ctl_call_t call = { .path = socket, .units = unit, .count = 1, .answer = take,
	                          .timeout_ms = run->patience_ms > 0 ? run->patience_ms : TIMEOUT_MS,
	                          .ctx = answer };
	const int ret = ctl_client_call(&call, err, err_size);
	free(socket);
	return ret == 0;
}

int tool_ask(const invocation_t *run, const ctl_unit_t *unit, engine_answer_t *answer)
{
	char err[512] = "";
	if (!call(run, unit, answer, err, sizeof(err))) {
		if (err[0] != '\0') {
			fprintf(stderr, "ods: %s; is %s running, and may you use its socket?\n", err,
			        run->module ? "knotd with mod-opendnssec" : "ods-engine");
		}
		return FAILED;
	}
	return !answer->refused ? DONE : FAILED;
}

int tool_try(const invocation_t *run, const ctl_unit_t *unit, engine_answer_t *answer, char *err,
             size_t err_size)
{
	answer->quiet = true;
	snprintf(err, err_size, "conf.xml cannot be read");
	if (!call(run, unit, answer, err, err_size)) {
		return FAILED;
	}
	if (answer->refused) {
		snprintf(err, err_size, "%s", answer->problem != NULL ? answer->problem
		                                                      : "out of memory");
	}
	return !answer->refused ? DONE : FAILED;
}

int tool_tell(const invocation_t *run, const ctl_unit_t *unit)
{
	engine_answer_t answer = { 0 };
	int ret = tool_ask(run, unit, &answer);
	if (ret == DONE) {
		if (answer.count == 0) {
			puts("OK");
		}
		for (size_t i = 0; i < answer.count; i++) {
			const char *text = answer.lines[i].cells[0].data;
			puts(text != NULL ? text : "OK");
		}
	}
	answer_deinit(&answer);
	return ret;
}

int tool_show(const invocation_t *run, const ctl_unit_t *unit,
              void (*as_text)(const engine_answer_t *answer))
{
	engine_answer_t answer = { 0 };
	int ret = tool_ask(run, unit, &answer);
	if (ret == DONE) {
		(run->json ? answer_print_json : as_text)(&answer);
	}
	answer_deinit(&answer);
	return ret;
}

const char *line_get(const line_t *line, const char *type)
{
	for (size_t i = 0; i < line->count; i++) {
		const cell_t *cell = &line->cells[i];
		if (cell->type != NULL && strcmp(cell->type, type) == 0 && cell->data != NULL) {
			return cell->data;
		}
	}
	return "";
}

size_t answer_count(const engine_answer_t *answer, const char *type, const char *text)
{
	size_t found = 0;
	for (size_t i = 0; i < answer->count; i++) {
		found += strcmp(line_get(&answer->lines[i], type), text) == 0;
	}
	return found;
}

int answer_add(engine_answer_t *answer, const char *zone, const char *const cells[])
{
	int ret = 0;
	for (int i = 0; cells[i] != NULL && ret == 0; i += 2) {
		const ctl_unit_t unit = { .zone = zone, .type = cells[i], .data = cells[i + 1] };
		ret = take(answer, &unit, NULL, i == 0);
	}
	return ret;
}

void answer_print_json(const engine_answer_t *answer)
{
	printf("[");
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		printf("%s{", i > 0 ? ",\n " : "\n ");
		if (line->zone != NULL) {
			printf("\"zone\": ");
			json_string(stdout, line->zone);
		}
		for (size_t c = 0; c < line->count; c++) {
			printf("%s", c > 0 || line->zone != NULL ? ", " : "");
			json_string(stdout, line->cells[c].type);
			printf(": ");
			json_string(stdout, line->cells[c].data);
		}
		printf("}");
	}
	printf("\n]\n");
}

/* The text of a place in the table; row 0 is the heading. */
static const char *place(const engine_answer_t *answer, bool zones, size_t row, size_t column)
{
	const line_t *line = &answer->lines[row > 0 ? row - 1 : 0];
	if (zones && column-- == 0) {
		return row > 0 ? line->zone : "zone";
	}
	const cell_t *cell = &line->cells[column];
	const char *text = row > 0 ? line_get(line, answer->lines[0].cells[column].type)
	                           : cell->type;
	return text != NULL && text[0] != '\0' ? text : "-";
}

static int width_of(const engine_answer_t *answer, bool zones, size_t column)
{
	size_t width = 0;
	for (size_t row = 0; row <= answer->count; row++) {
		size_t len = strlen(place(answer, zones, row, column));
		width = len > width ? len : width;
	}
	return (int)width;
}

void answer_print_table(const engine_answer_t *answer)
{
	if (answer->count == 0) {
		return;
	}
	bool zones = answer->lines[0].zone != NULL;
	size_t columns = answer->lines[0].count + zones;
	int *widths = calloc(columns, sizeof(*widths));
	for (size_t c = 0; widths != NULL && c < columns; c++) {
		widths[c] = width_of(answer, zones, c);
	}
	for (size_t row = 0; widths != NULL && row <= answer->count; row++) {
		for (size_t c = 0; c < columns; c++) {
			const char *text = place(answer, zones, row, c);
			if (c + 1 < columns) {
				printf("%-*s  ", widths[c], text);
			} else {
				printf("%s\n", text);
			}
		}
	}
	free(widths);
}

void answer_deinit(engine_answer_t *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		line_t *line = &answer->lines[i];
		for (size_t c = 0; c < line->count; c++) {
			free(line->cells[c].type);
			free(line->cells[c].data);
		}
		free(line->cells);
		free(line->zone);
	}
	free(answer->lines);
	free(answer->problem);
}
