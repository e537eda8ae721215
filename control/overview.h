/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief An answer that says how all zones are, by what a server has counted (common/tally.h).
 *
 * For each group of zones, by state and the most urgent first, there is a line "group": the state's
 * name; "zones": how many; "first": the most urgent one; "rank": its rank, if it has one; "text":
 * what is to be said of it, for the first groups of each state; "names": all of them, as many such
 * columns as are needed, but for zones that are well.
 */
#pragma once

#include "common/tally.h"
#include "control/request.h"

#define OVERVIEW_TEXT_MAX 4096 /*!< Bytes that hold a text, its end included. */

/*! What a server says of its groups. */
typedef struct {
	unsigned well;                 /*!< The state of zones that are well. */
	/*! \return The name of a state. */
	const char *(*state)(unsigned state);
	/*! Writes a zone's name. Called with the tally's lock held. */
	void (*name)(const tally_member_t *member, knot_dname_txt_storage_t out);
	/*! Writes what is to be said of a zone; "" if it is gone, or well. Called without lock. */
	void (*text)(void *ctx, const char *zone, char out[OVERVIEW_TEXT_MAX]);
	void *ctx;                     /*!< Of text. */
} overview_form_t;

/*! Sends the groups. Out of memory, some are missing. */
void overview_send(ctl_request_t *req, tally_t *tally, const overview_form_t *form);

/*! Adds a number to the line that ctl_reply() began. */
void overview_number(ctl_request_t *req, const char *type, int64_t number);

/*! Sends a line "disk": what takes space, and where; "used": how much, "free" and "size": of its
 *  file system; all in bytes, if known. */
void overview_send_disk(ctl_request_t *req, const char *file);

/*! Lines for a program, one for each zone; zeroed it is empty. */
typedef struct {
	char *text;
	size_t len, size;
} overview_lines_t;

/*! Adds a line of fields, which are separated by a tab; what would end one becomes '?'. Out of
 *  memory, it is left out. \param fields  Ends with NULL. */
void overview_add(overview_lines_t *lines, const char *const fields[]);

/*! Sends the lines in units of type "zones", and frees them. */
void overview_send_lines(ctl_request_t *req, overview_lines_t *lines);
