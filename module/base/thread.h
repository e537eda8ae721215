/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Threads of ours inside knotd.
 */
#pragma once

#include <pthread.h>

/*!
 * Starts a thread that takes no signals: knotd's main thread waits for them, and a signal that
 * another thread takes leaves it asleep.
 *
 * \return KNOT_EOK, or an error of the system
 */
int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);
