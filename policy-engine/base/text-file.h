/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A text that an operator names by its file.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*! What the file may be. */
typedef struct {
	size_t most;       /*!< Bytes. */
	bool decides;      /*!< It is believed as it is: not everybody may write to it. */
} text_file_t;

/*!
 * Reads a regular file. Nothing that it may be instead, such as a pipe, is waited for.
 *
 * \param err  Says on failure what is wrong, with the path.
 * \return To be freed by free(), without a NUL but the one at its end; NULL
 */
char *text_file_read(const char *path, const text_file_t *what, char *err, size_t err_size);

/*! Says what is wrong in a line of it: "PATH:LINE: WHY", why as vprintf() has it. \return -1 */
int text_file_blame(const char *path, unsigned line, char *err, size_t err_size, const char *format, va_list args)
	__attribute__((format(printf, 5, 0)));
