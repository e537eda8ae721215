/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! The tool ods-hsm: lists, generates, removes and tests keys in the tokens of a conf.xml. */

#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core-dump.h"
#include "hsm-adapter/key/algorithm.h"
#include "hsm-adapter/tool/commands.h"
#include "hsm-adapter/tool/owner.h"

typedef struct {
	const char *name;
	const char *args;
	const char *help;
	int min_args;
	int max_args;
	int (*run)(const run_t *run);
} command_t;

static const command_t COMMANDS[] = {
	{ "list", "[REPOSITORY]", "List the key pairs in the tokens.", 0, 1, command_list },
	{ "generate", "REPOSITORY ALGORITHM [BITS]",
	  "Generate a key pair, and print its CKA_ID.", 2, 3, command_generate },
	{ "remove", "REPOSITORY CKA_ID",
	  "Remove a key pair that no zone has; it cannot be restored. Asks first.", 2, 2,
	  command_remove },
	{ "purge", "REPOSITORY",
	  "Remove the key pairs that the engine does not know. Asks first.", 1, 1, command_purge },
	{ "import", "REPOSITORY ALGORITHM FILE [PASSPHRASE-FILE [CKA_ID]]",
	  "Take a private key in PEM, or in BIND's format, into the token, and print its CKA_ID.", 3, 5,
	  command_import },
	{ "export", "REPOSITORY CKA_ID FILE PASSPHRASE-FILE",
	  "Write a private key to a new file in PEM, encrypted; for <AllowExtraction/>.", 4, 4,
	  command_export },
	{ "label", "REPOSITORY",
	  "Write into the CKA_LABEL of each key pair which zone has it, as what.", 1, 1, command_label },
	{ "test", "REPOSITORY",
	  "Try each algorithm: generate a key pair, sign, verify, remove it.", 1, 1, command_test },
	{ "speed", "REPOSITORY [ALGORITHM]",
	  "Sign with more and more sessions, a second each, to find out how many <SignerThreads>\n"
	  "      to set; by a key pair that is removed again.", 1, 2, command_speed },
	{ "compare", "[REPOSITORY]",
	  "Compare replicas: whether all have the same keys, and sign by them.", 0, 1,
	  command_compare },
	{ "info", "[REPOSITORY]", "Show the tokens, what they can do, and how full they are.", 0, 1,
	  command_info },
	{ "init", "REPOSITORY [SO-PIN-FILE]",
	  "Make the token: its label and PIN are conf.xml's. The PIN of the security officer is\n"
	  "      the first line of the file; - for standard input. Or make the <Folder>.", 1, 2,
	  command_init },
	{ "login", "[REPOSITORY]",
	  "Check that each token accepts its PIN. Ask for it if the one that is named has none in\n"
	  "      conf.xml, and have it kept in memory for the servers.", 0, 1, command_login },
	{ "logout", "[REPOSITORY]",
	  "Forget the PINs that login has had kept; servers stay logged in until they end.", 0, 1,
	  command_logout },
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
	       "  -f, --force        Remove a key though zones have it, or the engine does not answer\n"
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
	owner_pins(&conf);
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
		{ "force", no_argument, NULL, 'f' },
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
	while ((option = getopt_long(argc, argv, "c:fyhV", OPTIONS, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'f':
			run.force = true;
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
