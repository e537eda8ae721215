/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Thaws zones that were imported, when it has been seen that all their name servers follow
 * us.
 *
 * Each address of each name server has to serve our version, again and again, until no cache can
 * have a record of the signer before, nor of other name servers. If one cannot be asked, or says
 * otherwise once, that begins anew; a person may thaw the zone before. What is seen is kept in
 * memory only.
 */
#pragma once

#include "policy-engine/desk/desk.h"
#include "policy-engine/parent/asker.h"
#include "policy-engine/secondaries/survey.h"

typedef struct secondaries secondaries_t;

/*!
 * Starts the threads.
 *
 * \param asker   Has to outlive them.
 * \param served  Says what knotd serves.
 * \return NULL on failure.
 */
secondaries_t *secondaries_start(desk_t *desk, const asker_t *asker, survey_served_f served);

/*! Ends what is running. NULL is allowed. */
void secondaries_stop(secondaries_t *secondaries);

/*! Takes results, thaws zones, and has the servers asked that are due. Main thread, not locked.
 *  \return 0, or -1 if the database failed. */
int secondaries_pass(secondaries_t *secondaries, int64_t now);

/*! \return When a zone is thawed if its servers go on so; 0 = not all of them serve our serial. */
int64_t secondaries_due(const live_survey_t *survey);
