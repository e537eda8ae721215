/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What a zone shows of its state: little, since thousands of zones rest most of the time.
 */
#pragma once

#include "module/store/state.h"

/*! Numbers of a state_t, which says what they are. */
typedef struct {
	state_input_t in;
	uint32_t serial;
	uint64_t version, revision;
	int64_t signed_at;
	uint32_t taken_serial, taken_expires;
	int64_t taken_at;
	uint64_t taken_revision;
	int64_t revision_since;
	uint32_t max_ttl;
	uint64_t bytes;         /*!< state_bytes() */
	uint32_t key_count;
	state_key_t *keys;
} shown_t;

/*! Frees the keys. */
void shown_deinit(shown_t *shown);

/*! \return Whether a state would show the same. */
bool shown_is(const shown_t *shown, const state_t *state);

/*! Shows a state. \return KNOT_EOK; KNOT_ENOMEM: all stays as it was */
int shown_set(shown_t *shown, const state_t *state);
