/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Trust is not data: which DNSKEY, CDS and CDNSKEY an unsigned zone may bring at its apex.
 *
 * These records decide on the chain of trust, and are the policy's. Those of other operators that
 * sign the zone, too (RFC 8901), come in only if the policy allows it. None may ask the parent for
 * no DS (RFC 8078), nor for a DS of a key that the zone does not have: it would be bogus. A zone
 * that passes through may have all.
 */
#pragma once

#include "module/rr/node.h"
#include "module/store/store.h"

typedef struct {
	uint16_t type;   /*!< Of the record at fault. */
	char text[200];  /*!< Goes behind its name and type. */
} trust_fault_t;

/*!
 * Judges an apex that is to take the place of another, by the key set that is stored. What was
 * there before is let pass, so that it does not keep other changes away; it only may not become
 * worse.
 *
 * \param before  The apex as it is stored; of a whole zone that comes anew: empty.
 * \param fault   Filled if there is one.
 * \return KNOT_EOK, KNOT_EDENIED (there is a fault), KNOT_ENOMEM, or an error of the store
 */
int trust_check(store_txn_t *txn, const knot_dname_t *apex, const node_t *before,
                const node_t *after, trust_fault_t *fault);

/*! What the key set that is stored says of other operators' keys. */
typedef enum {
	TRUST_UNKNOWN,   /*!< There is no key set, or none that can be read. */
	TRUST_PASSES,    /*!< The zone passes through. */
	TRUST_OWN,       /*!< The policy's own only. */
	TRUST_FOREIGN,   /*!< Those of other operators, too. */
} trust_t;

/*! \return KNOT_EOK, KNOT_ENOMEM, or an error of the store */
int trust_read(store_txn_t *txn, const knot_dname_t *apex, trust_t *trust);

/*! Types of the records that decide on the chain of trust, 0 at the end. */
extern const uint16_t trust_types[];
