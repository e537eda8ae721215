/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A token that could not be reached is not looked for again at once: thousands of zones may need it, and each
 *        look may start the library anew, or wait for a network for long.
 *
 * All functions need the token's lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hsm-adapter/error.h"

/*! All zero: it was reached. */
typedef struct {
	unsigned failures;       /*!< In a row. */
	int64_t until_ms;        /*!< So long nobody looks; monotonic_ms(). */
	int code;                /*!< What came of the last look, of hsm-adapter/error.h. */
	hsm_error_t err;         /*!< Why. */
} away_t;

/*! \param begun_ms  When the look began, monotonic_ms(). \param code, err  What came of it */
void away_note(away_t *away, int64_t begun_ms, int code, const hsm_error_t *err);

/*! \return Whether the token was not reached a moment ago. */
bool away_still(const away_t *away);

/*! The next one who needs the token looks for it. */
void away_look(away_t *away);
