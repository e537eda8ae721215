/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"

#define TIMEOUT_MS 10000

/*! Begins a pair. \return Whether there is memory for it */
static bool add(known_t *known, const char *repository)
{
	known_pair_t *grown = reallocarray(known->pairs, known->count + 1, sizeof(*grown));
	if (grown == NULL) {
		return false;
	}
	known->pairs = grown;
	grown[known->count++] = (known_pair_t){ .repository = strdup(repository) };
	return grown[known->count - 1].repository != NULL;
}

/*! Takes a column of a pair: the first of a line is the repository. */
static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	known_t *known = ctx;
	const char *data = unit->data != NULL ? unit->data : "";
	if (error != NULL) {
		snprintf(known->why, sizeof(known->why), "the engine says: %s", error);
		return 1;
	}
	if (first) {
		return add(known, data) ? 0 : 1;
	}
	known_pair_t *pair = &known->pairs[known->count - 1];
	const char *type = unit->type != NULL ? unit->type : "";
	if (strcmp(type, "cka-id") == 0) {
		pair->cka_id = strdup(data);
	} else if (strcmp(type, "zones") == 0) {
		pair->zones = strtoul(data, NULL, 10);
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const known_pair_t *one = a, *other = b;
	const int order = strcmp(one->repository, other->repository);
	return order != 0 ? order : strcmp(one->cka_id, other->cka_id);
}

static bool is_whole(const known_t *known)
{
	for (size_t i = 0; i < known->count; i++) {
		if (known->pairs[i].repository == NULL || known->pairs[i].cka_id == NULL) {
			return false;
		}
	}
	return true;
}

void known_ask(known_t *known, const char *socket)
{
	const ctl_unit_t unit = { .cmd = "backup-list" };
	const ctl_call_t call = {
		.path = socket, .timeout_ms = TIMEOUT_MS, .units = &unit, .count = 1,
		.answer = take, .ctx = known,
	};
	char err[512];
	*known = (known_t){ 0 };
	if (ctl_client_call(&call, err, sizeof(err)) != KNOT_EOK) {
		snprintf(known->why, sizeof(known->why), "the engine does not answer: %s", err);
	} else if (known->why[0] == '\0' && !is_whole(known)) {
		snprintf(known->why, sizeof(known->why), "the engine's answer is not whole");
	} else if (known->count > 0) {
		qsort(known->pairs, known->count, sizeof(*known->pairs), compare);
	}
}

void known_deinit(known_t *known)
{
	for (size_t i = 0; i < known->count; i++) {
		free(known->pairs[i].repository);
		free(known->pairs[i].cka_id);
	}
	free(known->pairs);
}

const known_pair_t *known_find(const known_t *known, const hsm_repository_t *repository,
                               const char *cka_id)
{
	const known_pair_t wanted = {
		.repository = repository->replica_of != NULL ? repository->replica_of
		                                             : repository->name,
		.cka_id = (char *)cka_id,
	};
	return known->why[0] != '\0' || known->count == 0 ? NULL
	       : bsearch(&wanted, known->pairs, known->count, sizeof(wanted), compare);
}
