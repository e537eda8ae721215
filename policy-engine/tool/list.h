/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief All zones, each with what the module and the engine say of it in one line.
 */
#pragma once

#include "policy-engine/tool/picture.h"

/*! A zone. Texts are borrowed from the list, and show; "" = not known. Times are Unix seconds, 0 =
 *  not known. */
typedef struct {
	const char *name, *policy;
	const char *tokens;    /*!< Separated by commas. */
	const char *next;      /*!< What the next event of its keys is. */
	int64_t serial;        /*!< That knotd serves; 0 = none. */
	int64_t input_serial;  /*!< Of the unsigned zone; 0 = there is none. */
	int64_t input_checked; /*!< When a primary was last seen to have that. */
	int64_t soa_expire;    /*!< Seconds. */
	int64_t versions, signatures; /*!< Made since knotd started. */
	zone_state_t state;
	int64_t until;         /*!< When its first signature expires. */
	int64_t next_at;       /*!< When the next event is. */
	bool module, engine;   /*!< Who has said something. */
} listed_t;

typedef struct {
	listed_t *zones;
	size_t count, size;
	bool module, engine;   /*!< Who has answered. */
	char *texts[2];        /*!< Of module and engine; the zones borrow. */
} list_t;

/*! Asks both. Says who does not answer. \param list  To be freed by list_deinit(). \return 0; -1 if
 *  out of memory, which was said. */
int list_take(list_t *list, const invocation_t *run);

void list_deinit(list_t *list);
