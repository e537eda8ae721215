/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Makes signed nodes from unsigned ones: what is published, and which signatures it needs.
 *
 * Old signatures are kept while they are good; the others become jobs for the sign pool.
 */
#pragma once

#include "common/clock-mark.h"
#include "module/rr/kind.h"
#include "module/sign/signatures.h"

#define ZONEMD_HEAD_LEN 6    /*!< RDATA before the digest: serial, scheme, hash algorithm. */
#define ZONEMD_DIGEST_LEN 48 /*!< Of SHA-384. */

typedef struct {
	const uint8_t *key;        /*!< node_key() */
	size_t key_len;
	const knot_dname_t *owner;
	name_kind_t kind;
	node_t input;              /*!< Unsigned. */
	node_t old;                /*!< What is stored where the new node will be. */
	node_t published;          /*!< If the new node will be elsewhere: the published one, for
	                                its signatures. */
	node_t node;               /*!< The new one; empty: there is nothing at the name any
	                                more. */
	uint32_t expiry;           /*!< Earliest expiration of a signature in node; 0 = none. */
	bool changed;              /*!< node differs from old. */
} build_node_t;

void build_init(build_t *build, const knot_dname_t *apex, const keyring_t *ring,
                const state_t *state, const clock_span_t *now);
void build_deinit(build_t *build);

/*!
 * Says which old signatures of what is built next are made anew; before the first node.
 *
 * \param renew   All of them.
 * \param due_by  Else those that expire by then, Unix seconds.
 */
void build_redo(build_t *build, bool renew, uint32_t due_by);

/*!
 * Makes bn->node from bn->input, bn->old and bn->kind; adds jobs for the missing signatures. Those
 * of a ZONEMD, whose digest is not there yet, come last.
 *
 * \param chain  The zone's denial chain, for NSEC3PARAM at the apex.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_ESOAINVAL (no SOA at the apex)
 */
int build_node(build_t *build, build_node_t *bn, const state_chain_t *chain);

/*! Frees what the nodes own. */
void build_node_deinit(build_node_t *bn);

/*! \return Whether two RRsets have the same TTL and RDATA; false if b is NULL. */
bool build_same(const node_rrset_t *a, const node_rrset_t *b);
