/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A node: all records at one owner name, and its form in the store.
 *
 * Owner names and names in RDATA are in canonical form (RFC 4034, section 6.2), RRsets are
 * ordered by type, RDATA within an RRset in canonical order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/descriptor.h>
#include <libknot/dname.h>
#include <libknot/rdataset.h>

/*! Octets of the longest node_key(): a name of 255 octets, nearly all of them escaped. */
#define NODE_KEY_MAX 506

typedef struct {
	uint16_t type;
	uint32_t ttl;          /*!< Seconds. */
	knot_rdataset_t rrs;
	knot_rdataset_t sigs;  /*!< RDATA of the RRSIGs that cover it; empty if there are none. */
} node_rrset_t;

typedef struct {
	node_rrset_t *rrsets;  /*!< Ascending type; the array is the node's own. */
	uint16_t count;
	uint16_t capacity;
	uint8_t *pool;         /*!< The RRsets' data if the node owns it, else NULL. */
} node_t;

/*!
 * Makes the key by which an owner name sorts in canonical order (RFC 4034, section 6.1) under
 * memcmp: labels from the root down, each closed by 0x00, octets 0x00 and 0x01 escaped. The key is
 * of even length (with one more 0x00 if need be), so that data right behind it is aligned.
 *
 * \param owner  Lower case.
 * \param key    NODE_KEY_MAX bytes.
 * \return Bytes written.
 */
size_t node_key(const knot_dname_t *owner, uint8_t *key);

/*! Reverse of node_key(). \return Octets of the name, 0 if key is not the key of a name. */
size_t node_key_owner(const uint8_t *key, size_t key_len, knot_dname_storage_t owner);

/*! \return Less than, equal to, or greater than 0, as a is before, the same as, or behind b. */
int node_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/*! \return Whether two keys are the same. */
bool node_key_same(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/*! \return Whether a name is below another, and not the same. */
bool node_key_below(const uint8_t *key, size_t key_len, const uint8_t *above, size_t above_len);

/*! \return The RRset of that type, NULL if there is none. */
node_rrset_t *node_rrset(const node_t *node, uint16_t type);

/*!
 * Adds an RRset, at its place by type; there must be none of that type. Its data is borrowed.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int node_add(node_t *node, const node_rrset_t *rrset);

/*! Takes an RRset out of the array. */
void node_drop(node_t *node, uint16_t type);

/*! Types of the records that a signer makes. */
#define NODE_BY_SIGNER { KNOT_RRTYPE_RRSIG, KNOT_RRTYPE_NSEC, KNOT_RRTYPE_NSEC3, \
                         KNOT_RRTYPE_NSEC3PARAM, KNOT_RRTYPE_ZONEMD }

/*! \return Bit of the type among NODE_BY_SIGNER, 0 if it is none of these. */
uint8_t node_by_signer(uint16_t type);

/*! \return How many RRsets of the node are data, and not made by a signer. */
uint16_t node_count_data(const node_t *node);

/*! \return Whether a signer made some RRset: a zone with such an apex was signed elsewhere. */
bool node_is_signed(const node_t *node);

/*! \return TTL of a record: an RRSIG has the TTL of what it covers (RFC 4034, section 3). */
uint32_t node_ttl(const node_t *node, const node_rrset_t *rrset, const knot_rdata_t *rdata);

/*! \return Bytes of the node's stored form. */
size_t node_size(const node_t *node);

/*! Writes the stored form, node_size() bytes; the node then borrows its data from there. */
void node_write(node_t *node, uint8_t *out);

/*!
 * Reads the stored form, which a damaged disk may have changed. RDATA is borrowed from data: data
 * has to live as long as the node, and has to be aligned to two bytes.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EMALF (lengths and counts do not fit, RDATA is not
 *         rdata_is_whole(), an RRset is empty or not at its place)
 */
int node_read(const uint8_t *data, size_t len, node_t *node);

/*! \return Whether a stored form has an RRset of that type; it is not checked otherwise. */
bool node_stored_has(const uint8_t *data, size_t len, uint16_t type);

/*! Frees what the node owns, not node itself. */
void node_deinit(node_t *node);
