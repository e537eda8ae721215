/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "config.h"
#include "control/unit.h"

#if !HAVE_DECL_KNOT_CTL_IDX_FILTERS
#define KNOT_CTL_IDX_FILTERS KNOT_CTL_IDX_FILTER /* Its name before Knot 3.4.1. */
#endif

ctl_unit_t ctl_unit_from_data(const knot_ctl_data_t data)
{
	return (ctl_unit_t) {
		.cmd = data[KNOT_CTL_IDX_CMD],
		.flags = data[KNOT_CTL_IDX_FLAGS],
		.section = data[KNOT_CTL_IDX_SECTION],
		.item = data[KNOT_CTL_IDX_ITEM],
		.id = data[KNOT_CTL_IDX_ID],
		.zone = data[KNOT_CTL_IDX_ZONE],
		.owner = data[KNOT_CTL_IDX_OWNER],
		.ttl = data[KNOT_CTL_IDX_TTL],
		.type = data[KNOT_CTL_IDX_TYPE],
		.data = data[KNOT_CTL_IDX_DATA],
		.filters = data[KNOT_CTL_IDX_FILTERS],
	};
}

void ctl_unit_to_data(const ctl_unit_t *unit, knot_ctl_data_t data)
{
	data[KNOT_CTL_IDX_CMD] = unit->cmd;
	data[KNOT_CTL_IDX_FLAGS] = unit->flags;
	data[KNOT_CTL_IDX_ERROR] = NULL;
	data[KNOT_CTL_IDX_SECTION] = unit->section;
	data[KNOT_CTL_IDX_ITEM] = unit->item;
	data[KNOT_CTL_IDX_ID] = unit->id;
	data[KNOT_CTL_IDX_ZONE] = unit->zone;
	data[KNOT_CTL_IDX_OWNER] = unit->owner;
	data[KNOT_CTL_IDX_TTL] = unit->ttl;
	data[KNOT_CTL_IDX_TYPE] = unit->type;
	data[KNOT_CTL_IDX_DATA] = unit->data;
	data[KNOT_CTL_IDX_FILTERS] = unit->filters;
}
