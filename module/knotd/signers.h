/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The signers of this process: one for each storage.
 */
#pragma once

#include <knot/module.h>

#include "module/control/control.h"
#include "module/online/online.h"

/*! Does not change while it has users, but for their number. */
typedef struct {
	server_t *server;      /*!< NULL: a free place. */
	control_t *control;    /*!< NULL once it has stopped. */
	online_t *online;      /*!< NULL until a zone's answers are signed on the fly. Locked. */
	size_t online_cache;   /*!< Bytes of its cache. Locked. */
	unsigned users;        /*!< Instances; 0: the server could not be ended. Locked. */
} running_t;

/*! The calling thread is one of knotd's: RCU knows it, and it may write knotd's log as it is. */
void signers_on_knotds_thread(void);

/*!
 * Starts the signer of a storage, or takes over changed settings if it runs.
 *
 * \param conf     Taken over, also on failure.
 * \param mod      The instance that writes the log from now on.
 * \param running  With one user more.
 * \return KNOT_EOK, KNOT_ELIMIT (too many), KNOT_EBUSY (logged), KNOT_ENOMEM
 */
int signers_start(server_conf_t *conf, knotd_mod_t *mod, running_t **running);

/*! \return The signer of a storage, one user more; NULL if there is none. */
running_t *signers_use(const char *storage);

/*! Sets how many bytes of signatures that were made on the fly are kept. */
void signers_set_cache(running_t *running, size_t bytes);

/*! \return What signs answers on the fly, for as long as the signer is used; started if need be. NULL: it
 *  cannot be started. */
online_t *signers_online(running_t *running);

/*!
 * A user less; the last one stops the signer. On return no thread writes to the log by that module any more.
 */
void signers_leave(running_t *running, const knotd_mod_t *mod);
