/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! The tool ods-checkzone: reads a zone file as the module does, and says what is wrong with it. */

#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "module/zonefile/zonefile.h"

/*! Exit codes. */
enum { DONE = 0, FAILED = 1, USAGE = 2 };

static int usage(FILE *out, int code)
{
	fputs("usage: ods-checkzone [--include-dir FOLDER]... FILE ZONE\n", out);
	return code;
}

static void print(void *ctx, int priority, const char *line)
{
	(void)ctx;
	printf("%s: %s\n", priority == LOG_ERR ? "error" : "warning", line);
}

/*! Says all that is wrong with a file. */
static int check(const char *path, const knot_dname_t *apex, const folders_t *folders)
{
	log_t log;
	contents_t *contents = NULL;
	char err[4096] = "";
	log_init(&log, print, NULL);
	const zonefile_args_t args = {
		.path = path, .apex = apex, .folders = folders, .size_max = SIZE_MAX,
		.all = true, .log = &log,
	};
	const int ret = zonefile_read(&args, &contents, err, sizeof(err));
	if (ret != KNOT_EOK) {
		fprintf(stderr, "ods-checkzone: the module would refuse it: %s\n", err);
	}
	contents_free(contents);
	log_deinit(&log);
	return ret == KNOT_EOK ? DONE : FAILED;
}

/*! \return The path from the root, links in it as they are, to be freed; NULL: it is not there. */
static char *make_absolute(const char *file)
{
	char *path = NULL, *folder = realpath(".", NULL);
	if (folder != NULL && file[0] == '/') {
		path = strdup(file);
	} else if (folder != NULL && asprintf(&path, "%s/%s", folder, file) < 0) {
		path = NULL;
	}
	free(folder);
	return path;
}

static int add_folder(folders_t *folders, const char *name)
{
	char *path = make_absolute(name);
	const int ret = path != NULL ? folders_add(folders, path) : KNOT_ENOMEM;
	free(path);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option OPTIONS[] = {
		{ "include-dir", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	folders_t folders = { .count = 0 };
	knot_dname_storage_t apex;
	int option, code = DONE;
	while ((option = getopt_long(argc, argv, "hV", OPTIONS, NULL)) != -1) {
		switch (option) {
		case 'i':
			code = add_folder(&folders, optarg) == KNOT_EOK ? code : FAILED;
			break;
		case 'h':
			return usage(stdout, DONE);
		case 'V':
			puts("ods-checkzone " PACKAGE_VERSION);
			return DONE;
		default:
			return usage(stderr, USAGE);
		}
	}
	if (argc - optind != 2) {
		return usage(stderr, USAGE);
	}
	if (knot_dname_from_str(apex, argv[optind + 1], sizeof(apex)) == NULL) {
		fprintf(stderr, "ods-checkzone: %s is not a domain name\n", argv[optind + 1]);
		return USAGE;
	}
	knot_dname_to_lower(apex);
	char *path = make_absolute(argv[optind]);
	if (path == NULL || code != DONE) {
		fprintf(stderr, "ods-checkzone: the folder is not there, or no memory is left\n");
		code = FAILED;
	} else {
		code = check(path, apex, &folders);
	}
	free(path);
	folders_deinit(&folders);
	return code;
}
