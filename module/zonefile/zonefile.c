/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/zonefile/zonefile.h"

#include <stdio.h>

#include <libknot/errcode.h>

int zonefile_read(const zonefile_args_t *args, contents_t **zone, char *err, size_t err_size)
{
	contents_t *contents = contents_new(args->path, args->apex, args->log);
	if (contents == NULL) {
		snprintf(err, err_size, "%s: not enough memory", args->path);
		return KNOT_ENOMEM;
	}
	contents_report(contents)->all = args->all;
	int ret = parse_file(args, contents, err, err_size);
	if (ret == KNOT_EOK) {
		ret = contents_end(contents, err, err_size);
	}
	if (ret != KNOT_EOK) {
		contents_free(contents);
		return ret;
	}
	*zone = contents;
	return KNOT_EOK;
}
