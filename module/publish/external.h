/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The operator's own check of a zone's versions: a program that reads the signed zone and
 *        says by its exit status whether knotd may have it.
 *
 * The rule HELD_CHECK of the last gate. While the program runs, no newer version is made, so that
 * what passes is what knotd fetches.
 */
#pragma once

#include <pthread.h>

#include "module/store/held.h"
#include "module/store/state.h"

/*! What it needs; all is borrowed. */
typedef struct {
	log_t *log;
	held_t *held;
	store_t *store;
	const knot_dname_t *zone;   /*!< Lower case. */
	const char *folder;         /*!< For the zone while it is checked; the store's. */
	int stop_fd;                /*!< Readable when all programs have to end. */
	/*! There is a version to be checked: external_work() has to be called. */
	void (*ready)(void *ctx);
	/*! A version was judged. */
	void (*judged)(void *ctx);
	void *ctx;
} external_args_t;

typedef struct {
	external_args_t args;
	pthread_mutex_t lock;       /*!< Of what follows. */
	char *command;              /*!< NULL: there is no check. */
	unsigned limit_s;           /*!< Seconds that it may take. */
	uint64_t revision;          /*!< Of command and limit: what one of before says is no verdict. */
	bool has_version;           /*!< There is a version... */
	uint32_t serial;            /*!< ...the newest one has this serial. */
	bool judged, good;          /*!< The verdict on it. */
	int64_t judged_ms;          /*!< When, monotonic_ms(). */
	unsigned failures;          /*!< How often it was no. */
	bool taken;                 /*!< knotd serves it. */
} external_t;

void external_init(external_t *external, const external_args_t *args);
void external_deinit(external_t *external);

/*** From any thread; none blocks. ***/

/*! Sets the program. \param command  Its words; taken over. NULL: there is no check. */
void external_configure(external_t *external, char *command, unsigned limit_s);

/*! \return Whether knotd may have the version of a serial. */
bool external_lets(external_t *external, uint32_t serial);

/*** For the zone's worker. ***/

/*!
 * Notes what the newest version is, and has it checked.
 *
 * \return Whether knotd may have it
 */
bool external_note(external_t *external, const state_t *state);

/*! \return Whether a newer version has to wait: the newest one is being checked, or has passed and
 *  is about to be fetched. */
bool external_waits(external_t *external);

/*** For a thread that may wait. ***/

/*! Checks the newest version. \return When to call again, ms (sched_now()); 0 = no need */
int64_t external_work(external_t *external);
