/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Asks knotd for the apex of a zone as it serves it: serial, DNSKEYs, who signs.
 */
#pragma once

#include "control/unit.h"
#include "module/rr/apex.h"

/*! What knotd's answer says of one zone. Zeroed, there is no answer yet. */
typedef struct {
	apex_t apex;
	bool nothing;        /*!< knotd has the zone configured, and serves nothing of it. */
	bool loading;        /*!< Nor does it know yet: it is loading the zone. */
	int ret;             /*!< First fault of the answer: KNOT_EOK, KNOT_EMALF, KNOT_ENOMEM. */
	char error[96];      /*!< knotd's; "" if there is none. */
} served_t;

/*! \return The question: a unit to be sent to knotd. It borrows the name. */
ctl_unit_t served_question(const char *zone);

/*! Takes a unit of the answer. \param error  knotd's, NULL: none. That it serves nothing of the
 *  zone is no error. */
void served_take(served_t *served, const ctl_unit_t *unit, const char *error);

/*!
 * The same of the answer to zone-status, which has the serial alone. From Knot 3.5 on the control socket
 * is open before the zones are loaded.
 */
void served_take_status(served_t *served, const ctl_unit_t *unit, const char *error);

/*! \return KNOT_EOK if an answer is whole; KNOT_EMALF, KNOT_ENOMEM */
int served_check(const served_t *served);

/*!
 * Asks knotd, and waits for the answer, for some timeouts at most.
 *
 * \param served  Filled on success; served_deinit() in any case.
 * \return KNOT_EOK, or an error, with the reason; KNOT_EBUSY: knotd is loading the zone
 */
int served_ask(const char *path, const char *zone, int timeout_ms, served_t *served, char *err,
               size_t err_size);

void served_deinit(served_t *served);
