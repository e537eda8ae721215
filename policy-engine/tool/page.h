/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Text for people, in the width of their terminal, in colours if it is one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! A way to write. */
typedef enum {
	PAGE_PLAIN, PAGE_BOLD, PAGE_GOOD, PAGE_WARNING, PAGE_CRITICAL, PAGE_FAINT
} page_ink_t;

typedef struct {
	int width;      /*!< Columns, of the terminal, or as COLUMNS says; 0 = as many as there are. */
	bool colours;   /*!< It is a terminal, and NO_COLOR is not set. */
} page_t;

/*! Looks at the standard output. */
page_t page_of_output(void);

/*! Begins, and ends (PAGE_PLAIN), to write in some way. */
void page_ink(const page_t *page, page_ink_t ink);

/*!
 * Writes a text word by word, such that no line is wider than the page, and ends the line.
 *
 * \param used    Columns of the line that are used already.
 * \param indent  Columns by which the following lines are indented.
 */
void page_wrap(const page_t *page, int used, int indent, const char *text);

/*! Writes a text, and blanks up to the width; a longer text is cut, if the output is a terminal. */
void page_cell(const page_t *page, int width, const char *text);

#define PAGE_TEXT_MAX 32

/*! Writes bytes with a unit: "12.3 GB". \return buf */
const char *page_bytes(int64_t bytes, char buf[PAGE_TEXT_MAX]);
