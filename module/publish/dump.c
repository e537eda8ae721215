/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/publish/dump.h"

#include <stdlib.h>

#include <libknot/libknot.h>

static int write_rrset(FILE *out, const knot_rrset_t *rrset, char **text, size_t *size)
{
	const int len = knot_rrset_txt_dump(rrset, text, size, &KNOT_DUMP_STYLE_DEFAULT);
	return len < 0 ? len : fputs(*text, out) < 0 ? KNOT_ESPACE : KNOT_EOK;
}

int dump_zone(view_t *view, FILE *out)
{
	size_t size = 4096;
	char *text = malloc(size);
	knot_rrset_t rrset;
	int ret = text != NULL ? write_rrset(out, view_soa(view), &text, &size) : KNOT_ENOMEM;
	while (ret == KNOT_EOK && (ret = view_next(view, &rrset)) == KNOT_EOK) {
		ret = write_rrset(out, &rrset, &text, &size);
	}
	free(text);
	ret = ret == KNOT_ENOENT ? KNOT_EOK : ret;
	return ret == KNOT_EOK && fflush(out) != 0 ? KNOT_ESPACE : ret;
}
