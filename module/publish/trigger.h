/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Tells knotd by its own control socket that zones are ready to be fetched; or asks knotd
 *        what it serves.
 *
 * A thread sends commands for zones in the order in which they were triggered, many in one block; it asks
 * about all zones at once if many are to be asked about. While knotd is busy or not there yet, it tries again
 * (1 s doubling to 60 s; if it is not there, 0.1 s doubling to 1 s). Nobody waits for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "module/base/log.h"
#include "module/rr/apex.h"

typedef struct trigger trigger_t;

typedef enum {
	TRIGGER_REFRESH, /*!< Tells knotd of new versions. */
	TRIGGER_SERIAL,  /*!< Asks which serial knotd serves. */
	TRIGGER_APEX,    /*!< Asks for all of the apex. */
} trigger_kind_t;

/*!
 * Called from the trigger's thread with an answer.
 * \param apex  What knotd serves, of which TRIGGER_SERIAL has the serial alone; without a SOA:
 *              nothing. The function may take the contents, and zero it. NULL, for
 *              TRIGGER_SERIAL alone: knotd is loading the zone, and does not know yet.
 * \return Whether knotd has to be asked again
 */
typedef bool (*trigger_answer_f)(void *ctx, const knot_dname_t *zone, apex_t *apex);

/*!
 * \param path    knotd's control socket.
 * \param answer  NULL if nothing is asked.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int trigger_start(trigger_t **trigger, const char *path, log_t *log, trigger_kind_t kind,
                  trigger_answer_f answer, void *ctx);

/*! knotd's control socket is elsewhere now. */
void trigger_move(trigger_t *trigger, const char *path);

/*! \return A copy of the path of knotd's control socket, to be freed; NULL if out of memory. */
char *trigger_path(trigger_t *trigger);

/*! Tells knotd of a zone, or asks about it; does nothing if the zone is queued. Does not block. */
void trigger_zone(trigger_t *trigger, const knot_dname_t *zone);

/*! Forgets what is queued; returns within a second or two. NULL is allowed. */
void trigger_stop(trigger_t *trigger);
