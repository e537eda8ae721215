/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods report: gathers what is known, and puts a folder of pages in place, whole or not at all. */

#include "config.h"
#include "policy-engine/tool/report-zone.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy-engine/audit/file.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/tool/commands.h"

#define DAYS 90                   /* Of the calendar. */
#define PAST_S (365 * 86400)      /* Of the audit. */
#define MARK ".ods-report"        /* A file in the folder: it may be replaced. */
#define FILES_OPEN 16             /* By nftw(). */

/* -- the command line ---------------------------------------------------- */

typedef struct {
	invocation_t run;
	const char *folder, *audit;
} order_t;

static void usage(FILE *out)
{
	fprintf(out, "Usage: ods report [OPTION]... --html DIR\n"
	        "\n"
	        "Writes pages on all zones into the folder DIR: what is to be done, a calendar of\n"
	        "%d days, of each zone what was (by the audit) and what is to come (by the engine's\n"
	        "own simulation), of each policy its simulation. They need no server and nothing from\n"
	        "elsewhere. DIR is replaced as a whole; one that holds anything else is left alone.\n"
	        "\n"
	        "Options:\n"
	        "  -H, --html DIR        the folder\n"
	        "  -a, --audit FILE      the audit [beside the database that conf.xml names]\n"
	        "  -c, --config FILE     conf.xml\n"
	        "  -s, --socket SOCKET   the engine's socket [as conf.xml says]\n"
	        "  -h, --help            this text\n"
	        "\n"
	        "Exit status: 0 done, 1 failed, 2 wrong command line.\n", DAYS);
}

static bool take(void *ctx, int option, const char *value)
{
	order_t *order = ctx;
	switch (option) {
	case 'H':
		order->folder = value;
		return true;
	case 'a':
		order->audit = value;
		return true;
	default:
		return false;
	}
}

/* \return As options_parse(). */
static int parse(int argc, char *argv[], order_t *order)
{
	static const struct option longs[] = {
		{ "html", required_argument, NULL, 'H' },
		{ "audit", required_argument, NULL, 'a' },
		OPTIONS_LONG,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const options_form_t form = { OPTIONS_SHORT "H:a:h", longs, usage, take };
	int ret = options_parse(&form, argc, argv, &order->run, order);
	if (ret == DONE && (order->folder == NULL || order->folder[0] == '\0' || order->run.count > 0)) {
		usage(stderr);
		ret = USAGE;
	}
	return ret;
}

/* -- gathering ----------------------------------------------------------- */

/* Reads the audit; that it cannot be read is told on the pages. */
static int take_past(report_t *report, const order_t *order)
{
	engine_conf_t conf = { 0 };
	const char *path = order->run.conf != NULL ? order->run.conf : HSM_CONF_FILE;
	const bool known = engine_conf_read(path, &conf, NULL, NULL, NULL) == HSM_EOK;
	char *usual = known ? audit_path(conf.datastore) : NULL;
	const char *audit = order->audit != NULL ? order->audit : usual;
	int ret = 0;
	report->by_command = known && conf.ds_submit.line != NULL;
	if (audit == NULL) {
		ret = asprintf(&report->no_past, "The audit was not found, since %s cannot be read.", path);
	} else if (past_read(&report->past, audit, report->now - PAST_S) != 0) {
		ret = asprintf(&report->no_past, "The audit cannot be read: %s: %s", audit, strerror(errno));
	}
	if (ret < 0) {
		report->no_past = NULL;
	} else if (report->no_past != NULL) {
		fprintf(stderr, "ods: %s\n", report->no_past);
	}
	free(usual);
	engine_conf_deinit(&conf);
	return ret < 0 ? -1 : 0;
}

static int gather(report_t *report, const order_t *order)
{
	report->now = time(NULL);
	report->until = report->now + DAYS * INT64_C(86400);
	if (picture_take(&report->picture, &order->run) != 0 ||
	    todo_make(&report->todo, &report->picture) != 0 ||
	    list_take(&report->list, &order->run) != 0 ||
	    standings_take(&report->standings, &order->run) != 0) {
		return -1;
	}
	return take_past(report, order);
}

/* -- files --------------------------------------------------------------- */

/* Opens a file of the folder for a page. \return NULL on failure, which is said. */
static FILE *open_page(const char *folder, const char *sub, const char *name)
{
	char *path = NULL, file[REPORT_NAME_MAX];
	if (asprintf(&path, "%s/%s%s.html", folder, sub, report_name(name, file)) < 0) {
		return NULL;
	}
	FILE *out = fopen(path, "wxe");
	if (out == NULL) {
		fprintf(stderr, "ods: %s: %s\n", path, strerror(errno));
	}
	free(path);
	return out;
}

/* \return ret; -1 if the page could not be written, which is said. */
static int close_page(FILE *out, const char *folder, int ret)
{
	const bool failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		fprintf(stderr, "ods: %s cannot be written: %s\n", folder, strerror(errno));
		return -1;
	}
	if (ret != 0) {
		fprintf(stderr, "ods: out of memory\n");
	}
	return ret;
}

static int make_folder(const char *folder, const char *sub)
{
	char *path = NULL;
	int ret = asprintf(&path, "%s/%s", folder, sub) < 0 ? -1 : mkdir(path, 0755);
	if (ret != 0) {
		fprintf(stderr, "ods: %s/%s: %s\n", folder, sub, strerror(errno));
	}
	free(path);
	return ret;
}

