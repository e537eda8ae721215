/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The pages of ods report: HTML that needs nothing else, neither a server nor other files.
 *
 * Text from outside passes markup_text() where it is written. Errors of the stream are the caller's to
 * check.
 */
#pragma once

#include <stdio.h>

#include "policy-engine/simulate/outcome.h"
#include "policy-engine/tool/list.h"
#include "policy-engine/tool/past.h"
#include "policy-engine/tool/standings.h"
#include "policy-engine/tool/todo.h"

/*! A step of a key that is to come. */
typedef struct {
	int64_t at;
	const char *zone;         /*!< Borrowed from the standings. */
	outcome_step_t step;
	keyset_role_t role;
} planned_t;

/*! All that is told. */
typedef struct {
	int64_t now;
	int64_t until;            /*!< Of the calendar. */
	picture_t picture;
	todo_t todo;
	list_t list;
	standings_t standings;
	past_t past;
	char *no_past;            /*!< Why the past is not known; NULL = it is. */
	bool by_command;          /*!< A command hands a DS to the parent, and not a person. */
	planned_t *planned;       /*!< By time. */
	size_t planned_count, planned_size;
} report_t;

#define REPORT_NAME_MAX 256

/*!
 * Makes the name of a file, without ".html", of the name of a zone or a policy. It is that name, with "=XX"
 * for what is no letter, digit, dot or hyphen; of a long one, its beginning and a hash.
 * \return buf
 */
const char *report_name(const char *name, char buf[REPORT_NAME_MAX]);

/*! Begins a page. \param up  "" or "../": the way to the folder of index.html. */
void report_begin(FILE *out, const char *title, const char *up);
void report_end(FILE *out);

/*! Writes a time for people. */
void report_time(FILE *out, int64_t when);

/*! \return Seconds that pages look ahead, most at most: with keys that live for minutes, a picture of years
 *          would be endless. */
int64_t report_ahead(const policy_t *policy, int64_t most);

/*! The first page: what is to be done, policies, all zones. */
void report_index(FILE *out, const report_t *report);

/*! What happens in the time to come, and what a person has to do. */
void report_calendar(FILE *out, const report_t *report);

/*! A policy, and what would become of a zone's keys in ten years. \return 0, or -1 if out of memory. */
int report_policy(FILE *out, const report_t *report, const policy_t *policy);
