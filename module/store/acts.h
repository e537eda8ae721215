/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What persons did by the control socket, for the audit that the policy engine keeps. It has
 * time to fetch them, also if either of the two is started anew meanwhile.
 *
 * An act is a line: number, uid, command, zone, what, outcome, separated by tabs. Numbers grow:
 * each is the moment in microseconds since 1970, or the one before and 1 if that is greater.
 */
#pragma once

#include "module/store/store.h"

#define ACTS_MAX 65536 /*!< Bytes that are kept, some 700 acts; for more, the oldest go. */

typedef struct {
	unsigned uid;
	const char *command;
	const char *zone, *what; /*!< "": none. */
	const char *outcome;
} act_t;

/*! Keeps an act. What would end a line, or would not show, becomes '?'. \return KNOT_EOK,
 *  KNOT_ENOMEM, or the store's error */
int acts_add(store_t *store, const act_t *act);

/*! \return The number of the last act; 0 if there is none, or the store cannot be read. */
uint64_t acts_last(store_t *store);

/*!
 * Reads the acts after a number, which the caller has had; all that there are if no act has such a
 * high one: that was in another store.
 *
 * \param lines  To be freed; "" if there is none.
 * \param gone   Whether acts after that number had to go, since there were too many.
 * \return KNOT_EOK, KNOT_ENOMEM, or the store's error
 */
int acts_after(store_t *store, uint64_t number, char **lines, bool *gone);
