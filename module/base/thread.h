/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The module's threads inside knotd.
 */
#pragma once

#include <pthread.h>

/*!
 * Starts a thread that blocks all signals. knotd's main thread waits for signals; one that another
 * thread took would be lost to it.
 *
 * \return KNOT_EOK, or an error of the system
 */
int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);
