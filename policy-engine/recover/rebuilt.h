/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A zone's keys that were rebuilt from elsewhere, and how they replace those in the
 * database.
 */
#pragma once

#include "policy-engine/database/db.h"

#define REBUILT_WHY_MAX 600 /*!< Bytes of a reason. */

/*! A key. What it points to is borrowed. */
typedef struct {
	const char *repository;
	const char *cka_id;
	const uint8_t *public_key;
	size_t public_key_len;
	core_key_t core;
	int64_t done[ZONE_ERRANDS]; /*!< As that of zone_key_t. */
} rebuilt_key_t;

/*! A zone. What it points to is borrowed, but for keys. */
typedef struct {
	rebuilt_key_t *keys; /*!< To be freed by free(). */
	size_t count;
	core_zone_t core; /*!< All but keys and count. */
	const char *ds;   /*!< As those of kasp_zone_t. */
	int64_t ds_seen;
	const char *bundle; /*!< As that of kasp_zone_t; NULL = it has none. */
	int64_t frozen;
	uint8_t digest[ZONE_DIGEST_LEN];
	bool taken_over;
	uint32_t serial_before;
} rebuilt_t;

/*!
 * Replaces all that the database has of a zone, but for keys that wait for a bundle which brings them. Within a transaction, under the desk's lock. The
 * tokens keep the keys that the zone has no more.
 *
 * \param name  The database has such a zone.
 * \param why   REBUILT_WHY_MAX bytes.
 * \return 1; 0 and why, if the keys do not fit those of other zones: then nothing changed; -1 if
 *         the database failed.
 */
int rebuilt_store(db_t *db, const policy_t *policy, const char *name, const rebuilt_t *from,
                  int64_t now, char *why);
