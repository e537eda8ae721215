/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods migrate: from an OpenDNSSEC to a plan, and a folder with all configuration; from another signer to a
 * kasp.xml. It works alone, see policy-engine/migrate/. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy-engine/migrate/compare.h"
#include "policy-engine/migrate/from-bind.h"
#include "policy-engine/migrate/migrate.h"
#include "policy-engine/migrate/theirs.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/tool/commands.h"

#define CONF "/etc/opendnssec/conf.xml"
#define LISTEN "127.0.0.1@15355" /* OpenDNSSEC's signer has 15354. */

typedef struct {
	invocation_t run;
	migrate_t what;
	const source_kind_t *from; /* NULL = OpenDNSSEC; then all that follows is not said. */
	const char *server;        /* NULL = not said; as ttl. */
	const char *ttl;
	const char *repository;
	const char *named_conf;    /* NULL = only policies are wanted. */
	const char *view;
	struct sockaddr_storage address; /* That of server. */
} order_t;

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods migrate [OPTION]... [CONF.XML]\n"
	        "       ods migrate compare ZONE THEIR-FILE OUR-FILE\n"
	        "       ods migrate --from SIGNER --server ADDRESS[@PORT] [OPTION]... PATH [ZONE]\n"
	        "       ods [-c CONF.XML] migrate --from bind --server ADDRESS[@PORT] --named-conf FILE\n"
	        "            [OPTION]... KEY-DIRECTORY\n"
	        "\n"
	        "Prepares the move from OpenDNSSEC 2. Reads its conf.xml [" CONF "],\n"
	        "and all that it names: kasp.xml, addns.xml, kasp.db, the signer's folder, tokens.\n"
	        "Prints a plan: what moves, what does not and why, which key is replaced when, what\n"
	        "secondaries have to do, and the steps. Changes nothing; no server is needed, and\n"
	        "OpenDNSSEC may run.\n"
	        "\n"
	        "compare says what differs between a zone file that OpenDNSSEC signed and one of ours,\n"
	        "as kdig ZONE AXFR writes it: records, TTLs, SOA, denial, keys; and how long each lasts.\n"
	        "\n"
	        "With --from, prints a kasp.xml with a policy for all zones that the signer has in the\n"
	        "same way: algorithms, sizes and, of BIND, lifetimes of its keys, denial, TTLs and the\n"
	        "validity of signatures. PATH is as ods import has it. With --named-conf, which is what\n"
	        "named-checkconf -p prints, prints a plan; --output writes plan.txt, kasp.xml, knot.conf,\n"
	        "check-zones.sh, import.sh: zones, primaries, TSIG keys, who may transfer, is notified.\n"
	        "\n"
	        "Options:\n"
	        "  -o, --output DIR      write a folder: plan.txt, conf.xml, kasp.xml, knot.conf,\n"
	        "                        permissions.sh, check-zones.sh; no file is overwritten\n"
	        "  -b, --below           sockets, store and database of the servers are below DIR,\n"
	        "                        too, and not in /run and /var/lib: for a trial\n"
	        "  -l, --listen ADDRESS[@PORT]\n"
	        "                        where knotd listens at first [" LISTEN "]\n"
	        "      --database FILE   kasp.db, if conf.xml names none: of a MySQL database,\n"
	        "                        what mysqldump writes\n"
	        "      --from SIGNER     bind, knot or powerdns\n"
	        "      --server ADDRESS[@PORT]\n"
	        "                        where SIGNER serves the zones\n"
	        "      --ttl SECONDS     the largest TTL of zones and DS [604800]\n"
	        "      --named-conf FILE what named-checkconf -p prints, with its secrets\n"
	        "      --view NAME       of that file only the zones of this view\n"
	        "      --repository NAME where the keys will be [SoftHSM]\n"
	        "  -h, --help            this text\n"
	        "\n"
	        "Exit status: 0 all zones move, or are the same; 1 not all, or it failed; 2 wrong command\n"
	        "line.\n");
}

enum { DATABASE_OPTION = 256, FROM_OPTION, SERVER_OPTION, TTL_OPTION, REPOSITORY_OPTION, NAMED_OPTION, VIEW_OPTION };

static bool take(void *ctx, int option, const char *value)
{
	order_t *order = ctx;
	migrate_t *what = &order->what;
	switch (option) {
	case 'o':
		what->output = value;
		return true;
	case 'b':
		what->below = true;
		return true;
	case 'l':
		what->listen = value;
		return true;
	case DATABASE_OPTION:
		what->database = value;
		return true;
	case FROM_OPTION:
		order->from = source_kind(value);
		if (order->from == NULL || order->from->has_policies) {
			fprintf(stderr, "ods: \"%s\" is not bind, knot or powerdns\n", value);
			return false;
		}
		return true;
	case SERVER_OPTION:
		order->server = value;
		return options_address(value, &order->address);
	case TTL_OPTION:
		order->ttl = value;
		return true;
	case REPOSITORY_OPTION:
		order->repository = value;
		return true;
	case NAMED_OPTION:
		order->named_conf = value;
		return true;
	case VIEW_OPTION:
		order->view = value;
		return true;
	default:
		return false;
	}
}

