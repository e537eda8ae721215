/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/question.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/tool/known.h"

/*** Listing. ***/

typedef struct {
	const hsm_repository_t *repository;
	const known_t *known;
} listing_t;

static int print_key(void *ctx, const hsm_key_info_t *info)
{
	const listing_t *listing = ctx;
	const known_pair_t *pair = known_find(listing->known, listing->repository, info->cka_id);
	char zones[24] = "-";
	if (pair != NULL) {
		snprintf(zones, sizeof(zones), "%lu", pair->zones);
	} else if (listing->known->why[0] != '\0') {
		snprintf(zones, sizeof(zones), "?");
	}
	printf("%-20s %-32s %-6s %-5u %s\n", listing->repository->name,
	       info->cka_id[0] != '\0' ? info->cka_id : "-", info->type, info->bits, zones);
	return 0;
}

static int list_one(const run_t *run, const hsm_repository_t *repository)
{
	hsm_error_t err;
	if (run->count == 0 && repository->replica_count > 0) {
		return DONE; /* The keys of replicas are listed once for each of these. */
	}
	listing_t listing = { repository, run->known };
	int ret = hsm_key_list(run->hsm, repository->name, print_key, &listing, &err);
	return (ret == HSM_EOK) ? DONE : complain(&err);
}

int command_list(const run_t *run)
{
	known_t known;
	run_t with = *run;
	with.known = &known;
	known_ask(&known, run->conf->engine_socket);
	printf("%-20s %-32s %-6s %-5s %s\n", "REPOSITORY", "CKA_ID", "TYPE", "BITS", "ZONES");
	const int ret = each_repository(&with, list_one);
	known_deinit(&known);
	return ret;
}

/*** Generating. ***/

static bool parse_bits(const run_t *run, const hsm_algorithm_t *algorithm, unsigned *bits)
{
	*bits = RSA_BITS_DEFAULT;
	if (run->count < 3) {
		return true;
	}
	char *end = NULL;
	unsigned long value = strtoul(run->args[2], &end, 10);
	if (run->args[2][0] < '0' || run->args[2][0] > '9' || *end != '\0' || value > 65536) {
		fprintf(stderr, "ods-hsm: \"%s\" is not a number of bits\n", run->args[2]);
		return false;
	}
	if (algorithm->bits != 0 && value != algorithm->bits) {
		fprintf(stderr, "ods-hsm: keys for %s have %u bits\n", algorithm->name,
		        algorithm->bits);
		return false;
	}
	*bits = (unsigned)value;
	return true;
}

int command_generate(const run_t *run)
{
	const hsm_algorithm_t *algorithm = any_algorithm(run->args[1]);
	if (algorithm == NULL) {
		return USAGE;
	}
	hsm_key_spec_t spec = { .repository = run->args[0], .algorithm = algorithm->number };
	if (!parse_bits(run, algorithm, &spec.bits)) {
		return USAGE;
	}

	hsm_key_t *key = NULL;
	hsm_error_t err;
	int ret = hsm_key_generate(run->hsm, &spec, &key, &err);
	if (ret != HSM_EOK) {
		return complain(&err);
	}
	printf("%s\n", hsm_key_id(key));
	hsm_key_free(key);
	return DONE;
}

/*** Removing. ***/

/*! Tells whether a key may be removed: no zone has it. */
static bool may_remove(const run_t *run, const hsm_repository_t *repository, const char *cka_id)
{
	known_t known;
	bool may = run->force;
	if (may) {
		return true;
	}
	known_ask(&known, run->conf->engine_socket);
	const known_pair_t *pair = known_find(&known, repository, cka_id);
	if (known.why[0] != '\0') {
		fprintf(stderr, "ods-hsm: nobody can tell whether a zone needs the key: %s; start it, or "
		        "remove with -f\n", known.why);
	} else if (pair != NULL && pair->zones > 0) {
		fprintf(stderr, "ods-hsm: %lu zone%s the key %s; roll it by ods rollover, and it goes by "
		        "itself, or remove with -f\n", pair->zones,
		        pair->zones == 1 ? " has" : "s have", cka_id);
	} else {
		may = true;
	}
	known_deinit(&known);
	return may;
}

static bool confirmed(const run_t *run)
{
	char question[400];
	snprintf(question, sizeof(question), "Remove key %.100s from repository \"%.100s\"? It "
	         "cannot be restored.", run->args[1], run->args[0]);
	return run->yes || question_confirmed("ods-hsm", question);
}

int command_remove(const run_t *run)
{
	const hsm_repository_t *repository = first_repository(run);
	if (repository == NULL || !may_remove(run, repository, run->args[1]) || !confirmed(run)) {
		return FAILED;
	}
	hsm_error_t err;
	int ret = hsm_key_remove(run->hsm, run->args[0], run->args[1], &err);
	return (ret == HSM_EOK) ? DONE : complain(&err);
}

/*! CKA_IDs of key pairs that the engine does not know. */
typedef struct {
	const hsm_repository_t *repository;
	const known_t *known;
	char **list;
	size_t count;
	bool failed;
} strangers_t;

static int add_stranger(void *ctx, const hsm_key_info_t *info)
{
	strangers_t *all = ctx;
	if (info->cka_id[0] == '\0' || known_find(all->known, all->repository, info->cka_id) != NULL) {
		return 0;
	}
	char **grown = reallocarray(all->list, all->count + 1, sizeof(*grown));
	if (grown != NULL) {
		all->list = grown;
		grown[all->count] = strdup(info->cka_id);
	}
	all->failed = grown == NULL || grown[all->count] == NULL;
	all->count += !all->failed;
	return all->failed;
}

static int remove_strangers(const run_t *run, const strangers_t *all)
{
	char question[400];
	hsm_error_t err;
	snprintf(question, sizeof(question), "Remove %zu key pairs that the engine does not know from "
	         "repository \"%.100s\"? They cannot be restored.", all->count, run->args[0]);
	if (all->count == 0) {
		printf("repository \"%s\": the engine knows all key pairs\n", run->args[0]);
		return DONE;
	}
	if (!run->yes && !question_confirmed("ods-hsm", question)) {
		return FAILED;
	}
	for (size_t i = 0; i < all->count; i++) {
		if (hsm_key_remove(run->hsm, run->args[0], all->list[i], &err) != HSM_EOK) {
			return complain(&err);
		}
		printf("removed %s\n", all->list[i]);
	}
	return DONE;
}

int command_purge(const run_t *run)
{
	known_t known;
	hsm_error_t err;
	strangers_t all = { .repository = first_repository(run), .known = &known };
	if (all.repository == NULL) {
		return FAILED;
	}
	int ret = FAILED;
	known_ask(&known, run->conf->engine_socket);
	if (known.why[0] != '\0') {
		fprintf(stderr, "ods-hsm: nobody can tell which keys zones need: %s; start it\n",
		        known.why);
	} else if (hsm_key_list(run->hsm, run->args[0], add_stranger, &all, &err) != HSM_EOK) {
		ret = complain(&err);
	} else if (all.failed) {
		fprintf(stderr, "ods-hsm: out of memory\n");
	} else {
		ret = remove_strangers(run, &all);
	}
	for (size_t i = 0; i < all.count; i++) {
		free(all.list[i]);
	}
	free(all.list);
	known_deinit(&known);
	return ret;
}
