/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The life of a zone's keys under a policy, on a virtual clock, by the engine's own core.
 *
 * Around the core there is a world in which all goes as it should: the signer publishes at once and
 * replaces signatures as they come due; the parent does what it is asked to after some time.
 */
#pragma once

#include "policy-engine/core/plan.h"
#include "policy-engine/policy/policy.h"

/*! What somebody does to the zone at some time. */
typedef struct {
	int64_t at;
	enum { SIMULATE_ROLLOVER, SIMULATE_EMERGENCY, SIMULATE_POLICY } what;
	keyset_role_t role;        /*!< Of a rollover or an emergency. */
	const policy_t *policy;    /*!< The zone's policy from then on. Borrowed. */
} simulate_order_t;

/*! What is to be simulated. */
typedef struct {
	const policy_t *policy;    /*!< The first one. Borrowed, as is all else. */
	const core_zone_t *zone;   /*!< The zone at the beginning; NULL = one without keys. */
	const facts_t *facts;      /*!< What the module says of it; NULL if there is no zone. */
	int64_t from, to;          /*!< Unix seconds. */
	uint32_t parent_delay;     /*!< Seconds until the parent has done what it was asked to. */
	const simulate_order_t *orders; /*!< In order of time. */
	size_t order_count;
} simulate_t;

/*! A time in which something was so. */
typedef struct {
	keyset_state_t state;
	int64_t from, to;          /*!< If it is still so: until the end of the simulation. */
} span_t;

typedef struct {
	span_t *spans;
	size_t count;
} spans_t;

/*! A key, and what became of it. */
typedef struct {
	unsigned number;           /*!< 1, 2 and so on, as they come. */
	uint16_t keytag;           /*!< Of a key that the zone began with; else 0. */
	keyset_role_t role;
	uint8_t algorithm;
	unsigned bits;
	int64_t from;
	int64_t leaving;           /*!< When its goal became to go; 0 = not yet. */
	int64_t to;                /*!< When it was forgotten; 0 = not yet. */
	spans_t records[KEYSET_RECORDS];
	spans_t parent;            /*!< When its DS waited for the parent. */
} timeline_key_t;

/*! An event: a record's new state, or what plan.h notes, or an order. */
typedef struct {
	int64_t at;
	size_t key;                /*!< Index; SIZE_MAX = none. */
	enum { TIMELINE_STATE, TIMELINE_PLAN, TIMELINE_ORDER } kind;
	keyset_record_t record;
	keyset_state_t before, after;
	plan_event_t plan;
	const simulate_order_t *order; /*!< Borrowed. */
} timeline_event_t;

typedef struct {
	int64_t from, to;
	int64_t now;               /*!< What is before it has been, the rest is to come; 0 = all is to come. */
	const char *zone;          /*!< Whose keys they are. Borrowed; NULL = any zone's. */
	char *policy;              /*!< Name. */
	bool continued;            /*!< The simulation began with a zone that had keys. */
	timeline_key_t *keys;
	size_t key_count;
	timeline_event_t *events;  /*!< In order of time. */
	size_t event_count;
} timeline_t;

/*!
 * Runs the simulation.
 *
 * \param timeline  To be freed by timeline_deinit(), whatever is returned.
 * \return 0, or -1 if out of memory.
 */
int simulate(const simulate_t *plan, timeline_t *timeline);

void timeline_deinit(timeline_t *timeline);
