/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A simulation's outcome, to be read: lines of text, JSON, a picture, a page with it.
 *
 * Times are UTC. None of these checks for errors of the stream.
 */
#pragma once

#include <stdio.h>

#include "policy-engine/simulate/simulate.h"

/*! What happened, a line each. */
void timeline_text(const timeline_t *timeline, FILE *out);

/*! An object with the members policy, from, to, keys (with spans of states), events. */
void timeline_json(const timeline_t *timeline, FILE *out);

/*! A key's records in rows, their states in colours, over time. */
void timeline_svg(const timeline_t *timeline, FILE *out);

/*! The picture, its legend, and what happened, as one file without links. */
void timeline_html(const timeline_t *timeline, FILE *out);

/*! \return "DS", "DNSKEY", "RRSIG DNSKEY", "RRSIG" */
const char *timeline_record(keyset_record_t record);

#define TIMELINE_WHEN_MAX 32
/*! Writes a time as "2026-11-24 10:00:00". \return buf */
const char *timeline_when(int64_t when, char buf[TIMELINE_WHEN_MAX]);

#define TIMELINE_EVENT_MAX 160
/*! Says in words what happened. \return buf */
const char *timeline_event(const timeline_t *timeline, const timeline_event_t *event,
                           char buf[TIMELINE_EVENT_MAX]);
