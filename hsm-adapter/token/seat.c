/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/seat.h"

#include <stdlib.h>
#include <time.h>

void hsm_seats_took(hsm_seats_t *seats, CK_SESSION_HANDLE handle)
{
	for (hsm_seat_t *seat = seats->list; seat != NULL; seat = seat->next) {
		seat->dead |= seat->handle == handle;
	}
}

void hsm_seat_reopened(hsm_seat_t *seat, CK_SESSION_HANDLE handle, unsigned long connection)
{
	hsm_seats_took(seat->seats, handle);
	seat->handle = handle;
	seat->dead = false;
	seat->connection = connection;
}

void hsm_seat_close(hsm_seat_t *seat)
{
	if (!seat->dead) {
		closing_close(seat->seats->closing, seat->seats->library->module, seat->handle);
		seat->dead = true;
	}
}

hsm_seat_t *hsm_seat_new(hsm_seats_t *seats, CK_SESSION_HANDLE handle, unsigned long connection)
{
	hsm_seat_t *seat = calloc(1, sizeof(*seat));
	if (seat == NULL) {
		return NULL;
	}
	seat->seats = seats;
	hsm_seat_reopened(seat, handle, connection);
	seat->next = seats->list;
	if (seat->next != NULL) {
		seat->next->prev = seat;
	}
	seats->list = seat;
	atomic_fetch_add(&seats->count, 1);
	return seat;
}

static void unlink_seat(hsm_seat_t *seat)
{
	if (seat->prev != NULL) {
		seat->prev->next = seat->next;
	} else {
		seat->seats->list = seat->next;
	}
	if (seat->next != NULL) {
		seat->next->prev = seat->prev;
	}
}

void hsm_seats_clear(hsm_seats_t *seats)
{
	hsm_seat_t *seat = atomic_load(&seats->left) > 0 ? seats->list : NULL;
	while (seat != NULL) {
		hsm_seat_t *next = seat->next;
		if (atomic_load(&seat->left)) {
			unlink_seat(seat);
			hsm_seat_close(seat);
			free(seat);
			atomic_fetch_sub(&seats->left, 1);
		}
		seat = next;
	}
}

void hsm_seat_leave(hsm_seat_t *seat)
{
	hsm_seats_t *seats = seat->seats;
	atomic_fetch_sub(&seats->count, 1);
	atomic_fetch_add(&seats->left, 1);
	atomic_store(&seat->left, true); /* From now on another may free it. */
	if (pthread_mutex_trylock(seats->lock) == 0) {
		hsm_seats_clear(seats);
		pthread_mutex_unlock(seats->lock);
	}
}

void hsm_seats_bury(hsm_seats_t *seats)
{
	for (hsm_seat_t *seat = seats->list; seat != NULL; seat = seat->next) {
		CK_SESSION_INFO info;
		if (!seat->dead && !atomic_load(&seat->busy) &&
		    seats->library->module->C_GetSessionInfo(seat->handle, &info) != CKR_OK) {
			hsm_seat_close(seat); /* p11-kit has to forget the handle, too. */
		}
	}
}

void hsm_seats_end(hsm_seats_t *seats)
{
	for (hsm_seat_t *seat = seats->list; seat != NULL; seat = seat->next) {
		seat->dead = true;
	}
}

bool hsm_seats_idle(const hsm_seats_t *seats)
{
	int patience_ms = 1000;
	for (const hsm_seat_t *seat = seats->list; seat != NULL; seat = seat->next) {
		while (atomic_load(&seat->busy)) {
			if (patience_ms-- == 0) {
				return false;
			}
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		}
	}
	return true;
}
