/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How long one of knotd's threads may wait for signatures.
 *
 * A thread that waits answers nobody else. As long as nobody else is there that costs nothing; else,
 * the waits may take a small part of its time, of which names that do not exist, and the clients of one
 * network, have half at most. If all ask for what has to be signed first, as in a benchmark, or behind
 * an empty cache, that part is all of its time.
 *
 * A budget belongs to its thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_NETWORKS 64

/*! Waits beyond their part, which time pays. */
typedef struct {
	int64_t at;      /*!< When it was reckoned last, microseconds. */
	int64_t debt;    /*!< Microseconds. */
} budget_leak_t;

typedef struct {
	_Alignas(64) int64_t since;  /*!< When the counts below were halved last, microseconds. */
	int64_t ready;       /*!< Answers for which nothing had to be signed... */
	int64_t fresh;       /*!< ...and others, lately. */
	budget_leak_t all, missing, networks[BUDGET_NETWORKS];
} budget_t;

/*! Whose answer it is that something has to be signed for. */
typedef struct {
	budget_t *budget;    /*!< Of the thread. */
	int socket;          /*!< Where others wait, a UDP socket; -1: it is not known whether some do. */
	uint32_t network;    /*!< A hash of the client's network. */
	bool missing;        /*!< The name does not exist. */
} asker_t;

/*! \return Microseconds since some fixed moment. */
int64_t budget_now(void);

/*! Counts an answer. */
static inline void budget_count(budget_t *budget)
{
	budget->ready++;
}

/*! Tells that an answer is not ready, but something has to be signed for it. \return Whether the thread may
 *  wait for that. */
bool budget_ask(const asker_t *asker, int64_t now);

/*! It has waited for so many microseconds, until now. */
void budget_charge(const asker_t *asker, int64_t now, int64_t waited);
