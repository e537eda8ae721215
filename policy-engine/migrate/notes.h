/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Lines for people, gathered until they are written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
	char **lines;
	size_t count;
	bool failed; /*!< Memory ran out: a line is missing. */
} notes_t;

/*! Adds a line. */
void notes_add(notes_t *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*! Adds the line unless it is there already. */
void notes_once(notes_t *notes, const char *line);

/*! Frees the contents, not notes itself. */
void notes_deinit(notes_t *notes);
