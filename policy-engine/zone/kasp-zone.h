/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone and its keys, as the database holds them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy-engine/core/core.h"
#include "policy-engine/zone/dnskey.h"

#define ZONE_DIGEST_LEN 32 /*!< Bytes: SHA-256. */
#define ZONE_ERRANDS 3     /*!< Kinds of errand: db_errand_t. */

/*! What the database has of a key beside its timing (core_key_t). */
typedef struct {
	int64_t id;           /*!< The key's row; a zone has each key pair once. */
	int64_t token_key;    /*!< The key pair's row; zones may share it. */
	char *repository;
	char *cka_id;
	uint8_t *public_key;
	size_t public_key_len;
	core_key_t stored;    /*!< The timing, as the database has it. */
	int64_t done[ZONE_ERRANDS]; /*!< When each errand was done for the state that the DS is in;
	                           0 = it was not, or the DS waits for nothing. */
} zone_key_t;

/*! A zone. */
typedef struct {
	int64_t id;           /*!< The zone's row. */
	char *name;           /*!< As zone_name_canonical() makes it. */
	char *policy;         /*!< The policy's name, as knot.conf says it. */
	core_zone_t core;     /*!< core.keys[i] and keys[i] are the same key. */
	zone_key_t *keys;
	bool taken_over;      /*!< Another signer published the zone before. */
	uint32_t serial_before; /*!< The last serial of that signer. */
	char *ds;             /*!< The DS RRset that was last seen at the parent, as keyset/ds.h has
	                           it; "" = there was none. */
	int64_t ds_seen;      /*!< When that was; 0 = no look gave a sure answer, ds says nothing. */
	char *bundle;         /*!< What is published that was signed ahead, as keyset/bundle.h has it;
	                           "" or NULL = nothing is. */
	uint8_t digest[ZONE_DIGEST_LEN]; /*!< Of the content of the newest key set. */
	int64_t frozen;       /*!< Until when a person has it frozen; 0 = nobody has, or it has not
	                           been looked up. In no row of the zone's. */
	int64_t next;         /*!< When to look at the zone again; CORE_NEVER = when something
	                           happens. */
} kasp_zone_t;

/*! Adds a key at the end; takes over what info points to. \return 0; -1 if out of memory, and then
 *  nothing was taken over. */
int kasp_zone_add_key(kasp_zone_t *zone, const core_key_t *core, const zone_key_t *info);

/*! Removes key i; the others keep their order. */
void kasp_zone_remove_key(kasp_zone_t *zone, size_t i);

/*! \return Key i as a public key of the zone; borrows from zone. */
dnskey_t kasp_zone_dnskey(const kasp_zone_t *zone, size_t i);

/*! Notes which DS RRset the parent has; as ds and ds_seen above. \return 0; -1 if out of memory. */
int kasp_zone_set_ds(kasp_zone_t *zone, const char *ds, int64_t seen);

/*! Frees the contents, not zone itself. */
void kasp_zone_deinit(kasp_zone_t *zone);
