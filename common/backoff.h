/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief How long to wait before something that failed is tried again.
 */
#pragma once

#include <stdint.h>

/*! Both above 0, and in the caller's unit of time. */
typedef struct {
	int64_t first; /*!< The delay after the first failure; each further one doubles it. */
	int64_t max;   /*!< No delay is longer. */
} backoff_t;

/*! \param failures  In a row. \return The delay before the next try; 0 if none failed. */
static inline int64_t backoff_delay(const backoff_t *backoff, unsigned failures)
{
	if (failures == 0) {
		return 0;
	}
	int64_t delay = backoff->first;
	while (--failures > 0 && delay < backoff->max) {
		delay = delay <= backoff->max / 2 ? delay * 2 : backoff->max;
	}
	return delay < backoff->max ? delay : backoff->max;
}
