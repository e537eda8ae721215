/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/rr/kind.h"

#include <libknot/descriptor.h>

name_kind_t kind_of(const node_t *node, bool apex)
{
	if (node_count_data(node) == 0) {
		return KIND_NONE;
	}
	return (!apex && node_rrset(node, KNOT_RRTYPE_NS) != NULL) ? KIND_DELEGATION : KIND_AUTH;
}

bool kind_cuts(const node_t *node, bool apex)
{
	return kind_of(node, apex) == KIND_DELEGATION ||
	       node_rrset(node, KNOT_RRTYPE_DNAME) != NULL;
}