static int mark(const char *folder)
{
	char *path = NULL;
	FILE *out = asprintf(&path, "%s/" MARK, folder) >= 0 ? fopen(path, "wxe") : NULL;
	if (out != NULL) {
		fputs("ods report replaces this folder as a whole.\n", out);
	}
	free(path);
	return out != NULL ? close_page(out, folder, 0) : -1;
}

static int by_time(const void *a, const void *b)
{
	const planned_t *left = a, *right = b;
	const int64_t day = left->at / 86400 - right->at / 86400;
	const int steps = (int)left->step - (int)right->step;
	const int roles = (int)left->role - (int)right->role;
	return day != 0 ? (day < 0 ? -1 : 1) : steps != 0 ? steps : roles != 0 ? roles
	       : strcmp(left->zone, right->zone);
}

static int write_zones(report_t *report, const char *folder)
{
	int ret = 0;
	for (size_t i = 0; i < report->list.count && ret == 0; i++) {
		FILE *out = open_page(folder, "zones/", report->list.zones[i].name);
		ret = out != NULL ? close_page(out, folder, report_zone(out, report, &report->list.zones[i]))
		                  : -1;
	}
	if (report->planned_count > 0) {
		qsort(report->planned, report->planned_count, sizeof(report->planned[0]), by_time);
	}
	return ret;
}

static int write_policies(const report_t *report, const char *folder)
{
	int ret = 0;
	for (size_t i = 0; i < report->standings.policies.count && ret == 0; i++) {
		const policy_t *policy = &report->standings.policies.policies[i];
		FILE *out = open_page(folder, "policies/", policy->name);
		ret = out != NULL ? close_page(out, folder, report_policy(out, report, policy)) : -1;
	}
	return ret;
}

static int write_page(const report_t *report, const char *folder, const char *name,
                      void (*write)(FILE *out, const report_t *report))
{
	FILE *out = open_page(folder, "", name);
	if (out == NULL) {
		return -1;
	}
	write(out, report);
	return close_page(out, folder, 0);
}

static int write_all(report_t *report, const char *folder)
{
	return chmod(folder, 0755) != 0 || mark(folder) != 0 || make_folder(folder, "zones") != 0 ||
	       make_folder(folder, "policies") != 0 || write_zones(report, folder) != 0 ||
	       write_policies(report, folder) != 0 ||
	       write_page(report, folder, "index", report_index) != 0 ||
	       write_page(report, folder, "calendar", report_calendar) != 0 ? -1 : 0;
}

/* -- the folder ---------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_folder(const char *folder)
{
	(void)nftw(folder, remove_entry, FILES_OPEN, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Whether the folder is one of ours, or is not there, or is empty; if not, it is said. */
static bool may_replace(const char *folder)
{
	char *path = NULL;
	const bool ours = asprintf(&path, "%s/" MARK, folder) >= 0 && access(path, F_OK) == 0;
	free(path);
	if (ours) {
		return true;
	}
	if (rmdir(folder) == 0 || errno == ENOENT) {
		return true; /* It was empty. */
	}
	fprintf(stderr, "ods: %s: %s; it is no folder that ods report has written: name another one\n",
	        folder, strerror(errno));
	return false;
}

/* Puts the new folder in the place of the old one. */
static int put_in_place(const char *fresh, const char *folder)
{
	if (rename(fresh, folder) == 0) {
		return 0;
	}
	if (renameat2(AT_FDCWD, fresh, AT_FDCWD, folder, RENAME_EXCHANGE) == 0) {
		remove_folder(fresh); /* It is the old one now. */
		return 0;
	}
	fprintf(stderr, "ods: %s: %s\n", folder, strerror(errno));
	return -1;
}

static int write_report(report_t *report, const char *given)
{
	char *fresh = NULL, *folder = strdup(given);
	size_t len = folder != NULL ? strlen(folder) : 0;
	while (len > 1 && folder[len - 1] == '/') {
		folder[--len] = '\0';
	}
	int ret = -1;
	if (folder == NULL || !may_replace(folder) || asprintf(&fresh, "%s.XXXXXX", folder) < 0) {
		free(folder);
		return -1;
	}
	if (mkdtemp(fresh) == NULL) {
		fprintf(stderr, "ods: %s: %s\n", fresh, strerror(errno));
	} else {
		ret = write_all(report, fresh);
		ret = ret == 0 ? put_in_place(fresh, folder) : ret;
		if (ret != 0) {
			remove_folder(fresh);
		}
	}
	free(fresh);
	free(folder);
	return ret;
}

int tool_report(const invocation_t *run, int argc, char *argv[])
{
	order_t order = { .run = *run };
	report_t report = { .now = 0 };
	int ret = parse(argc, argv, &order);
	if (ret != DONE) {
		return ret < 0 ? DONE : ret;
	}
	ret = gather(&report, &order) == 0 && write_report(&report, order.folder) == 0 ? DONE : FAILED;
	if (ret == DONE) {
		printf("%s/index.html: zones %zu, steps within %d days %zu\n", order.folder,
		       report.list.count, DAYS, report.planned_count);
	}
	free(report.planned);
	free(report.no_past);
	past_deinit(&report.past);
	standings_deinit(&report.standings);
	list_deinit(&report.list);
	todo_deinit(&report.todo);
	picture_deinit(&report.picture);
	return ret;
}
