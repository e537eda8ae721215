/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "module/knotd/fit.h"

#include <link.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "libknot.so"

typedef struct {
	const char *first, *second; /*!< Names without folder; NULL: there is none. */
} found_t;

/*! The objects come in the order in which they were loaded: that of knotd is the first. */
static int look(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	found_t *found = ctx;
	const char *slash = strrchr(info->dlpi_name, '/');
	const char *name = slash != NULL ? slash + 1 : info->dlpi_name;
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0) {
		return 0;
	}
	if (found->first == NULL) {
		found->first = name;
	} else if (strcmp(found->first, name) != 0) {
		found->second = name;
	}
	return 0;
}

bool fit_check(void)
{
	found_t found = { NULL };
	(void)dl_iterate_phdr(look, &found);
	if (found.second == NULL) {
		return true;
	}
	fprintf(stderr, "mod-opendnssec: it was made for Knot DNS " KNOT_VERSION " with %s, but this "
	        "Knot has %s; install the mod-opendnssec for this Knot, or build it anew\n",
	        found.second, found.first);
	return false;
}
