/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods back: whether zones can go back to OpenDNSSEC, and by which commands. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/import/ods-signer.h"
#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"


typedef struct {
	invocation_t run;
	const char *signer_dir;
	bool sql;
} order_t;

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods back [OPTION]... KASP.DB [ZONE]\n"
	        "\n"
	        "Says which zones can go back to the OpenDNSSEC that they came from, and by which\n"
	        "commands. KASP.DB is its enforcer's database; it is only read.\n"
	        "\n"
	        "open     OpenDNSSEC goes on where it was: the same keys are there\n"
	        "by SQL   keys have changed; KASP.DB is told of them first, see --sql\n"
	        "closed   there is no way now: why, and until when there was one\n"
	        "\n"
	        "Options:\n"
	        "      --sql             print what KASP.DB has to be told, for sqlite3 or mysql\n"
	        "      --signer-dir DIR  OpenDNSSEC's <Signer><WorkingDirectory>, for the commands\n"
	        "                        [" ODS_SIGNER_DIR "]\n"
	        "  -c, --config FILE     conf.xml\n"
	        "  -s, --socket SOCKET   the engine's socket [as conf.xml says]\n"
	        "  -j, --json            print JSON\n"
	        "  -h, --help            this text\n"
	        "\n"
	        "Exit status: 0 done, 1 failed, or --sql and no zone goes by it; 2 wrong command line.\n");
}

enum { SQL_OPTION = 256, SIGNER_OPTION };

static bool take(void *ctx, int option, const char *value)
{
	order_t *order = ctx;
	switch (option) {
	case SQL_OPTION:
		order->sql = true;
		return true;
	case SIGNER_OPTION:
		order->signer_dir = value;
		return true;
	default:
		return false;
	}
}

/* \return As options_parse(). */
static int parse(int argc, char *argv[], order_t *order)
{
	static const struct option longs[] = {
		{ "sql", no_argument, NULL, SQL_OPTION },
		{ "signer-dir", required_argument, NULL, SIGNER_OPTION },
		OPTIONS_LONG,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const options_form_t form = { OPTIONS_SHORT "h", longs, usage, take };
	int ret = options_parse(&form, argc, argv, &order->run, order);
	if (ret == DONE && (order->run.count < 1 || order->run.count > 2)) {
		fprintf(stderr, "Usage: ods back [OPTION]... KASP.DB [ZONE]\n");
		return USAGE;
	}
	return ret;
}

/* OpenDNSSEC's commands take names without the dot at their end. */
static int name_len(const char *zone)
{
	size_t len = strlen(zone);
	return (int)(len > 1 && zone[len - 1] == '.' ? len - 1 : len);
}

static bool is(const line_t *line, const char *back)
{
	return line->zone != NULL && strcmp(line_get(line, "back"), back) == 0;
}

/* -- what is printed ----------------------------------------------------- */

/* The signer would sign on by keys that are gone, and keep their signatures. */
static void print_telling(const order_t *order, const engine_answer_t *answer)
{
	const char *database = order->run.args[0];
	printf("  cp -p %s %s.before\n"
	       "  sqlite3 %s <back.sql\n", database, database, database);
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		if (is(line, "by SQL")) {
			printf("  rm -f %s/%.*s.backup2\n", order->signer_dir, name_len(line->zone),
			       line->zone);
		}
	}
}

static void print_commands(const order_t *order, const engine_answer_t *answer, bool by_sql)
{
	printf("\nThe way back, for those that can; secondaries answer meanwhile:\n"
	       "  ods freeze                       # no key may change any more\n");
	if (by_sql) {
		printf("  ods back --sql %s >back.sql\n", order->run.args[0]);
	}
	printf("  systemctl stop ods-engine knot   # or take these zones out of knot.conf: two signers\n"
	       "                                   # must not have the same zone\n");
	if (by_sql) {
		print_telling(order, answer);
	}
	printf("  ods-control enforcer start\n"
	       "  ods-enforcer signconf            # before the signer: it signs by this, when it is written\n"
	       "  until ods-enforcer queue | awk '/idle/ { i = 1 } /signconf|immediately/ { i = 0; exit }\n"
	       "    END { exit !i }'; do sleep 1; done\n"
	       "  ods-control signer start\n");
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		if (is(line, "open") || is(line, "by SQL")) {
			printf("  ods-signer sign %.*s --serial %s\n", name_len(line->zone),
			       line->zone, line_get(line, "next-serial"));
		}
	}
	printf("  (again, if the signer does not know the zone yet)\n"
	       "  and have the secondaries follow OpenDNSSEC again, when it has signed. Before another\n"
	       "  move: ods forget, and ods import once more.\n");
}

static void print_zones(const order_t *order, const engine_answer_t *answer)
{
	const size_t open = answer_count(answer, "back", "open");
	const size_t by_sql = answer_count(answer, "back", "by SQL");
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		const char *why = line_get(line, "why");
		if (line->zone != NULL) {
			printf("%s  %s%s%s\n", line->zone, line_get(line, "back"),
			       why[0] != '\0' ? ": " : "", why);
		}
	}
	printf("%zu zones can go back, %zu by SQL, %zu cannot\n", open, by_sql,
	       answer->count - open - by_sql);
	if (open + by_sql > 0) {
		print_commands(order, answer, by_sql > 0);
	}
}

/* Each statement gets a line. No text in them has a semicolon. */
static void print_statements(const line_t *line)
{
	printf("-- %s\n", line->zone);
	for (const char *sql = line_get(line, "sql"); *sql != '\0'; sql++) {
		const bool end = sql[0] == ';';
		putchar(*sql);
		if (end) {
			putchar('\n');
			sql += sql[1] == ' ';
		}
	}
}

/* \return DONE, or FAILED if there was none. */
static int print_sql(const engine_answer_t *answer)
{
	int ret = FAILED;
	for (size_t i = 0; i < answer->count; i++) {
		const line_t *line = &answer->lines[i];
		if (is(line, "by SQL")) {
			print_statements(line);
			ret = DONE;
		} else if (line->zone != NULL) {
			fprintf(stderr, "%s  %s %s\n", line->zone, line_get(line, "back"),
			        line_get(line, "why"));
		}
	}
	return ret;
}

int tool_back(const invocation_t *run, int argc, char *argv[])
{
	order_t order = { .run = *run, .signer_dir = ODS_SIGNER_DIR };
	int ret = parse(argc, argv, &order);
	if (ret != DONE) {
		return ret < 0 ? DONE : ret;
	}
	char *database = tool_full_path(order.run.args[0]);
	if (database == NULL) {
		fprintf(stderr, "ods: out of memory\n");
		return FAILED;
	}
	const ctl_unit_t unit = { .cmd = "zone-back", .zone = order.run.args[1],
	                          .type = order.sql ? "sql" : NULL,
	                          .section = database };
	engine_answer_t answer = { 0 };
	ret = tool_ask(&order.run, &unit, &answer);
	if (ret == DONE && order.run.json) {
		answer_print_json(&answer);
	} else if (ret == DONE && order.sql) {
		ret = print_sql(&answer);
	} else if (ret == DONE) {
		print_zones(&order, &answer);
	}
	answer_deinit(&answer);
	free(database);
	return ret;
}
