/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A DNS message from outside, parsed.
 */
#pragma once

#include <libknot/libknot.h>

/*!
 * Parses a message whose wire is set.
 *
 * libknot 3.5 says that all is well if the RDATA of a record is malformed, and leaves that record
 * without an owner.
 *
 * \return KNOT_EOK, KNOT_EMALF, or another error of libknot
 */
static inline int message_parse(knot_pkt_t *message)
{
	int ret = knot_pkt_parse(message, 0);
	for (uint16_t i = 0; ret == KNOT_EOK && i < message->rrset_count; i++) {
		ret = message->rr[i].owner != NULL ? KNOT_EOK : KNOT_EMALF;
	}
	return ret;
}
