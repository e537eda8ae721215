/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/commands.h"

#include <stdio.h>
#include <string.h>

#include "hsm-adapter/folder/folder.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/key/info.h"
#include "hsm-adapter/token/make.h"
#include "hsm-adapter/tool/compare.h"
#include "hsm-adapter/tool/trial.h"

static int try_algorithm(const run_t *run, const hsm_algorithm_t *algorithm)
{
	hsm_trial_t trial;
	hsm_error_t err;
	int ret = hsm_trial(run->hsm, run->args[0], algorithm, RSA_BITS_DEFAULT, &trial, &err);
	if (ret == HSM_EOK) {
		printf("%-16s ok           %.0f signatures/s\n", algorithm->name, trial.rate);
		return DONE;
	}
	if (ret == HSM_EALGORITHM) {
		printf("%-16s unsupported\n", algorithm->name);
		return DONE;
	}
	printf("%-16s failed       %s\n", algorithm->name, err.text);
	return FAILED;
}

int command_test(const run_t *run)
{
	hsm_error_t err;
	if (hsm_login(run->hsm, run->args[0], false, &err) != HSM_EOK) {
		return complain(&err);
	}
	int ret = DONE;
	const hsm_algorithm_t *algorithm = NULL;
	while ((algorithm = hsm_algorithm_next(algorithm)) != NULL) {
		if (try_algorithm(run, algorithm) != DONE) {
			ret = FAILED;
		}
		fflush(stdout);
	}
	return ret;
}

static void print_info(const hsm_repository_t *repository, const hsm_info_t *info)
{
	printf("  model:      %s, %s\n", info->manufacturer, info->model);
	printf("  serial:     %s\n", info->serial);
	if (info->memory_free == HSM_INFO_UNKNOWN || info->memory_total == HSM_INFO_UNKNOWN) {
		printf("  free space: the token does not tell\n");
	} else {
		printf("  free space: %llu of %llu bytes\n", (unsigned long long)info->memory_free,
		       (unsigned long long)info->memory_total);
	}
	for (size_t i = 0; i < HSM_INFO_FAMILIES; i++) {
		const hsm_info_family_t *family = &info->families[i];
		printf("  %-11s %s, %s", family->name, family->generates ? "generates" :
		       "does not generate", family->signs ? "signs" : "does not sign");
		if (family->generates && family->max_bits != 0) {
			printf(", %u to %u bits", family->min_bits, family->max_bits);
		}
		printf("\n");
	}
	if (info->read_only) {
		printf("  writes:     no, keys are neither made nor removed\n");
	}
	printf("  keys:       %zu", info->keys);
	if (repository->capacity != 0) {
		printf(" of %zu", repository->capacity);
	}
	printf("\n");
}

static void print_options(const hsm_repository_t *repository)
{
	char slot[32] = "", sessions[32] = "", user[32] = "", options[200];
	if (repository->in_slot) {
		snprintf(slot, sizeof(slot), " Slot %lu", repository->slot);
	}
	if (repository->sessions != 0) {
		snprintf(sessions, sizeof(sessions), " Sessions %zu", repository->sessions);
	}
	if (repository->user_type != 0) {
		snprintf(user, sizeof(user), " UserType 0x%lx", repository->user_type);
	}
	snprintf(options, sizeof(options), "%s%s%s%s%s%s%s",
	         repository->require_backup ? " RequireBackup" : "",
	         repository->skip_public_key ? " SkipPublicKey" : "",
	         repository->allow_extraction ? " AllowExtraction" : "",
	         repository->arguments != NULL ? " StartArguments" : "", slot, sessions, user);
	printf("  options:   %s\n", options[0] != '\0' ? options : " none");
}

static void print_replicas(const hsm_repository_t *repository)
{
	printf("repository \"%s\"\n  replicas:  ", repository->name);
	for (size_t i = 0; i < repository->replica_count; i++) {
		printf(" %s", repository->replicas[i]);
	}
	printf("\n  options:   %s\n", repository->require_backup ? " RequireBackup" : " none");
}

static int info_one(const run_t *run, const hsm_repository_t *repository)
{
	if (repository->replica_count > 0) {
		print_replicas(repository);
		return DONE;
	}
	printf("repository \"%s\"\n  %s    %s\n  token:      %s\n", repository->name,
	       repository->folder ? "folder: " : "library:", repository->module,
	       repository->token_label);
	print_options(repository);
	fflush(stdout);

	hsm_info_t info;
	hsm_error_t err;
	if (hsm_info(run->hsm, repository->name, &info, &err) != HSM_EOK) {
		return complain(&err);
	}
	print_info(repository, &info);
	return DONE;
}

int command_info(const run_t *run)
{
	return each_repository(run, info_one);
}

static int make_folder(const run_t *run, const hsm_repository_t *repository)
{
	hsm_error_t err;
	if (run->count > 1) {
		fprintf(stderr, "ods-hsm: repository \"%s\" is a folder, which has no security "
		        "officer; name no file\n", repository->name);
		return USAGE;
	}
	if (folder_make(repository, &err) != HSM_EOK) {
		return complain(&err);
	}
	printf("repository \"%s\": the folder %s is made\n", repository->name, repository->module);
	return DONE;
}

int command_init(const run_t *run)
{
	const hsm_repository_t *repository = first_repository(run);
	hsm_error_t err;
	hsm_pin_t so_pin;
	if (repository == NULL) {
		return FAILED;
	}
	if (repository->replica_count > 0) {
		hsm_error_set(&err, HSM_EREPOSITORY, 0, "repository \"%s\" is no token, but has "
		              "replicas; make each of them", repository->name);
		return complain(&err);
	}
	if (repository->folder) {
		return make_folder(run, repository);
	}
	if (run->count < 2) {
		fprintf(stderr, "ods-hsm: repository \"%s\" is a token, whose security officer needs a "
		        "PIN; name the file that has it\n", repository->name);
		return USAGE;
	}
	if (hsm_pin_read_file(run->args[1], &so_pin, &err) != HSM_EOK) {
		return complain(&err);
	}
	const int ret = hsm_token_make(repository, &so_pin, &err);
	hsm_pin_wipe(&so_pin);
	if (ret != HSM_EOK) {
		return complain(&err);
	}
	printf("repository \"%s\": the token \"%s\" is made\n", repository->name,
	       repository->token_label);
	return DONE;
}

static void print_unlike(const char *cka_id, const char *replica, const char *why)
{
	printf("%-32s %s: %s\n", cka_id, replica, why);
	fflush(stdout);
}

static int compare_one(const run_t *run, const hsm_repository_t *repository)
{
	if (repository->replica_count == 0) {
		if (run->count == 0) {
			return DONE;
		}
		fprintf(stderr, "ods-hsm: repository \"%s\" has no <Replica>; name one that has\n",
		        repository->name);
		return FAILED;
	}
	compare_t result;
	hsm_error_t err;
	if (compare_replicas(run->hsm, repository, print_unlike, &result, &err) != HSM_EOK) {
		return complain(&err);
	}
	printf("repository \"%s\": %zu keys, %zu replicas; %zu keys are not alike in all\n",
	       repository->name, result.keys, repository->replica_count, result.unlike);
	return result.unlike == 0 ? DONE : FAILED;
}

int command_compare(const run_t *run)
{
	return each_repository(run, compare_one);
}
