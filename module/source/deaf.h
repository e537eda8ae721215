/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Addresses of servers that have just let somebody wait in vain. All zones share them, so
 *        that the wait is not that of each zone.
 *
 * All functions are called from any thread.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define DEAF_MAX 64 /*!< Addresses; of more, those that were noted first are forgotten. */

typedef struct {
	pthread_mutex_t lock;
	struct {
		struct sockaddr_storage addr;
		int64_t until_ms;  /*!< monotonic_ms() */
	} all[DEAF_MAX];
	unsigned next;             /*!< Place that is taken next. */
} deaf_t;

void deaf_init(deaf_t *deaf);
void deaf_deinit(deaf_t *deaf);

/*! Notes that a server did not answer in time. */
void deaf_add(deaf_t *deaf, const struct sockaddr_storage *addr);

/*! \return Whether a server has not answered a short time ago. */
bool deaf_has(deaf_t *deaf, const struct sockaddr_storage *addr);
