/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/source/deaf.h"

#include <string.h>

#include "common/clock.h"

/* Milliseconds for which a server that did not answer is left alone: several times what the wait
 * for it takes. */
#define DEAF_MS 60000

void deaf_init(deaf_t *deaf)
{
	memset(deaf, 0, sizeof(*deaf));
	pthread_mutex_init(&deaf->lock, NULL);
}

void deaf_deinit(deaf_t *deaf)
{
	pthread_mutex_destroy(&deaf->lock);
}

void deaf_add(deaf_t *deaf, const struct sockaddr_storage *addr)
{
	pthread_mutex_lock(&deaf->lock);
	deaf->all[deaf->next].addr = *addr;
	deaf->all[deaf->next].until_ms = monotonic_ms() + DEAF_MS;
	deaf->next = (deaf->next + 1) % DEAF_MAX;
	pthread_mutex_unlock(&deaf->lock);
}

bool deaf_has(deaf_t *deaf, const struct sockaddr_storage *addr)
{
	bool has = false;
	const int64_t now = monotonic_ms();
	pthread_mutex_lock(&deaf->lock);
	for (unsigned i = 0; i < DEAF_MAX; i++) {
		has |= deaf->all[i].until_ms > now &&
		       memcmp(&deaf->all[i].addr, addr, sizeof(*addr)) == 0;
	}
	pthread_mutex_unlock(&deaf->lock);
	return has;
}
