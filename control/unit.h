/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A unit of Knot's control protocol: the items of one request, or of one answer.
 */
#pragma once

#include <stdbool.h>

#include <libknot/libknot.h>

/*! A unit's items, in the protocol's order. NULL stands for an item that was not sent. */
typedef struct {
	const char *cmd, *flags, *section, *item, *id, *zone, *owner, *ttl, *type, *data, *filters;
	bool more; /*!< Only in a server: the next unit of the block has the same command, and its
	                handler will be called for it, too. It may leave the answer to that call. */
} ctl_unit_t;

/*! Makes a unit of libknot's array of items. \return Borrows libknot's strings. */
ctl_unit_t ctl_unit_from_data(const knot_ctl_data_t data);

/*! Reverse of ctl_unit_from_data(). \param data  Overwritten; borrows the unit's strings. */
void ctl_unit_to_data(const ctl_unit_t *unit, knot_ctl_data_t data);
