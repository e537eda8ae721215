/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Text form of a struct. The same table serves writing and reading, so that both agree.
 *
 * The text has one item a line, "name value". A form can have sub-records of one kind, any number
 * of them, behind its items. A sub-record begins with a line that has only its name, and ends
 * before the next such line, or with the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
	RECORD_BOOL,  /*!< bool: "yes", "no". */
	RECORD_UINT,  /*!< Unsigned integer of .size bytes, at most .max. */
	RECORD_TIME,  /*!< int64_t, not negative. */
	RECORD_TEXT,  /*!< char *: the rest of the line, no control characters. */
	RECORD_NAME,  /*!< An enum, written as one of .names. */
	RECORD_HEX,   /*!< uint8_t *, its size_t length at .len; hexadecimal, not empty. */
	RECORD_OCTETS,/*!< uint8_t[255], its uint8_t length at .len; hexadecimal, "-" if empty. */
} record_type_t;

typedef struct {
	const char *name;
	record_type_t type;
	size_t offset;
	size_t len;               /*!< Offset of the length. */
	size_t size;
	uint64_t max;
	const char *const *names; /*!< NULL-terminated; the index is the value. */
	const char *earlier;      /*!< The value that counts in a text of an earlier version that has
	                               not written it; NULL = each has. Not of RECORD_HEX. */
} record_item_t;

typedef struct {
	const char *title;        /*!< First line. */
	const char *const *titles_before; /*!< Those of earlier versions that are read;
	                               NULL-terminated. */
	const record_item_t *items;
	size_t item_count;        /*!< At most 64. */
	const char *sub;          /*!< Name of the sub-record. */
	const record_item_t *sub_items;
	size_t sub_item_count;    /*!< At most 64. */
	size_t sub_size;          /*!< Bytes of the sub-record's struct. */
	size_t sub_array, sub_count; /*!< Offsets: pointer to the array, its size_t count. */
	size_t sub_max;
} record_form_t;

/*! \return Text to be freed by free(); NULL if out of memory, or a text has control characters. */
char *record_write(const record_form_t *form, const void *object);

/*!
 * Reads the text form. Each item has to be there once, in any order; in an earlier version's text, each that
 * has no .earlier.
 *
 * \param object  Overwritten on success only; to be freed by record_deinit() then.
 * \return 0, or -1 with err filled.
 */
int record_read(const record_form_t *form, const char *text, void *object, size_t object_size,
                char *err, size_t err_size);

/*! Frees what record_read() allocated, and zeroes the object. */
void record_deinit(const record_form_t *form, void *object, size_t object_size);
