/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What has become of keys, by the audit.
 */
#pragma once

#include <stddef.h>

#include "keyset/keyset.h"

/*! A note of a zone. */
typedef struct {
	char *zone;               /*!< As the engine writes it. */
	int64_t at;
	size_t number;            /*!< In the file. */
	char *text;               /*!< What was done, by whom, and why. */
	bool is_state;            /*!< A record came into another state. */
	keyset_role_t role;       /*!< Of its key, as is all that follows. */
	uint16_t keytag;
	keyset_record_t record;
	keyset_state_t before, after;
} past_note_t;

typedef struct {
	past_note_t *notes;       /*!< By zone, then by time. */
	size_t count, size;
} past_t;

/*!
 * Reads the audit.
 *
 * \param from  Notes before that are left out.
 * \param past  To be freed by past_deinit(), in any case.
 * \return 0; -1, and errno: the file cannot be read
 */
int past_read(past_t *past, const char *path, int64_t from);

/*! \return The first note of a zone; count is set to how many there are. */
const past_note_t *past_of(const past_t *past, const char *zone, size_t *count);

void past_deinit(past_t *past);
