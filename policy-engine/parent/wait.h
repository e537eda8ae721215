/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A key that waits for its DS to come to the parent, or to leave it; what was done so far.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! What is done for a key; the first two are numbered as in db_errand_t. */
typedef enum {
	CHORE_COMMAND, /*!< Submit or retract command. */
	CHORE_NOTICE,  /*!< Notification of a person. */
	CHORE_CHECK,   /*!< Look at the parent. */
	CHORE_NOTIFY,  /*!< Tell the parent of new CDS; kept in no database. */
	CHORES,
} chore_kind_t;

typedef struct {
	bool running;
	int64_t done;    /*!< When the chore succeeded; 0 = not yet. */
	int64_t at;      /*!< When to start it; CORE_NEVER = not at all. */
	int64_t tried;   /*!< When it was tried last; 0 = not yet. */
	unsigned failed; /*!< How many tries failed in a row. */
	char *problem;   /*!< Why the last try failed; NULL = it did not. */
	char *note;      /*!< What else the last try showed; NULL = nothing. */
} chore_t;

/*! A key that waits. */
typedef struct {
	int64_t key;     /*!< Id of the key in its zone (zone_key_t). */
	int64_t lost;    /*!< When the parent was found to have lost the DS; 0 = the DS is new. */
	char *zone;
	uint16_t keytag;
	bool cds;        /*!< The zone has CDS or CDNSKEY, which say it. */
	bool appear;     /*!< The DS is to come; else to go. */
	bool over;       /*!< The key waits for it no more, but its command still runs: what comes next
	                      would be heard by the parent before it. */
	int64_t since;   /*!< Of the DS's state. */
	chore_t chores[CHORES];
} wait_t;
