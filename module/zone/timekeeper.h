/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What time it is, if the clock may be wrong.
 *
 * Since the machine started, its uptime tells how far the clock was set. Before that, only that it
 * is later now. So it is some time between what the clock should say and what it says: signatures
 * are made to be good at both, until the two agree again, the system says that the clock is kept
 * right (NTP), or a person says so. What the clock said is in the store, so that a restart changes
 * nothing.
 *
 * Any thread may call these; the store may have to be waited for.
 */
#pragma once

#include <pthread.h>

#include "common/clock-mark.h"
#include "module/base/log.h"
#include "module/store/store.h"

#define TIMEKEEPER_TEXT_MAX 240 /*!< Bytes of timekeeper_text(), its end included. */

typedef struct {
	log_t *log;
	store_t *store;
	pthread_mutex_t lock;      /*!< Of what follows. */
	clock_mark_t mark;         /*!< When the clock was believed last. */
	clock_verdict_t verdict;
	int64_t saved;             /*!< Time of the mark in the store; 0 = none. */
} timekeeper_t;

/*! Reads from the store what the clock said. \param log, store  Borrowed. */
void timekeeper_init(timekeeper_t *keeper, log_t *log, store_t *store);
void timekeeper_deinit(timekeeper_t *keeper);

/*! \return Within which it is now. */
clock_span_t timekeeper_now(timekeeper_t *keeper);

/*! A person says that the clock is right. */
void timekeeper_accept(timekeeper_t *keeper);

/*! Writes how the clock is wrong, and what to do; "" if it is believed. */
void timekeeper_text(timekeeper_t *keeper, char text[TIMEKEEPER_TEXT_MAX]);
