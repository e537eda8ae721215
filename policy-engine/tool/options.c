/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/options.h"

bool options_take(invocation_t *run, int option, const char *value)
{
	switch (option) {
	case 'c':
		run->conf = value;
		return true;
	case 's':
		run->socket = value;
		return true;
	case 'j':
		run->json = true;
		return true;
	case 'y':
		run->yes = true;
		return true;
	default:
		return false;
	}
}

int options_parse(const options_form_t *form, int argc, char *argv[], invocation_t *run, void *ctx)
{
	int option;
	optind = 0; /* glibc: begin anew. */
	while ((option = getopt_long(argc, argv, form->shorts, form->longs, NULL)) != -1) {
		if (option == 'h') {
			form->usage(stdout);
			return -1;
		}
		if (!form->take(ctx, option, optarg) && !options_take(run, option, optarg)) {
			fprintf(stderr, "Try ods %s --help.\n", argv[0]);
			return USAGE;
		}
	}
	run->args = (const char **)argv + optind;
	run->count = argc - optind;
	return DONE;
}
