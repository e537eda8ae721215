/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The policy engine: looks after the keys of all zones that the module has.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy-engine/policy/conf.h"

typedef struct engine engine_t;

/*!
 * Opens database, tokens and control socket.
 *
 * SIGTERM, SIGINT, SIGHUP and SIGUSR1 have to be blocked in the caller's thread, which is the one
 * that is to call engine_run().
 *
 * \param conf_path  Read anew at each reload.
 * \param conf       As read from conf_path; taken over in any case.
 * \param verbose    Log details, too.
 * \param err        Says what failed.
 * \return 0, or -1.
 */
int engine_start(engine_t **engine, const char *conf_path, engine_conf_t *conf, bool verbose,
                 char *err, size_t err_size);

/*!
 * Works until SIGTERM, SIGINT, or a stop by the control socket; SIGHUP reloads.
 *
 * \return 0 if it was stopped, -1 if it cannot go on; the log says why.
 */
int engine_run(engine_t *engine);

/*! Closes all. NULL is allowed. */
void engine_free(engine_t *engine);
