/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! The tool ods-hsm: lists, generates, removes and tests keys in the tokens of a conf.xml. */

#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/hsm.h"
#include "hsm-adapter/key/info.h"
#include "common/core-dump.h"
#include "common/question.h"
#include "hsm-adapter/token/make.h"
#include "hsm-adapter/tool/compare.h"
#include "hsm-adapter/tool/trial.h"

#define RSA_BITS_DEFAULT 2048

/*! Exit codes. */
enum { DONE = 0, FAILED = 1, USAGE = 2 };

/*! What a command works with. */
typedef struct {
	const hsm_conf_t *conf;
	hsm_t *hsm;
	bool yes;   /*!< Do not ask. */
	char **args;
	int count;
} run_t;

typedef struct {
	const char *name;
	const char *args;
	const char *help;
	int min_args;
	int max_args;
	int (*run)(const run_t *run);
} command_t;

static int complain(const hsm_error_t *err)
{
	fprintf(stderr, "ods-hsm: %s\n", err->text);
	return FAILED;
}

/*! Runs a command's work for the repository in the first argument, or for all. */
static int each_repository(const run_t *run, int (*work)(const run_t *, const hsm_repository_t *))
{
	if (run->count > 0) {
		const hsm_repository_t *repository = hsm_conf_repository(run->conf, run->args[0]);
		if (repository == NULL) {
			fprintf(stderr, "ods-hsm: conf.xml has no repository \"%s\"; see "
			        "ods-hsm info\n", run->args[0]);
			return FAILED;
		}
		return work(run, repository);
	}
	if (run->conf->count == 0) {
		fprintf(stderr, "ods-hsm: conf.xml has no <Repository>\n");
		return FAILED;
	}
	int ret = DONE;
	for (size_t i = 0; i < run->conf->count; i++) {
		if (work(run, &run->conf->repositories[i]) != DONE) {
			ret = FAILED;
		}
	}
	return ret;
}

static int print_key(void *ctx, const hsm_key_info_t *info)
{
	const hsm_repository_t *repository = ctx;
	printf("%-20s %-32s %-6s %u\n", repository->name,
	       info->cka_id[0] != '\0' ? info->cka_id : "-", info->type, info->bits);
	return 0;
}

static int list_one(const run_t *run, const hsm_repository_t *repository)
{
	hsm_error_t err;
	int ret = hsm_key_list(run->hsm, repository->name, print_key, (void *)repository, &err);
	return (ret == HSM_EOK) ? DONE : complain(&err);
}

/*! Keys of replicas are listed once for each of these, unless it is named itself. */
static int list_token(const run_t *run, const hsm_repository_t *repository)
{
	return run->count == 0 && repository->replica_count > 0 ? DONE : list_one(run, repository);
}

static int command_list(const run_t *run)
{
	printf("%-20s %-32s %-6s %s\n", "REPOSITORY", "CKA_ID", "TYPE", "BITS");
	return each_repository(run, list_token);
}

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

