/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods import: asks and prints. ods-engine does the import, see policy-engine/import/. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/question.h"
#include "policy-engine/import/ods-signer.h"
#include "policy-engine/import/preview.h"
#include "policy-engine/import/source-kinds.h"
#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"

#define PATIENCE_MS 3600000 /* An hour: the engine looks for each key in its token. */

typedef struct {
	invocation_t run;
	const char *serial; /* NULL = not said; as server. */
	const char *server;
	struct sockaddr_storage address; /* That of server. */
	const char *signer_dir;
	const char *how;    /* "beside", "again" or NULL. */
	const source_kind_t *from;
	const char *policy; /* NULL = not said; as ttl. */
	const char *ttl;
	bool dry_run;
} order_t;

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods import [OPTION]... KASP.DB [ZONE]\n"
	        "       ods import --from SIGNER --policy POLICY [OPTION]... PATH [ZONE]\n"
	        "\n"
	        "Takes all zones, or one, over from OpenDNSSEC 2: keys with all that is known of\n"
	        "them, NSEC3 salts, backup marks, unused keys and the last serial. The keys stay\n"
	        "in their tokens. Shows what will be done, and asks. KASP.DB is the enforcer's\n"
	        "database; ods-engine reads it. Stop OpenDNSSEC first, and add the zones to\n"
	        "knot.conf after that.\n"
	        "\n"
	        "Or from another signer, whose keys ods-hsm import brings into a repository of the\n"
	        "policy first. PATH is BIND's key-directory, or a file with what Knot's\n"
	        "keymgr --json ZONE list or the cryptokeys of PowerDNS's API say.\n"
	        "\n"
	        "Options:\n"
	        "      --from SIGNER     bind, knot, powerdns [opendnssec]\n"
	        "      --policy POLICY   the zones' policy, of kasp.xml\n"
	        "      --ttl SECONDS     the largest TTL that a cache may hold of zones and DS [604800]\n"
	        "      --signer-dir DIR  OpenDNSSEC's <Signer><WorkingDirectory>\n"
	        "                        [" ODS_SIGNER_DIR "]\n"
	        "      --server ADDRESS[@PORT]\n"
	        "                        where another signer serves the zones: asked for their last\n"
	        "                        serials, and whether keys and denial are those that are taken\n"
	        "      --serial NUMBER   the last serial of ZONE, if OpenDNSSEC's signer left none, or the\n"
	        "                        server of another signer cannot be asked\n"
	        "      --beside          OpenDNSSEC goes on, and ours is compared with it: no secondary\n"
	        "                        may follow ours\n"
	        "      --again           take zones anew that nobody has thawed since an earlier import\n"
	        "  -n, --dry-run         only show; OpenDNSSEC may run meanwhile. Without an engine by\n"
	        "                        conf.xml, ours or OpenDNSSEC's, and nothing is written\n"
	        "  -c, --config FILE     conf.xml\n"
	        "  -s, --socket SOCKET   the engine's socket [as conf.xml says]\n"
	        "  -j, --json            print JSON\n"
	        "  -y, --yes             do not ask\n"
	        "  -h, --help            this text\n"
	        "\n"
	        "Exit status: 0 done, 1 a zone was refused or all failed, 2 wrong command line.\n");
}

enum { SIGNER_OPTION = 256, SERIAL_OPTION, BESIDE_OPTION, AGAIN_OPTION, FROM_OPTION, POLICY_OPTION,
       TTL_OPTION, SERVER_OPTION };

static bool take(void *ctx, int option, const char *value)
{
	order_t *order = ctx;
	switch (option) {
	case SIGNER_OPTION:
		order->signer_dir = value;
		return true;
	case SERIAL_OPTION:
		order->serial = value;
		return true;
	case SERVER_OPTION:
		order->server = value;
		return options_address(value, &order->address);
	case BESIDE_OPTION:
		order->how = "beside";
		return true;
	case AGAIN_OPTION:
		order->how = "again";
		return true;
	case FROM_OPTION:
		order->from = source_kind(value);
		if (order->from == NULL) {
			fprintf(stderr, "ods: \"%s\" is no signer: bind, knot, powerdns, opendnssec\n", value);
		}
		return order->from != NULL;
	case POLICY_OPTION:
		order->policy = value;
		return true;
	case TTL_OPTION:
		order->ttl = value;
		return true;
	case 'n':
		order->dry_run = true;
		return true;
	default:
		return false;
	}
}

