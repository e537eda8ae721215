/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The policy engine: looks after the keys of all zones that the module has.
 *
 * Threads: the main thread runs the rounds, and it alone decides. Those of the control socket
 * look, and leave notes. The threads of base/errands.h run programs and ask servers. The resolver
 * has a thread that takes answers.
 *
 * Locks, in the order in which they are taken:
 * 1. the desk's (desk/desk.h), over all that threads share of the engine;
 * 2. one of: that of an errands_t, of a repos_t, of a resolver_t, of the HSM adapter. A thread that
 *    holds one of these takes no other lock.
 */
#pragma once

#include "policy-engine/engine/parts.h"
#include "policy-engine/engine/reload.h"

typedef struct engine engine_t;

/*! Blocks the signals that engine_run() takes: SIGTERM, SIGINT, SIGHUP, SIGUSR1. Called in the main
 *  thread before others start: they inherit it. */
void engine_block_signals(void);

/*!
 * Opens database and tokens.
 *
 * Called in the main thread, which is the one that is to call engine_run(), after
 * engine_block_signals().
 *
 * \param conf_path  Read anew at each reload.
 * \param conf       As read from conf_path; taken over in any case.
 * \param verbose    Log details, too, and each line of what many zones have.
 * \param err        Says what failed.
 * \return 0, or -1.
 */
int engine_start(engine_t **engine, const char *conf_path, engine_conf_t *conf, bool verbose,
                 char *err, size_t err_size);

/*! Has engine_run() return 0 as soon as what it waits for has ended; from any thread. */
void engine_stop(engine_t *engine);

/*!
 * Works until SIGTERM, SIGINT or engine_stop(); SIGHUP reloads.
 *
 * \return 0 if it was stopped, -1 if it cannot go on; the log says why.
 */
int engine_run(engine_t *engine);

/*! \return The parts of the engine. Other threads use them under the desk's lock. */
parts_t *engine_parts(engine_t *engine);

/*!
 * Has the main thread read conf.xml and kasp.xml anew, and waits for that. Any other thread, not
 * locked.
 *
 * \param limit_s  Seconds to wait at most.
 * \param result   Filled if it is done.
 * \return Whether it is done; if not, it is done later.
 */
bool engine_reload(engine_t *engine, unsigned limit_s, reload_result_t *result);

/*! \return Path of conf.xml. Borrowed. */
const char *engine_conf_path(const engine_t *engine);

/*! \return Why the last reload was refused; "" = it was not. Borrowed, under the desk's lock. */
const char *engine_reload_problem(const engine_t *engine);

/*! Closes all. No other thread may use the engine any more. NULL is allowed. */
void engine_free(engine_t *engine);
