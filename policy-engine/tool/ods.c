/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! The tool ods: what stock knotc has no word for. */

#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

#include "policy-engine/tool/tool.h"

static const command_t commands[] = {
	{ "keys", "[ZONE]", "all keys of the zone, or of all zones, with the states of their "
	  "records", 0, 1, tool_keys },
	{ "ds", "ZONE [FORM]", "what to hand to the parent; FORM: ds, ds-sha384, dnskey, cds, "
	  "cdnskey", 1, 2, tool_ds },
	{ "ds-seen", "ZONE [KEYTAG]", "the parent has the DS", 1, 2, tool_ds_seen },
	{ "ds-gone", "ZONE [KEYTAG]", "the parent has the DS no more", 1, 2, tool_ds_gone },
	{ "rollover", "[--emergency] ZONE ksk|zsk|csk", "replace these keys; shows what will happen "
	  "when, and asks first", 2, 2, tool_rollover },
	{ "remove", "ZONE KEYTAG", "be rid of a key as soon as is safe, it being replaced first; "
	  "shows and asks, too", 2, 2, tool_remove },
	{ "backup", "list|prepare|commit|rollback [REPOSITORY]", "which keys are in a backup; "
	  "prepare before making one, commit after", 1, 2, tool_backup },
	{ "generate", "POLICY NUMBER", "make that many of each key of the policy, in advance", 2, 2,
	  tool_generate },
	{ "clock-accept", "", "the clock is right, though it jumped", 0, 0, tool_clock_accept },
	{ "check", "[KASP]", "what is wrong with kasp.xml, and what is inadvisable", 0, 1,
	  tool_check },
};

#define COUNT (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods [OPTION]... COMMAND [ARGUMENT]...\n"
	        "\n"
	        "Looks into ods-engine, and tells it what stock knotc has no word for.\n"
	        "\n"
	        "Commands:\n");
	for (size_t i = 0; i < COUNT; i++) {
		fprintf(out, "  %s %s\n        %s\n", commands[i].name, commands[i].args,
		        commands[i].help);
	}
	fprintf(out, "  import KASP.DB [ZONE] [OPTION]...\n"
	        "        takes zones over from OpenDNSSEC 2, with their keys; see\n"
	        "        ods import --help\n"
	        "  simulate KASP --policy NAME [OPTION]...\n"
	        "        what would become of a zone's keys, as text, JSON or a picture; see\n"
	        "        ods simulate --help\n"
	        "\n"
	        "Options:\n"
	        "  -c, --config FILE    conf.xml [" CONF_FILE "]\n"
	        "  -s, --socket SOCKET  the engine's socket [as conf.xml says]\n"
	        "  -j, --json           print JSON (keys, ds, backup list)\n"
	        "  -e, --emergency      as fast as is safe (rollover)\n"
	        "  -y, --yes            do not ask\n"
	        "  -h, --help           this text\n"
	        "  -V, --version        the version\n"
	        "\n"
	        "Exit status: 0 done, 1 refused or failed, 2 wrong command line.\n");
}

static const command_t *find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

static int run_command(invocation_t *run, char **args, int count)
{
	if (count == 0) {
		usage(stderr);
		return USAGE;
	}
	const command_t *command = find(args[0]);
	if (command == NULL) {
		fprintf(stderr, "ods: unknown command '%s'; there are:", args[0]);
		for (size_t i = 0; i < COUNT; i++) {
			fprintf(stderr, " %s,", commands[i].name);
		}
		fprintf(stderr, " import, simulate\n");
		return USAGE;
	}
	run->args = (const char **)args + 1;
	run->count = count - 1;
	if (run->count < command->min_args || run->count > command->max_args) {
		fprintf(stderr, "Usage: ods %s %s\n", command->name, command->args);
		return USAGE;
	}
	return command->run(run);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "emergency", no_argument, NULL, 'e' },
		{ "yes", no_argument, NULL, 'y' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct {
		const char *name;
		int (*run)(int argc, char *argv[]);
	} own[] = { { "import", tool_import }, { "simulate", tool_simulate } };
	invocation_t run = { 0 };
	int option;
	for (size_t i = 0; argc > 1 && i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(argv[1], own[i].name) == 0) {
			int ret = own[i].run(argc - 1, argv + 1);
			xmlCleanupParser();
			return ret;
		}
	}
	while ((option = getopt_long(argc, argv, "c:s:jeyhV", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			run.conf = optarg;
			break;
		case 's':
			run.socket = optarg;
			break;
		case 'j':
			run.json = true;
			break;
		case 'e':
			run.emergency = true;
			break;
		case 'y':
			run.yes = true;
			break;
		case 'h':
			usage(stdout);
			return DONE;
		case 'V':
			printf("ods (mod-opendnssec) %s\n", PACKAGE_VERSION);
			return DONE;
		default:
			fprintf(stderr, "Try ods --help.\n");
			return USAGE;
		}
	}
	int ret = run_command(&run, argv + optind, argc - optind);
	xmlCleanupParser();
	return ret;
}