static bool is_compare(const order_t *order)
{
	return order->from == NULL && order->run.count > 0 && strcmp(order->run.args[0], "compare") == 0;
}

/* Whether what is said of another signer than OpenDNSSEC goes together. */
static bool is_form(const order_t *order)
{
	const bool whole = order->named_conf != NULL;
	const bool bind = order->from != NULL && strcmp(order->from->option, "bind") == 0;
	if (order->from == NULL) {
		return order->server == NULL && !whole && order->view == NULL;
	}
	return order->server != NULL && order->run.count >= 1 && order->run.count <= (whole ? 1 : 2) &&
	       (bind || !whole) && (whole || (order->view == NULL && order->what.output == NULL)) &&
	       (order->what.output != NULL || !order->what.below);
}

/* \return As options_parse(). */
static int parse(int argc, char *argv[], order_t *order)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "below", no_argument, NULL, 'b' },
		{ "listen", required_argument, NULL, 'l' },
		{ "database", required_argument, NULL, DATABASE_OPTION },
		{ "from", required_argument, NULL, FROM_OPTION },
		{ "server", required_argument, NULL, SERVER_OPTION },
		{ "ttl", required_argument, NULL, TTL_OPTION },
		{ "repository", required_argument, NULL, REPOSITORY_OPTION },
		{ "named-conf", required_argument, NULL, NAMED_OPTION },
		{ "view", required_argument, NULL, VIEW_OPTION },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const options_form_t form = { "o:bl:h", longs, usage, take };
	int ret = options_parse(&form, argc, argv, &order->run, order);
	if (ret == DONE && !is_form(order)) {
		fprintf(stderr, "Usage: ods migrate --from SIGNER --server ADDRESS[@PORT] [OPTION]... PATH "
		        "[ZONE]; --named-conf is for bind, --view and --output need it\n");
		return USAGE;
	}
	if (ret == DONE && order->from == NULL && (order->run.count != (is_compare(order) ? 4 : order->run.count > 0) ||
	                    (order->what.below && order->what.output == NULL))) {
		fprintf(stderr, "Usage: ods migrate [OPTION]... [CONF.XML]; --below needs --output\n"
		        "       ods migrate compare ZONE THEIR-FILE OUR-FILE\n");
		return USAGE;
	}
	return ret;
}

/* How many zones move was said; it is the end of a plan. */
static int end_plan(const order_t *order, size_t moving, size_t total)
{
	if (order->what.output != NULL) {
		printf("\n%s%s\n", moving > 0 ? "All of this is in " : "Nothing was written, since no "
		       "zone moves: ", order->what.output);
	}
	return moving == total ? DONE : FAILED;
}

/* From a BIND, with its named.conf. */
static int move_from_bind(const order_t *order, const theirs_t *theirs)
{
	size_t moving = 0, total = 0;
	const char *path = order->run.conf != NULL ? order->run.conf : HSM_CONF_FILE;
	char *conf = realpath(path, NULL);
	const from_bind_t what = {
		.theirs = *theirs, .server = order->server, .named_conf = order->named_conf, .view = order->view,
		.conf = conf != NULL ? conf : path, .output = order->what.output, .below = order->what.below,
		.listen = order->what.listen,
	};
	const int ret = from_bind_run(&what, &moving, &total) == 0 ? end_plan(order, moving, total) : FAILED;
	free(conf);
	return ret;
}

/* From another signer: prints policies by which we sign as it does, or all of a plan. */
static int move_from_another(const order_t *order)
{
	uint32_t ttl = SOURCE_TTL;
	if (!options_number(order->ttl, "TTL", &ttl)) {
		return FAILED;
	}
	const theirs_t theirs = {
		.source = { .kind = order->from, .path = order->run.args[0],
		            .zone = order->run.count > 1 ? order->run.args[1] : NULL,
		            .policy = "", .ttl = ttl, .now = time(NULL) },
		.server = &order->address, .repository = order->repository,
	};
	if (order->named_conf != NULL) {
		return move_from_bind(order, &theirs);
	}
	return theirs_write(stdout, &theirs) == 0 ? DONE : FAILED;
}

int tool_migrate(const invocation_t *run, int argc, char *argv[])
{
	order_t order = { .run = *run, .what = { .listen = LISTEN }, .repository = "SoftHSM" };
	size_t moving = 0, total = 0;
	int ret = parse(argc, argv, &order);
	if (ret != DONE) {
		return ret < 0 ? DONE : ret;
	}
	if (order.from != NULL) {
		return move_from_another(&order);
	}
	if (is_compare(&order)) {
		const char **args = order.run.args;
		return compare_zones(args[1], args[2], args[3]) == 0 ? DONE : FAILED;
	}
	order.what.conf = order.run.count > 0 ? order.run.args[0] : CONF;
	if (migrate_run(&order.what, &moving, &total) != 0) {
		return FAILED;
	}
	return end_plan(&order, moving, total);
}
