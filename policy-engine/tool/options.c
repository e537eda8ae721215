/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/tool/options.h"

#include <stdlib.h>

#include "policy-engine/base/address.h"

#define DNS_PORT 53

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

bool options_address(const char *text, struct sockaddr_storage *address)
{
	const bool good = address_parse(text, DNS_PORT, address) == 0;
	if (!good) {
		fprintf(stderr, "ods: \"%s\" is no address: ADDRESS or ADDRESS@PORT\n", text);
	}
	return good;
}

bool options_number(const char *text, const char *what, uint32_t *number)
{
	char *end = NULL;
	const unsigned long value = text != NULL ? strtoul(text, &end, 10) : *number;
	if (text != NULL && (text[0] < '0' || text[0] > '9' || *end != '\0' || value > UINT32_MAX)) {
		fprintf(stderr, "ods: \"%s\" is no %s\n", text, what);
		return false;
	}
	*number = (uint32_t)value;
	return true;
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
