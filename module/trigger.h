/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Tells knotd, by its own control socket, that zones are ready to be fetched.
 *
 * A thread of its own sends zone-refresh for zones in the order they came, many in one block,
 * and tries again (1 s doubling to 60 s) while knotd is busy or not there yet. Nobody waits for it.
 */
#pragma once

#include "module/log.h"

typedef struct trigger trigger_t;

/*! \param path  knotd's control socket. \return KNOT_EOK, KNOT_ENOMEM */
int trigger_start(trigger_t **trigger, const char *path, log_t *log);

/*! knotd's control socket is elsewhere now. */
void trigger_move(trigger_t *trigger, const char *path);

/*! Asks for a refresh of a zone; once is enough while one is queued. Does not block. */
void trigger_zone(trigger_t *trigger, const knot_dname_t *zone);

/*! Forgets what is queued; returns within a second or two. NULL is allowed. */
void trigger_stop(trigger_t *trigger);