static int command_generate(const run_t *run)
{
	const hsm_algorithm_t *algorithm = hsm_algorithm_parse(run->args[1]);
	if (algorithm == NULL) {
		fprintf(stderr, "ods-hsm: unknown algorithm \"%s\"; there are", run->args[1]);
		while ((algorithm = hsm_algorithm_next(algorithm)) != NULL) {
			fprintf(stderr, " %s", algorithm->name);
		}
		fprintf(stderr, "\n");
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

static bool confirmed(const run_t *run)
{
	char question[400];
	snprintf(question, sizeof(question), "Remove key %.100s from repository \"%.100s\"? It "
	         "cannot be restored.", run->args[1], run->args[0]);
	return run->yes || question_confirmed("ods-hsm", question);
}

static int command_remove(const run_t *run)
{
	if (!confirmed(run)) {
		return FAILED;
	}
	hsm_error_t err;
	int ret = hsm_key_remove(run->hsm, run->args[0], run->args[1], &err);
	return (ret == HSM_EOK) ? DONE : complain(&err);
}

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

static int command_test(const run_t *run)
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
	printf("  keys:       %zu", info->keys);
	if (repository->capacity != 0) {
		printf(" of %zu", repository->capacity);
	}
	printf("\n");
}

static void print_options(const hsm_repository_t *repository)
{
	char slot[32] = "", sessions[32] = "", options[160];
	if (repository->in_slot) {
		snprintf(slot, sizeof(slot), " Slot %lu", repository->slot);
	}
	if (repository->sessions != 0) {
		snprintf(sessions, sizeof(sessions), " Sessions %zu", repository->sessions);
	}
	snprintf(options, sizeof(options), "%s%s%s%s%s%s",
	         repository->require_backup ? " RequireBackup" : "",
	         repository->skip_public_key ? " SkipPublicKey" : "",
	         repository->allow_extraction ? " AllowExtraction" : "",
	         repository->arguments != NULL ? " StartArguments" : "", slot, sessions);
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
	printf("repository \"%s\"\n  library:    %s\n  token:      %s\n", repository->name,
	       repository->module, repository->token_label);
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

static int command_info(const run_t *run)
{
	return each_repository(run, info_one);
}

static int login_one(const run_t *run, const hsm_repository_t *repository)
{
	if (repository->replica_count > 0) {
		return DONE; /* Each of them is a repository. */
	}
	hsm_error_t err;
	/* Who names the repository takes the risk. */
	if (hsm_login(run->hsm, repository->name, run->count > 0, &err) != HSM_EOK) {
		return complain(&err);
	}
	printf("repository \"%s\": logged in\n", repository->name);
	return DONE;
}

static int command_login(const run_t *run)
{
	return each_repository(run, login_one);
}

static int command_init(const run_t *run)
{
	const hsm_repository_t *repository = hsm_conf_repository(run->conf, run->args[0]);
	hsm_error_t err;
	hsm_pin_t so_pin;
	if (repository == NULL) {
		hsm_error_set(&err, HSM_EREPOSITORY, 0, "conf.xml has no repository \"%s\"; see "
		              "ods-hsm info", run->args[0]);
		return complain(&err);
	}
	if (repository->replica_count > 0) {
		hsm_error_set(&err, HSM_EREPOSITORY, 0, "repository \"%s\" is no token, but has "
		              "replicas; make each of them", repository->name);
		return complain(&err);
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

static int command_compare(const run_t *run)
{
	return each_repository(run, compare_one);
}

static const command_t COMMANDS[] = {
	{ "list", "[REPOSITORY]", "List the key pairs in the tokens.", 0, 1, command_list },
	{ "generate", "REPOSITORY ALGORITHM [BITS]",
	  "Generate a key pair, and print its CKA_ID.", 2, 3, command_generate },
	{ "remove", "REPOSITORY CKA_ID",
	  "Remove a key pair; it cannot be restored. Asks first.", 2, 2, command_remove },
	{ "test", "REPOSITORY",
	  "Try each algorithm: generate a key pair, sign, verify, remove it.", 1, 1, command_test },
	{ "compare", "[REPOSITORY]",
	  "Compare replicas: whether all have the same keys, and sign by them.", 0, 1,
	  command_compare },
	{ "info", "[REPOSITORY]", "Show the tokens, what they can do, and how full they are.", 0, 1,
	  command_info },
	{ "init", "REPOSITORY SO-PIN-FILE",
	  "Make the token: its label and PIN are conf.xml's. The PIN of the security officer is\n"
	  "      the first line of the file; - for standard input.", 2, 2, command_init },
	{ "login", "[REPOSITORY]", "Check that each token accepts its PIN.", 0, 1,
	  command_login },
};

#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

static void print_help(void)
{
	printf("Usage: ods-hsm [OPTION]... COMMAND [ARGUMENT]...\n"
	       "Manages the keys in the PKCS#11 tokens that OpenDNSSEC's conf.xml names.\n\n"
	       "Commands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		printf("  %s %s\n      %s\n", COMMANDS[i].name, COMMANDS[i].args,
		       COMMANDS[i].help);
	}
	printf("\nOptions:\n"
	       "  -c, --config FILE  Read FILE instead of\n"
	       "                     " HSM_CONF_FILE "\n"
	       "  -y, --yes          Do not ask before removing a key\n"
	       "  -h, --help         Print this, and exit\n"
	       "  -V, --version      Print the version, and exit\n\n"
	       "ALGORITHM is a number, or one of");
	const hsm_algorithm_t *algorithm = NULL;
	while ((algorithm = hsm_algorithm_next(algorithm)) != NULL) {
		printf(" %s", algorithm->name);
	}
	printf(".\nBITS is for RSA only, %d if not given. CKA_ID is hexadecimal.\n\n"
	       "Exit status: 0 done, 1 failed, 2 wrong usage.\n", RSA_BITS_DEFAULT);
}

static int wrong_usage(void)
{
	fprintf(stderr, "Try ods-hsm --help.\n");
	return USAGE;
}

static const command_t *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(COMMANDS[i].name, name) == 0) {
			return &COMMANDS[i];
		}
	}
	fprintf(stderr, "ods-hsm: unknown command \"%s\"\n", name);
	return NULL;
}

static void print_warning(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "ods-hsm: warning: %s\n", text);
}

static int run_command(const command_t *command, const char *path, run_t *run)
{
	hsm_conf_t conf;
	hsm_error_t err;
	if (hsm_conf_read(path, &conf, print_warning, NULL, &err) != HSM_EOK) {
		return complain(&err);
	}
	int ret = FAILED;
	if (hsm_open(&run->hsm, &conf, &err) == HSM_EOK) {
		run->conf = &conf;
		ret = command->run(run);
		hsm_close(run->hsm);
	} else {
		complain(&err);
	}
	hsm_conf_deinit(&conf);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("ods-hsm: standard output");
		ret = FAILED;
	}
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option OPTIONS[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "yes", no_argument, NULL, 'y' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	core_dump_forbid();
	signal(SIGPIPE, SIG_IGN); /* Of a PKCS#11 library that speaks to a server. */
	const char *path = HSM_CONF_FILE;
	run_t run = { .yes = false };

	int option;
	while ((option = getopt_long(argc, argv, "c:yhV", OPTIONS, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'y':
			run.yes = true;
			break;
		case 'h':
			print_help();
			return DONE;
		case 'V':
			printf("ods-hsm (%s) %s\n", PACKAGE_NAME, PACKAGE_VERSION);
			return DONE;
		default:
			return wrong_usage();
		}
	}

	if (optind == argc) {
		fprintf(stderr, "ods-hsm: no command\n");
		return wrong_usage();
	}
	const command_t *command = find_command(argv[optind]);
	if (command == NULL) {
		return wrong_usage();
	}
	run.args = argv + optind + 1;
	run.count = argc - optind - 1;
	if (run.count < command->min_args || run.count > command->max_args) {
		fprintf(stderr, "Usage: ods-hsm %s %s\n", command->name, command->args);
		return wrong_usage();
	}
	return run_command(command, path, &run);
}
