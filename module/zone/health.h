/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How a zone is: whether it is well, or what is most urgent of what is wrong with it.
 */
#pragma once

#include "module/zone/alarm.h"
#include "module/zone/zone.h"

/*! How a zone is; the first that applies is shown. */
typedef enum {
	HEALTH_EXPIRING,    /*!< Signatures, or the zone, come near their end, or are over. */
	HEALTH_HELD,        /*!< A rule of the last gate holds something. */
	HEALTH_OLDER,       /*!< The store is an older copy. */
	HEALTH_SOURCE,      /*!< The source does not bring a new input. */
	HEALTH_KEYS,        /*!< Keys are away. */
	HEALTH_SIGN,        /*!< Signing fails. */
	HEALTH_OUTPUT,      /*!< Its file cannot be written, or its command fails. */
	HEALTH_FROZEN,      /*!< The operator wants the input to stay as it is. */
	HEALTH_SIGNING,     /*!< A run is under way; it counts as OK, or NOT_SIGNED. */
	HEALTH_NOT_SIGNED,  /*!< There is no version yet. */
	HEALTH_OK,
	HEALTH_STATES,
} health_t;

/*! What is known of it. Each part is read by itself. Texts are empty if all is well. */
typedef struct {
	char expiring[ALARM_LINE_MAX + 16];
	char held[HELD_TEXT_MAX], frozen[HELD_TEXT_MAX];
	char older[TROUBLE_MAX], source[TROUBLE_MAX], keys[TROUBLE_MAX], sign[TROUBLE_MAX];
	char output[TROUBLE_MAX];
	bool signing, refused, checking;
	lasting_t lasting;
	int64_t until;              /*!< When it is over with the zone, if nothing is done: when its
	                                 first signature expires, or what expiring tells of; Unix
	                                 seconds; 0 = not known. */
	shown_t shown;              /*!< Without its keys. */
	int64_t due;
} health_look_t;

/*! \return The name of a state, for programs. */
const char *health_name(health_t health);

/*! Looks at a zone; from any thread. */
void health_look(zone_t *zone, health_look_t *look);

/*! \return What is most urgent. */
health_t health_of(const health_look_t *look);

/*! \return What is to be said of that; "" if all is well. Borrows from look. */
const char *health_text(const health_look_t *look, health_t health);

/*!
 * Tells whether a zone is short of time, and why; from any thread.
 *
 * It is when signatures should have been made anew; and when its primaries do not answer, and half
 * of the time is over for which it may be served without. The cause may not be known: then the text
 * says where to look.
 *
 * \param known  Whether the cause is known.
 */
bool health_short(zone_t *zone, const lasting_t *lasting, int64_t now, alarm_zone_t *why,
                  bool *known);

/*! Counts a zone as it is now; from any thread, with no lock held. It has to be called when
 *  something may have changed: what works for a zone does so at its end. */
void health_count(zone_t *zone);
