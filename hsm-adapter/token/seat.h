/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The sessions by which threads sign with a token, a seat for each. Who goes away from a token that
 *        hangs does not wait for it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "hsm-adapter/token/closing.h"
#include "hsm-adapter/token/library.h"

/*! A session of a token; for one thread at a time. */
typedef struct hsm_seat {
	struct hsm_seats *seats;     /*!< That it is one of. */
	struct hsm_seat *next;       /*!< Guarded by the token's lock, as is dead. */
	struct hsm_seat *prev;
	bool dead;                   /*!< The handle was closed; the library may have given it to
	                                  another session. */
	atomic_bool left;            /*!< The thread uses it no more: who has the token's lock closes it. */
	atomic_bool busy;            /*!< The thread is in the library, or about to enter it. */
	CK_SESSION_HANDLE handle;
	unsigned long connection;    /*!< The token's, as it was when the handle was opened. */
} hsm_seat_t;

/*! A token's; what they borrow of it is there as long. */
typedef struct hsm_seats {
	pthread_mutex_t *lock;       /*!< The token's. */
	const hsm_library_t *library;
	closing_t *closing;
	hsm_seat_t *list;
	atomic_size_t count;         /*!< Of those that were not left; read without the lock, too. */
	atomic_size_t left;          /*!< Of the others. */
} hsm_seats_t;

/*!
 * Adds a seat. With the token's lock, as all of these but hsm_seat_leave().
 *
 * \param handle, connection  Of the session, that was just opened.
 * \return To be given back by hsm_seat_leave(); NULL: no memory
 */
hsm_seat_t *hsm_seat_new(hsm_seats_t *seats, CK_SESSION_HANDLE handle, unsigned long connection);

/*! Gives it another session, in place of one that was closed. */
void hsm_seat_reopened(hsm_seat_t *seat, CK_SESSION_HANDLE handle, unsigned long connection);

/*! Closes the session, if it is not. */
void hsm_seat_close(hsm_seat_t *seat);

/*! Gives it back, to be closed and freed: now if the token can be locked at once, else by who locks it next. */
void hsm_seat_leave(hsm_seat_t *seat);

/*! Closes and frees what was left. */
void hsm_seats_clear(hsm_seats_t *seats);

/*! A session was opened: marks the seat that had its handle; it was closed. */
void hsm_seats_took(hsm_seats_t *seats, CK_SESSION_HANDLE handle);

/*! Marks the seats whose sessions are closed, before a new session can get their handles. One that is
 *  being used is left to its thread, lest it is closed under it: that can end the process. */
void hsm_seats_bury(hsm_seats_t *seats);

/*! The library has closed all sessions; it may give their handles to others. */
void hsm_seats_end(hsm_seats_t *seats);

/*! Waits for a second until nobody signs with a token that is disconnected. \return Whether nobody does */
bool hsm_seats_idle(const hsm_seats_t *seats);
