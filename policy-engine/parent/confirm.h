/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief That a DS is at the parent, or is there no more: said by a person, or seen.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy-engine/zone/kasp-zone.h"

struct engine;

typedef struct {
	const char *zone;   /*!< As zone_name_canonical() makes it. */
	bool appear;        /*!< It is there; else it is there no more. */
	int keytag;         /*!< Of the key; -1 = every key that waits for that. */
	int64_t key;        /*!< Of the key in its zone; 0 = any. */
	int64_t since;      /*!< Since when it is so. */
	const char *who;    /*!< Who says so, for the log. */
} confirm_t;

/*!
 * Notes it for the keys that wait for it, and has the zone looked at. Under the engine's lock.
 *
 * \return How many keys there were; -1 if the database failed.
 */
int confirm_ds(struct engine *e, const confirm_t *confirm);

/*! Saves a zone that was changed by a person, and has it looked at. Under the engine's lock.
 *  \return 0, or -1 if the database failed. */
int confirm_save(struct engine *e, kasp_zone_t *zone, int64_t now);
