/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods, the operator's command: finds the command that is named in a table, and runs it. */

#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>

#include "policy-engine/policy/conf.h"
#include "policy-engine/tool/commands.h"

/* A command. One with options of its own reads them by itself: it has own instead of run. */
typedef struct {
	const char *name;
	const char *args;            /* For the help. */
	const char *help;            /* For the help: one line, or more, each indented by 8. */
	int min_args, max_args;
	int (*run)(const invocation_t *run);
	int (*own)(const invocation_t *run, int argc, char *argv[]);
} command_t;

static const command_t commands[] = {
	{ "status", "", "how all is, and what has to be done; exit status 0: nothing, 1: warning,\n"
	  "        2: critical, 3: not known", 0, 0, tool_status, NULL },
	{ "zones", "[OPTION]...", "a line for each zone, filtered and in order; see ods zones --help", 0,
	  0, NULL, tool_zones },
	{ "zone", "ZONE", "all of one zone: what is served, why it waits, what comes next, how long it\n"
	  "        lasts", 1, 1, tool_zone, NULL },
	{ "metrics", "[OPTION]...", "metrics for Prometheus, once, or by HTTP; see ods metrics --help", 0, 0,
	  NULL, tool_metrics },
	{ "keys", "[ZONE]", "all keys of the zone, or of all zones, with the states of their "
	  "records", 0, 1, tool_keys, NULL },
	{ "ds", "ZONE [FORM]", "the records for the parent; FORM: ds, ds-sha384, dnskey, cds, "
	  "cdnskey", 1, 2, tool_ds, NULL },
	{ "ds-seen", "ZONE [KEYTAG]", "the parent has the DS", 1, 2, tool_ds_seen, NULL },
	{ "ds-gone", "ZONE [KEYTAG]", "the parent has the DS no more", 1, 2, tool_ds_gone, NULL },
	{ "rollover", "[--emergency] ZONE ksk|zsk|csk", "replace these keys; shows what will "
	  "happen when, and asks first", 2, 2, tool_rollover, NULL },
	{ "remove", "ZONE KEYTAG", "replace a key, and remove it as soon as that is safe; shows "
	  "and asks, too", 2, 2, tool_remove, NULL },
	{ "key-lost", "ZONE KEYTAG", "the key pair is gone for good: replace the key without it; shows "
	  "and\n        asks, too", 2, 2, tool_key_lost, NULL },
	{ "backup", "list|prepare|commit|rollback [REPOSITORY]", "which keys are in a backup; "
	  "prepare before making one, commit after", 1, 2, tool_backup, NULL },
	{ "save", "DIR", "a copy of all that the engine knows, in a new folder; the tokens are saved "
	  "by\n        the HSM's own means", 1, 1, tool_save, NULL },
	{ "restore", "DIR", "puts such a copy in place, with ods-engine stopped; checks it, and asks "
	  "first", 1, 1, tool_restore, NULL },
	{ "generate", "POLICY NUMBER", "generate that many keys of each kind that the policy wants",
	  2, 2, tool_generate, NULL },
	{ "adopt", "POLICY ksk|zsk|csk CKA_ID", "a key pair that is in the token already is one of the "
	  "policy's\n        unused ones", 3, 3, tool_adopt, NULL },
	{ "ksr", "ZONE --until DATE [OPTION]...", "a request to sign ahead, for a zone whose KSK is offline; "
	  "see\n        ods ksr --help", 0, 0, NULL, tool_ksr },
	{ "skr", "ZONE FILE", "takes what was signed ahead by such a request: all of it is checked before",
	  2, 2, tool_skr, NULL },
	{ "pass", "ZONE RULE", "let through, once, what knotd's module holds by that rule; see the "
	  "zone's\n        zone-status", 2, 2, tool_pass, NULL },
	{ "audit", "verify [FILE]...", "whether the audit is as the engine wrote it", 1, 1000, tool_audit,
	  NULL },
	{ "clock-accept", "", "the clock is right, though it jumped", 0, 0, tool_clock_accept,
	  NULL },
	{ "check", "[KASP]", "what is wrong with kasp.xml, and what is inadvisable", 0, 1,
	  tool_check, NULL },
	{ "diff", "[KASP] [OPTION]...", "what another kasp.xml, or another policy, would do to each zone, "
	  "and\n        when; see ods diff --help", 0, 0, NULL, tool_diff },
	{ "freeze", "[ZONE] [OPTION]...", "no key takes a step, in a zone, in a policy's zones, or in "
	  "all;\n        see ods freeze --help", 0, 0, NULL, tool_freeze },
	{ "thaw", "[ZONE] [OPTION]...", "keys may take steps again", 0, 0, NULL, tool_thaw },
	{ "forget", "ZONE", "a zone that left knot.conf is forgotten, with its keys, which stay in their "
	  "tokens;\n        shows them, and asks", 1, 1, tool_forget, NULL },
	{ "recover", "[ZONE]... [OPTION]...", "gives zones their keys back whose memory is lost; "
	  "see\n        ods recover --help", 0, 0, NULL, tool_recover },
	{ "migrate", "[CONF.XML] [OPTION]...", "prepares the move from OpenDNSSEC 2: a plan, and all "
	  "configuration;\n        see ods migrate --help", 0, 0, NULL, tool_migrate },
	{ "import", "KASP.DB [ZONE] [OPTION]...", "takes zones over from OpenDNSSEC 2, with their "
	  "keys; see\n        ods import --help", 0, 0, NULL, tool_import },
	{ "back", "KASP.DB [ZONE] [OPTION]...", "which zones can go back to the OpenDNSSEC that they came "
	  "from, and\n        the commands for that; see ods back --help", 0, 0, NULL, tool_back },
	{ "setup", "[OPTION]...", "makes what signing needs on a new machine, and checks it; see\n"
	  "        ods setup --help", 0, 0, NULL, tool_setup },
	{ "report", "--html DIR [OPTION]...", "pages on all zones, what was and what is to come, for a browser;\n"
	  "        see ods report --help", 0, 0, NULL, tool_report },
	{ "simulate", "KASP --policy NAME [OPTION]...", "what would become of a zone's keys, as "
	  "text, JSON or a picture; see\n        ods simulate --help", 0, 0, NULL, tool_simulate },
};

