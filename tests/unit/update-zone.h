/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief For tests of updates: a zone in a store, messages, and what has become of the zone.
 */
#pragma once

#include <libknot/libknot.h>

#include "module/source/update.h"
#include "module/input/contents.h"

#define UPDATE_ZONE (const knot_dname_t *)"\7example"

typedef struct {
	char dir[64];
	store_t *store;
} update_zone_t;

/*! Makes a store with the zone "example." \param text  Its file. Aborts on failure. */
void update_zone_open(update_zone_t *zone, const char *text);
void update_zone_close(update_zone_t *zone);

/*!
 * Stores a key set: a CSK of algorithm 15, the first one of RFC 8080, section 6.1; a KSK of it, octets of 1,
 * that is not published yet; a ZSK of algorithm 13, octets of 2, that is published but does not sign.
 *
 * \param passes   The zone passes through; then there is no key.
 * \param foreign  Keys of other operators may come in.
 */
void update_zone_put_keyset(update_zone_t *zone, bool passes, bool foreign);

/*! Replaces the zone. Aborts on failure. */
void update_zone_replace(update_zone_t *zone, contents_t *contents);

/*! Walks over all of the zone and aborts if it is not a sound one. \return Names. */
size_t update_zone_check(store_txn_t *txn, const state_t *state);

/*!
 * Writes a message from lines "SECTION OWNER TTL CLASS TYPE [RDATA]"; SECTION is p (prerequisite) or
 * u (update), RDATA is text as in a file.
 *
 * \param wire  KNOT_WIRE_MAX_PKTSIZE bytes.
 * \return Bytes.
 */
size_t update_message(uint8_t *wire, const char *lines);

/*! Parses and applies a message, and commits it if wanted. \return As update_apply() */
int update_run(update_zone_t *zone, uint8_t *wire, size_t len, bool commit,
               update_result_t *result, state_t *state);

/*! Writes a name's records as "TYPE TTL RDATA; ..." */
void update_dump(update_zone_t *zone, const char *owner, char *out, size_t size);
