/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The outcome of a simulation, written as text, JSON, a picture or a page.
 *
 * Times are UTC. Errors of the stream are the caller's to check.
 */
#pragma once

#include <stdio.h>

#include "policy-engine/simulate/simulate.h"

/*! Writes what happened, a line each. */
void timeline_text(const timeline_t *timeline, FILE *out);

/*! Writes an object with the members policy, from, to, keys (with spans of states), events. */
void timeline_json(const timeline_t *timeline, FILE *out);

/*! Draws each record of a key as a row over time, its states as colours. */
void timeline_svg(const timeline_t *timeline, FILE *out);

/*! Writes the picture and what happened as one HTML file without links. */
void timeline_html(const timeline_t *timeline, FILE *out);

/*! \return "DS", "DNSKEY", "RRSIG DNSKEY", "RRSIG" */
const char *timeline_record(keyset_record_t record);

#define TIMELINE_WHEN_MAX 32 /*!< Bytes. */
/*! Writes a time as "2026-11-24 10:00:00". \return buf */
const char *timeline_when(int64_t when, char buf[TIMELINE_WHEN_MAX]);

#define TIMELINE_EVENT_MAX 160 /*!< Bytes. */
/*! Says in words what happened. \return buf */
const char *timeline_event(const timeline_t *timeline, const timeline_event_t *event,
                           char buf[TIMELINE_EVENT_MAX]);
