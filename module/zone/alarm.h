/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What the log says of zones whose signatures come near their end, and are not made anew: a
 *        line for each cause, however many zones it has.
 *
 * A cause has a line when it begins, then one a day, in the last day of its first zone one an hour,
 * and one when that zone expires. If more zones have it than before, there is a line, too, but no
 * more than one an hour.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libknot/dname.h>

#include "common/cause.h"
#include "module/base/log.h"

/*! What comes to its end. */
typedef enum {
	ALARM_SIGNATURES,            /*!< Signatures, which are not made anew. */
	ALARM_PRIMARY,               /*!< The time for which a zone may be served that no primary
	                                  confirms: the expire of its SOA. */
} alarm_kind_t;

/* Causes that are told apart; the texts of a token, a rule or the store are few. */
#define ALARMS_MAX 16

/* Bytes that hold what is shown of a cause, its end included. */
#define ALARM_TEXT_MAX 1400

typedef struct {
	alarm_kind_t kind;
	char text[ALARM_TEXT_MAX];   /*!< The cause, as the first zone has it. */
	char common[CAUSE_MAX];           /*!< What it has in common for all zones. */
	knot_dname_storage_t first;  /*!< The zone that expires first. */
	int64_t until;               /*!< When that is, Unix seconds. */
	size_t count;                /*!< Zones in this round. */
	size_t told_count;           /*!< When there was a line the last time, so many zones... */
	int64_t told_at;             /*!< ...Unix seconds; 0 = there was none... */
	int64_t told_until;          /*!< ...and this was the until. */
} alarm_t;

/*! For one thread. Zeroed it is empty. */
typedef struct {
	alarm_t list[ALARMS_MAX];
	size_t count;
	bool any;                    /*!< Zones were short of time in the last round. */
} alarms_t;

/*! A round begins. */
void alarms_begin(alarms_t *alarms);

/*! A zone is short of time. */
typedef struct {
	alarm_kind_t kind;
	int64_t until;               /*!< When it expires, Unix seconds. */
	char cause[ALARM_TEXT_MAX];  /*!< For the operator. */
} alarm_zone_t;

void alarms_add(alarms_t *alarms, const knot_dname_t *zone, const alarm_zone_t *why);

/*! Writes what comes to its end, when, how much time is left, and why. */
void alarm_text(const alarm_zone_t *why, int64_t now, char *out, size_t size);

#define ALARM_LINE_MAX (ALARM_TEXT_MAX + 200) /*!< Bytes that hold such a text. */

/*! Ends a round: writes the lines that are due. */
void alarms_end(alarms_t *alarms, log_t *log, int64_t now);