/* \return As options_parse(). */
static int parse(int argc, char *argv[], order_t *order)
{
	static const struct option longs[] = {
		{ "signer-dir", required_argument, NULL, SIGNER_OPTION },
		{ "serial", required_argument, NULL, SERIAL_OPTION },
		{ "server", required_argument, NULL, SERVER_OPTION },
		{ "beside", no_argument, NULL, BESIDE_OPTION },
		{ "again", no_argument, NULL, AGAIN_OPTION },
		{ "from", required_argument, NULL, FROM_OPTION },
		{ "policy", required_argument, NULL, POLICY_OPTION },
		{ "ttl", required_argument, NULL, TTL_OPTION },
		{ "dry-run", no_argument, NULL, 'n' },
		OPTIONS_LONG,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const options_form_t form = { OPTIONS_SHORT "nh", longs, usage, take };
	const invocation_t *run = &order->run;
	int ret = options_parse(&form, argc, argv, &order->run, order);
	if (ret == DONE &&
	    (run->count < 1 || run->count > 2 || (order->serial != NULL && run->count != 2))) {
		fprintf(stderr, "Usage: ods import [OPTION]... KASP.DB [ZONE]; --serial needs "
		        "a ZONE\n");
		return USAGE;
	}
	if (ret == DONE && order->server != NULL && (order->serial != NULL || order->from->has_policies)) {
		fprintf(stderr, order->serial != NULL
		        ? "ods: --server is asked for the serial: no --serial\n"
		        : "ods: OpenDNSSEC's files have the serials: no --server\n");
		return USAGE;
	}
	if (ret == DONE && order->from->has_policies != (order->policy == NULL)) {
		fprintf(stderr, order->policy == NULL
		        ? "ods: name the policy that the zones get: --policy POLICY\n"
		        : "ods: OpenDNSSEC says itself which policy its zones have: no --policy\n");
		return USAGE;
	}
	return ret;
}

static size_t count(const engine_answer_t *answer, const char *result)
{
	return answer_count(answer, "result", result);
}

static void print_zones(const engine_answer_t *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		const char *result = line_get(line, "result"), *why = line_get(line, "why");
		if (line->zone == NULL) {
			printf("%s\n", why);
		} else if (why[0] != '\0') {
			printf("%s  %s: %s\n", line->zone, result, why);
		} else {
			printf("%s  %s: %s; last serial %s\n", line->zone, result,
			       line_get(line, "keys"), line_get(line, "serial"));
		}
	}
	printf("%zu zones are taken over, %zu left alone, %zu refused\n",
	       count(answer, "taken over"), count(answer, "left alone"), count(answer, "refused"));
}

static int ask(const order_t *order, ctl_unit_t unit, bool plan, engine_answer_t *answer)
{
	unit.data = plan ? "plan" : NULL;
	return tool_ask(&order->run, &unit, answer);
}

static void print(const order_t *order, const engine_answer_t *answer)
{
	(order->run.json ? answer_print_json : print_zones)(answer);
}

/* Has the engine do it. Zones are not shown again if all came out as planned. */
static int take_over(const order_t *order, const ctl_unit_t *unit, size_t planned)
{
	engine_answer_t answer = { 0 };
	int ret = ask(order, *unit, false, &answer);
	if (ret == DONE && count(&answer, "taken over") == planned && !order->run.json) {
		printf("Done. Add the zones to knot.conf now, and have their secondaries follow. No key "
		       "takes a step\nuntil you say that they do: ods thaw ZONE, or ods thaw --imported\n");
	} else if (ret == DONE) {
		print(order, &answer);
	}
	ret = count(&answer, "refused") > 0 ? FAILED : ret;
	answer_deinit(&answer);
	return ret;
}

