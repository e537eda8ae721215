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

/*!
 * Notes that a person says that the parent has no DS of a zone without keys, which waits to know
 * that. Under the desk's lock.
 *
 * \return 1; 0 if the zone does not wait for that; -1 if the database failed.
 */
int confirm_no_ds(desk_t *desk, const char *zone, int64_t now);

/*! What the parent's servers showed, all of them or some. */
typedef struct {
	core_shown_t shown;
	bool whole;         /*!< See core_see_parent(). */
	const char *ds;     /*!< As that of parent_result_t. */
	int64_t now;        /*!< Unix seconds. */
} confirm_look_t;

/*!
 * Notes TTLs and DS in a zone, and logs it if the DS has a larger TTL than the policy says.
 *
 * \return Whether the zone changed, and has to be saved. Under the desk's lock.
 */
bool confirm_look(const desk_t *desk, kasp_zone_t *zone, const confirm_look_t *look);
