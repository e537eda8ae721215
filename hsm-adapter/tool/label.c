/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"

#define TIMEOUT_MS 60000 /* All keys of all zones are told. */
#define LABEL_MAX 320

/*! A key of a zone. */
typedef struct {
	char *zone, *role, *keytag, *repository, *cka_id; /*!< Owned. */
} use_t;

typedef struct {
	use_t *uses;
	size_t count;
	char why[640]; /*!< Why it is not known; empty: it is. */
} uses_t;

/*! \return Where a column of that name belongs; NULL: nowhere. */
static char **place_of(use_t *use, const char *name)
{
	return strcmp(name, "role") == 0         ? &use->role
	       : strcmp(name, "keytag") == 0     ? &use->keytag
	       : strcmp(name, "repository") == 0 ? &use->repository
	       : strcmp(name, "cka-id") == 0     ? &use->cka_id
	                                         : NULL;
}

/*! Takes a column of a key: the first of a line is the role. */
static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	uses_t *all = ctx;
	if (error != NULL) {
		snprintf(all->why, sizeof(all->why), "the engine says: %s", error);
		return 1;
	}
	if (first) {
		use_t *grown = reallocarray(all->uses, all->count + 1, sizeof(*grown));
		if (grown == NULL) {
			return 1;
		}
		all->uses = grown;
		grown[all->count++] = (use_t){ .zone = strdup(unit->zone != NULL ? unit->zone : "") };
	}
	char **place = all->count > 0 && unit->type != NULL
	               ? place_of(&all->uses[all->count - 1], unit->type) : NULL;
	if (place != NULL && *place == NULL && unit->data != NULL) {
		*place = strdup(unit->data);
	}
	return 0;
}

static void free_uses(uses_t *all)
{
	for (size_t i = 0; i < all->count; i++) {
		use_t *use = &all->uses[i];
		free(use->zone);
		free(use->role);
		free(use->keytag);
		free(use->repository);
		free(use->cka_id);
	}
	free(all->uses);
}

static bool is_whole(const use_t *use)
{
	return use->zone != NULL && use->role != NULL && use->keytag != NULL &&
	       use->repository != NULL && use->cka_id != NULL;
}

/*! Orders by key pair. */
static int by_pair(const use_t *one, const use_t *other)
{
	const int order = strcmp(one->repository, other->repository);
	return order != 0 ? order : strcmp(one->cka_id, other->cka_id);
}

static int by_use(const void *a, const void *b)
{
	const int order = by_pair(a, b);
	return order != 0 ? order : strcmp(((const use_t *)a)->zone, ((const use_t *)b)->zone);
}

/*! Asks the engine for the keys of all zones. \return Whether it answered; else that is said */
static bool ask(uses_t *all, const char *socket)
{
	const ctl_unit_t unit = { .cmd = "zone-keys" };
	const ctl_call_t call = {
		.path = socket, .timeout_ms = TIMEOUT_MS, .units = &unit, .count = 1,
		.answer = take, .ctx = all,
	};
	char err[512];
	if (ctl_client_call(&call, err, sizeof(err)) != KNOT_EOK && all->why[0] == '\0') {
		snprintf(all->why, sizeof(all->why), "the engine does not answer: %s", err);
	}
	for (size_t i = 0; all->why[0] == '\0' && i < all->count; i++) {
		if (!is_whole(&all->uses[i])) {
			snprintf(all->why, sizeof(all->why), "the engine's answer is not whole");
		}
	}
	if (all->why[0] != '\0') {
		fprintf(stderr, "ods-hsm: nobody can tell whose keys these are: %s\n", all->why);
		return false;
	}
	if (all->count > 0) {
		qsort(all->uses, all->count, sizeof(*all->uses), by_use);
	}
	return true;
}

/*! Labels a key that some zones have. */
static int label_key(const run_t *run, const hsm_repository_t *repository, const use_t *use, size_t zones)
{
	char label[LABEL_MAX], more[40] = "";
	hsm_error_t err;
	if (zones > 1) {
		snprintf(more, sizeof(more), ", and %zu zones more", zones - 1);
	}
	snprintf(label, sizeof(label), "%.255s %.8s %.8s%s", use->zone, use->role, use->keytag, more);
	return hsm_key_label(run->hsm, repository->name, use->cka_id, label, &err) == HSM_EOK
	       ? DONE : complain(&err);
}

static int label_all(const run_t *run, const hsm_repository_t *repository, const uses_t *all)
{
	size_t done = 0;
	int ret = DONE;
	for (size_t i = 0, zones; i < all->count; i += zones) {
		const use_t *use = &all->uses[i];
		zones = 1;
		while (i + zones < all->count && by_pair(&all->uses[i + zones], use) == 0) {
			zones++;
		}
		if (strcmp(use->repository, repository->name) != 0) {
			continue;
		}
		if (label_key(run, repository, use, zones) == DONE) {
			done++;
		} else {
			ret = FAILED;
		}
	}
	printf("repository \"%s\": %zu keys are labelled\n", repository->name, done);
	return ret;
}

int command_label(const run_t *run)
{
	const hsm_repository_t *repository = first_repository(run);
	uses_t all = { .count = 0 };
	if (repository == NULL) {
		return FAILED;
	}
	if (repository->folder) {
		fprintf(stderr, "ods-hsm: repository \"%s\" is a folder, whose files have no labels\n",
		        repository->name);
		return FAILED;
	}
	const int ret = ask(&all, run->conf->engine_socket) ? label_all(run, repository, &all) : FAILED;
	free_uses(&all);
	return ret;
}
