/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reading JSON (RFC 8259), as far as lists of flat objects need it.
 */
#pragma once

#include <stddef.h>

#define JSON_READ_TEXT_MAX 4096 /*!< Bytes of the longest name or value, with its end. */

/*! A member of an object. Valid during the call. */
typedef struct {
	unsigned line;
	const char *name;
	const char *value; /*!< Of a string its text, else as it is spelled: "12", "true", "null". NULL: a
	                        list or an object, which was only passed over. */
} json_member_t;

/*! Who gets them. Both return 0 to go on; anything else ends the reading, and is what json_read_list()
 *  returns. */
typedef struct {
	int (*member)(void *ctx, const json_member_t *member);
	int (*end)(void *ctx, unsigned line); /*!< Of an object. */
	void *ctx;
} json_calls_t;

/*!
 * Reads a list of objects.
 *
 * \param text  Ends with a zero.
 * \param err   What is wrong with the text, after its line: "line 3: ...".
 * \return 0; -1 with err; or what a call returned.
 */
int json_read_list(const char *text, const json_calls_t *calls, char *err, size_t err_size);
