/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a zone may have, and where: the same rules for a file, a transfer and an UPDATE.
 *
 * A record or a name that breaks a rule is not taken in: some server would refuse the zone for it,
 * as a primary or as a secondary. What is allowed, but what a secondary refuses by its default
 * configuration, is worth a warning. All texts are for a log, without the name.
 */
#pragma once

#include "module/rr/node.h"

/*! Said of a name that is occluded, with its data. */
#define RULES_BELOW_DNAME "is below a DNAME (RFC 6672, section 2.4)"

/*! \return Whether no zone can have a type: ANY, AXFR and such (RFC 6895, section 3.1). */
bool rules_is_meta(uint16_t type);

/*!
 * Looks at the type and the RDATA of a record, and brings the RDATA to canonical form.
 * \param rdata  May be NULL if there are no octets. If the record has a fault, part may be changed.
 * \return NULL if nothing is wrong; else what is; it is static.
 */
const char *rules_form_fault(uint16_t type, uint8_t *rdata, uint16_t len);

/*!
 * Tells whether a record cannot be at its name.
 *
 * \param owner  Lower case, in the zone.
 * \param len    Octets of RDATA.
 * \return As rules_form_fault()
 */
const char *rules_place_fault(const knot_dname_t *apex, const knot_dname_t *owner, uint16_t type,
                              uint16_t len);

/*! What is wrong with a name. */
typedef struct {
	uint16_t type;   /*!< Of the RRset at fault. */
	uint16_t other;  /*!< Of the RRset that must not be beside it; 0: it is the one alone. */
	char text[128];  /*!< Goes behind the name. */
} rules_fault_t;

/*!
 * Looks at all records of a name: which types it must have and must not have beside each other, and
 * whether each RRset fits a DNS message with its signatures.
 *
 * \param owner  Lower case, in the zone.
 * \param node   Without RDATA other than rules_form_fault() lets pass. Of the apex even if it is
 *               empty.
 * \param fault  Filled if there is one.
 * \return Whether there is one.
 */
bool rules_node_fault(const knot_dname_t *apex, const knot_dname_t *owner, const node_t *node,
                      rules_fault_t *fault);

/*!
 * Tells whether BIND, by its default configuration, will refuse the zone as a secondary.
 * \param warning  Filled if so.
 */
bool rules_node_warning(const node_t *node, rules_fault_t *warning);
