/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text.h"
#include "control/client.h"

#define PATIENCE_MS 10000

/* Fields of a line, of the module's and of the engine's: see module/control/overview.h and
 * policy-engine/control/handlers.h. */
enum { M_NAME, M_STATE, M_SERIAL, M_UNTIL, M_DUE, M_INPUT, M_CHECKED, M_EXPIRE, M_VERSIONS,
       M_SIGNATURES, M_POLICY, M_FIELDS };
enum { E_NAME, E_STATE, E_NEXT_AT, E_TOKENS, E_POLICY, E_NEXT, E_FIELDS };

/* -- asking -------------------------------------------------------------- */

/* An answer as one text. */
typedef struct {
	char *text;
	size_t len, size;
	char problem[512];
} gathered_t;

static int gather(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	gathered_t *all = ctx;
	(void)first;
	if (error != NULL) {
		snprintf(all->problem, sizeof(all->problem), "%s", error);
		return 0;
	}
	const size_t len = unit->data != NULL ? strlen(unit->data) : 0;
	if (all->size - all->len <= len) {
		const size_t size = 2 * all->size + len + 1;
		char *text = realloc(all->text, size);
		if (text == NULL) {
			snprintf(all->problem, sizeof(all->problem), "out of memory");
			return -1;
		}
		all->text = text;
		all->size = size;
	}
	memcpy(all->text + all->len, unit->data != NULL ? unit->data : "", len + 1);
	all->len += len;
	return 0;
}

static void say_away(const invocation_t *run, bool module, const char *err, const char *problem)
{
	if (!run->quiet) {
		fprintf(stderr, "ods: %s does not say how its zones are: %s%s\n",
		        module ? "the signer" : "the engine", err, problem);
	}
}

/* \return The lines of module or engine, to be freed; NULL if it has not answered, which is said.
 * */
static char *ask(const invocation_t *run, bool module)
{
	gathered_t all = { 0 };
	char err[512] = "";
	invocation_t to = *run;
	to.module = module;
	to.socket = module ? NULL : run->socket;
	char *socket = tool_socket(&to);
	const ctl_unit_t unit = { .cmd = "zone-overview" };
	const ctl_call_t call = { .path = socket, .timeout_ms = PATIENCE_MS, .units = &unit,
	                          .count = 1, .answer = gather, .ctx = &all };
	if (socket == NULL || ctl_client_call(&call, err, sizeof(err)) != 0 ||
	    all.problem[0] != '\0') {
		say_away(run, module, err, all.problem);
		free(all.text);
		all.text = NULL;
	} else if (all.text == NULL) {
		all.text = strdup(""); /* It has no zones. */
	}
	free(socket);
	return all.text;
}

/* -- reading ------------------------------------------------------------- */

static int add(list_t *list, const listed_t *zone)
{
	if (list->count == list->size) {
		const size_t size = 2 * list->size + 256;
		listed_t *zones = reallocarray(list->zones, size, sizeof(*zones));
		if (zones == NULL) {
			return -1;
		}
		list->zones = zones;
		list->size = size;
	}
	list->zones[list->count++] = *zone;
	return 0;
}

static int64_t number(const char *text)
{
	return strtoll(text, NULL, 10);
}

static void read_module(listed_t *zone, char *fields[], int64_t now)
{
	zone->module = true;
	zone->state = zone_state_of(fields[M_STATE], false);
	zone->serial = number(fields[M_SERIAL]);
	zone->until = number(fields[M_UNTIL]);
	zone->input_serial = number(fields[M_INPUT]);
	zone->input_checked = number(fields[M_CHECKED]);
	zone->soa_expire = number(fields[M_EXPIRE]);
	zone->versions = number(fields[M_VERSIONS]);
	zone->signatures = number(fields[M_SIGNATURES]);
	zone->policy = fields[M_POLICY];
	if (zone->state == ZONE_EXPIRING && zone->until != 0 && zone->until <= now) {
		zone->state = ZONE_EXPIRED;
	}
}

static void read_engine(listed_t *zone, char *fields[])
{
	zone->engine = true;
	zone->state = zone_state_of(fields[E_STATE], true);
	zone->next_at = number(fields[E_NEXT_AT]);
	zone->tokens = fields[E_TOKENS];
	zone->policy = fields[E_POLICY];
	zone->next = fields[E_NEXT];
}

/* Takes lines apart, in place. A line of too few fields is of another version, and is left out. */
static int read_lines(list_t *list, char *text, bool module)
{
	const int64_t now = time(NULL);
	const size_t fields_of = module ? M_FIELDS : E_FIELDS;
	int ret = 0;
	while (text != NULL && *text != '\0' && ret == 0) {
		char *fields[M_FIELDS], *line = strsep(&text, "\n");
		size_t count = 0;
		while (line != NULL && count < fields_of) {
			fields[count] = strsep(&line, "\t");
			text_tame(fields[count++]);
		}
		listed_t zone = { .name = fields[0], .policy = "", .tokens = "", .next = "" };
		if (count < fields_of) {
			continue;
		}
		if (module) {
			read_module(&zone, fields, now);
		} else {
			read_engine(&zone, fields);
		}
		ret = add(list, &zone);
	}
	return ret;
}

/* -- joining ------------------------------------------------------------- */

/* What the module says of a zone comes before what the engine says. */
static int compare(const void *a, const void *b)
{
	const listed_t *left = a, *right = b;
	const int names = strcmp(left->name, right->name);
	return names != 0 ? names : (int)left->engine - (int)right->engine;
}

static void join(listed_t *zone, const listed_t *engine)
{
	zone->engine = true;
	zone->state = engine->state < zone->state ? engine->state : zone->state;
	zone->next_at = engine->next_at;
	zone->tokens = engine->tokens;
	zone->next = engine->next;
}

static void join_all(list_t *list)
{
	size_t count = 0;
	if (list->count > 0) {
		qsort(list->zones, list->count, sizeof(*list->zones), compare);
	}
	for (size_t i = 0; i < list->count; i++) {
		if (count > 0 && strcmp(list->zones[count - 1].name, list->zones[i].name) == 0) {
			join(&list->zones[count - 1], &list->zones[i]);
		} else {
			list->zones[count++] = list->zones[i];
		}
	}
	list->count = count;
}

int list_take(list_t *list, const invocation_t *run)
{
	*list = (list_t){ .texts = { ask(run, true), ask(run, false) } };
	list->module = list->texts[0] != NULL;
	list->engine = list->texts[1] != NULL;
	if (read_lines(list, list->texts[0], true) != 0 ||
	    read_lines(list, list->texts[1], false) != 0) {
		fprintf(stderr, "ods: out of memory\n");
		return -1;
	}
	join_all(list);
	return 0;
}

void list_deinit(list_t *list)
{
	free(list->zones);
	free(list->texts[0]);
	free(list->texts[1]);
}
