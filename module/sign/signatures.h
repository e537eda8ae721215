/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Which signatures an RRset gets: old ones that stay, and new ones, as jobs for the sign
 * pool.
 */
#pragma once

#include "module/base/arena.h"
#include "module/keys/keyring.h"
#include "module/keys/rrsig.h"
#include "module/rr/node.h"
#include "module/store/state.h"

/*! RRsets that got a lower TTL than the input has, since the policy has a MaxZoneTTL. */
typedef struct {
	uint64_t count;                /*!< Those that were not published so before. */
	knot_dname_storage_t owner;    /*!< Of the first of these, as is what follows. */
	uint32_t ttl;                  /*!< In the input, seconds. */
	uint16_t type;
} capped_t;

typedef struct {
	const knot_dname_t *apex;
	const keyring_t *ring;
	const state_t *state;      /*!< That of the version before. */
	uint32_t serial;           /*!< Of the version that is being made. */
	uint32_t from, now;        /*!< It is so late at least, and at most; Unix seconds. */
	bool renew;                /*!< No old signature stays; see build_redo(). */
	uint32_t due_by;           /*!< No old signature stays that expires by then. */
	bool partly;               /*!< Parts of the zone keep the signatures of an older key
	                                set. */
	bool held;                 /*!< Set when a DNSKEY has to wait for the rest of the zone,
	                                to come or to go. */
	uint8_t left_out;          /*!< Algorithm of another operator's DNSKEY that is left out. */
	uint16_t unfit;            /*!< CDS or CDNSKEY, if the input has such a record of a key that
	                                the zone does not have; it is left out. 0 = none. */
	uint8_t strays;            /*!< Types that are left out; bits as of node_by_signer(). */
	const char *lack;          /*!< Set with KNOT_DNSSEC_ENOKEY: why a key is lacking. */
	capped_t capped;           /*!< What got a lower TTL. */
	uint64_t random;           /*!< State of the jitter's generator. */
	arena_t scratch;           /*!< Has what a node is made of, until the node is kept. */
	rrsig_job_t *jobs;
	size_t job_count, job_capacity;
} build_t;

/*!
 * \return Whether a type is signed by the keys that sign DNSKEY, by these alone or by these, too
 *         (keyset_signs()). Below the apex none is: CDS and CDNSKEY are plain data of other zones
 *         there (RFC 9615).
 */
bool signatures_by_ksk(uint16_t type, bool apex);

/*!
 * Tells whether a key of the set cannot be published yet: its algorithm is new, and a DNSKEY
 * promises that all of the zone is signed with its algorithm (RFC 4035, section 2.2).
 */
bool signatures_withheld(const build_t *build, const keyring_key_t *key);

/*!
 * Fills an RRset's signatures: those that were made ahead, old ones that stay, and room for new ones,
 * which become jobs.
 *
 * \param owner   Borrowed by the jobs.
 * \param old     The RRset as published before; NULL if it was not published, or was another.
 * \param expiry  Lowered to the earliest expiration, 0 if there was none.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_DNSSEC_ENOKEY (a signature is needed of a key that is
 * lacking)
 */
int signatures_make(build_t *build, const knot_dname_t *owner, node_rrset_t *rrset,
                    const node_rrset_t *old, uint32_t *expiry);

/*! \return Whether a published RRset has those of its signatures that were made ahead. */
bool signatures_has_given(const build_t *build, const knot_dname_t *owner,
                          const node_rrset_t *published);

/*! Where a node that was made stays. */
typedef struct {
	const knot_dname_t *owner; /*!< For the jobs; has to stay as long as they. */
	size_t first_job;          /*!< The first of the node's jobs; the others follow it. */
	size_t prefix;             /*!< Bytes to be left free before the node, an even number. */
	arena_t *arena;            /*!< That has the stored form. */
} signatures_place_t;

/*!
 * Moves a node that was made to where it stays: its stored form, in which its jobs then write.
 *
 * \param stored  The place's prefix and node_size(node) bytes; node borrows from it.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int signatures_keep(build_t *build, node_t *node, const signatures_place_t *place,
                    uint8_t **stored);
