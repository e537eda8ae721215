/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief That the parent has a DS, or has it no more: a person says so, or the engine saw it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy-engine/core/core.h"
#include "policy-engine/desk/desk.h"

typedef struct {
	const char *zone;   /*!< As zone_name_canonical() makes it. */
	bool appear;        /*!< The parent has the DS; else it has it no more. */
	int keytag;         /*!< Of the key; -1 = every key that waits for that. */
	int64_t key;        /*!< Id of the key in its zone (zone_key_t); 0 = any. */
	int64_t since;      /*!< Since when that is so; Unix seconds. */
	const char *who;    /*!< Who says so, for the log. */
} confirm_t;

/*!
 * Notes it for the keys that wait for that, and has the zone looked at. Under the desk's lock.
 *
 * \return How many keys waited for it; -1 if the database failed.
 */
int confirm_ds(desk_t *desk, const confirm_t *confirm);

/*! Which TTLs the parent's servers showed, all of them or some. */
typedef struct {
	core_shown_t shown;
	bool whole;         /*!< See core_see_parent(). */
	int64_t now;        /*!< Unix seconds. */
} confirm_ttls_t;

/*!
 * Notes the TTLs in a zone, and logs it if the DS has a larger one than the policy says.
 *
 * \return Whether the zone changed, and has to be saved. Under the desk's lock.
 */
bool confirm_ttls(const desk_t *desk, kasp_zone_t *zone, const confirm_ttls_t *ttls);
