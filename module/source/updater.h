/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Makes updates durable: one commit for those that come at the same time.
 */
#pragma once

#include "module/source/source.h"
#include "module/source/update.h"

typedef struct updater updater_t;

/*! \return KNOT_EOK, KNOT_ENOMEM */
int updater_new(updater_t **updater, store_t *store);

/*! NULL is allowed. */
void updater_free(updater_t *updater);

/*!
 * Does what a message asks for; from any thread. When it returns, the changes are on the disk.
 *
 * \param zone     Lower case.
 * \param message  Of opcode UPDATE, parsed.
 * \param room     As update_apply().
 * \return KNOT_EOK (the result tells), KNOT_EEMPTYZONE (there is no input yet), KNOT_ENOMEM, or an
 *         error of the store; nothing is done then, unless the commit itself failed
 */
int updater_run(updater_t *updater, const knot_dname_t *zone, const knot_pkt_t *message,
                size_t room, update_result_t *result);

/*!
 * Does what a message asks of a source, says so in the log, and counts it; from any thread.
 *
 * \param message  As above; knotd has seen to it that the client may send it.
 * \return RCODE of the answer; if it is NOERROR, all is on the disk
 */
uint8_t updater_update(updater_t *updater, source_t *source, const knot_pkt_t *message);