#define COUNT (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods [OPTION]... COMMAND [ARGUMENT]...\n"
	        "\n"
	        "The operator's command for zones that mod-opendnssec signs. Stock knotc has some\n"
	        "more words for ods-engine; see ods(1).\n"
	        "\n"
	        "Commands:\n");
	for (size_t i = 0; i < COUNT; i++) {
		fprintf(out, "  %s %s\n        %s\n", commands[i].name, commands[i].args,
		        commands[i].help);
	}
	fprintf(out, "\n"
	        "Options:\n"
	        "  -c, --config FILE    conf.xml [" HSM_CONF_FILE "]\n"
	        "  -s, --socket SOCKET  the engine's socket; for pass, the module's\n"
	        "                       [as conf.xml says]\n"
	        "  -j, --json           print JSON (status, zones, zone, keys, ds, backup list)\n"
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

static int unknown(const char *name)
{
	fprintf(stderr, "ods: unknown command '%s'; ods --help has those that there are\n", name);
	return USAGE;
}

/* Reads options, all of them or those before the first other word.
 * \return -1 to go on, else the exit code. */
static int parse(int argc, char *argv[], bool all, invocation_t *run)
{
	static const struct option longs[] = {
		OPTIONS_LONG,
		{ "emergency", no_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *shorts = all ? OPTIONS_SHORT "ehV" : "+" OPTIONS_SHORT "ehV";
	int option;
	optind = 0; /* glibc: begin anew. */
	while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		switch (option) {
		case 'e':
			run->emergency = true;
			break;
		case 'h':
			usage(stdout);
			return DONE;
		case 'V':
			printf("ods (mod-opendnssec) %s\n", PACKAGE_VERSION);
			return DONE;
		default:
			if (!options_take(run, option, optarg)) {
				fprintf(stderr, "Try ods --help.\n");
				return USAGE;
			}
		}
	}
	return -1;
}

/* \param argv  Begins with the command's name. */
static int run_command(int argc, char *argv[], invocation_t *run)
{
	const command_t *command = find(argv[0]);
	if (command == NULL) {
		return unknown(argv[0]);
	}
	if (command->own != NULL) {
		return command->own(run, argc, argv);
	}
	int ret = parse(argc, argv, true, run);
	if (ret >= 0) {
		return ret;
	}
	run->args = (const char **)argv + optind;
	run->count = argc - optind;
	if (run->count < command->min_args || run->count > command->max_args) {
		fprintf(stderr, "Usage: ods %s %s\n", command->name, command->args);
		return USAGE;
	}
	return command->run(run);
}

int main(int argc, char *argv[])
{
	invocation_t run = { 0 };
	signal(SIGPIPE, SIG_IGN); /* Of a PKCS#11 library that speaks to a server. */
	int ret = parse(argc, argv, false, &run);
	if (ret < 0 && optind == argc) {
		usage(stderr);
		ret = USAGE;
	} else if (ret < 0) {
		ret = run_command(argc - optind, argv + optind, &run);
	}
	xmlCleanupParser();
	return ret;
}
