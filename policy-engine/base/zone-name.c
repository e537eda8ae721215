/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/base/zone-name.h"

#include <libknot/dname.h>

char *zone_name_canonical(const char *text)
{
	knot_dname_t *dname = knot_dname_from_str_alloc(text);
	if (dname == NULL) {
		return NULL;
	}
	knot_dname_to_lower(dname);
	char *name = knot_dname_to_str_alloc(dname);
	knot_dname_free(dname, NULL);
	return name;
}