/* -- without an engine --------------------------------------------------- */

static void add_row(void *ctx, const import_row_t *row)
{
	engine_answer_t *answer = ctx;
	const char *cells[] = { "result", import_result_name(row->result), "serial", row->serial,
	                        "keys", row->keys, "why", row->why, NULL };
	answer->refused = answer_add(answer, row->zone, cells) != 0 || answer->refused;
}

/* By what can be read. \return As tool_ask(). */
static int preview(const order_t *order, const ctl_unit_t *unit, engine_answer_t *answer)
{
	uint32_t serial = 0, ttl = SOURCE_TTL;
	hsm_error_t err = { 0 };
	if (!options_number(order->serial, "serial", &serial) || !options_number(order->ttl, "TTL", &ttl)) {
		return FAILED;
	}
	const import_t what = {
		.from = order->from, .policy = order->policy, .ttl = ttl,
		.database = unit->section, .signer_dir = order->signer_dir, .zone = unit->zone,
		.serial = order->serial != NULL ? &serial : NULL,
		.server = order->server != NULL ? &order->address : NULL, .to = { add_row, answer },
	};
	const int ret = preview_run(order->run.conf != NULL ? order->run.conf : HSM_CONF_FILE, &what, &err);
	if (ret != HSM_EOK || answer->refused) {
		fprintf(stderr, "ods: %s\n", ret == HSM_ENOMEM || ret == HSM_EOK ? "out of memory" : err.text);
		return FAILED;
	}
	return DONE;
}

/* The engine knows best; where there is none, a dry run does without. */
static int show_plan(const order_t *order, const ctl_unit_t *unit, engine_answer_t *answer)
{
	char err[1024];
	ctl_unit_t plan = *unit;
	if (!order->dry_run) {
		return ask(order, *unit, true, answer);
	}
	plan.data = "plan";
	int ret = tool_try(&order->run, &plan, answer, err, sizeof(err));
	if (ret != DONE && answer->refused) {
		fprintf(stderr, "ods: %s\n", err);
	} else if (ret != DONE) {
		fprintf(stderr, "ods: the engine does not answer, and may know zones that it would leave "
		        "alone\n");
		ret = preview(order, unit, answer);
	}
	return ret;
}

static int go(const order_t *order, const ctl_unit_t *unit)
{
	engine_answer_t answer = { 0 };
	int ret = show_plan(order, unit, &answer);
	size_t planned = count(&answer, "taken over");
	if (ret == DONE && (order->dry_run || !order->run.json)) {
		print(order, &answer);
	}
	if (ret == DONE) {
		ret = count(&answer, "refused") > 0 ? FAILED : DONE;
		bool going = planned > 0 && !order->dry_run;
		if (going && !order->run.yes && !question_confirmed("ods", "Do it?")) {
			going = false;
			ret = FAILED;
		}
		ret = going ? take_over(order, unit, planned) : ret;
	}
	answer_deinit(&answer);
	return ret;
}

int tool_import(const invocation_t *run, int argc, char *argv[])
{
	order_t order = { .run = *run, .signer_dir = ODS_SIGNER_DIR, .from = source_kind(NULL) };
	order.run.patience_ms = PATIENCE_MS;
	int ret = parse(argc, argv, &order);
	if (ret != DONE) {
		return ret < 0 ? DONE : ret;
	}
	char *database = tool_full_path(order.run.args[0]);
	char *signer_dir = tool_full_path(order.signer_dir);
	const bool has_policies = order.from->has_policies;
	ctl_unit_t unit = { .cmd = "zone-import", .section = database, .zone = order.run.args[1],
	                    .item = has_policies ? signer_dir : order.policy,
	                    .id = order.server != NULL ? order.server : order.serial,
	                    .type = order.how, .owner = order.from->option, .ttl = order.ttl };
	ret = database != NULL && signer_dir != NULL ? go(&order, &unit) : FAILED;
	free(database);
	free(signer_dir);
	return ret;
}
