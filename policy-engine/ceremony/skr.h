/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A signed key response: the bundles that a ceremony has made, as a text of Knot's keymgr, or
 *        of BIND's dnssec-ksr.
 *
 * A line ";; SignedKeyResponse 1.0 TIME ..." begins a bundle, which is in force from that time on:
 * Unix seconds, or YYYYMMDDHHMMSS; its records follow in the form of a zone file. Of two bundles of the
 * same time the later one counts. A line without a time ends the last one.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SKR_BUNDLES_MAX 2048 /*!< Of one text: one each week for 39 years. */

typedef struct {
	int64_t at;     /*!< When it is to be in force. */
	int64_t until;  /*!< When it is to be replaced; for the last one, the same as at. */
	unsigned line;  /*!< Where it begins. */
	char *text;     /*!< As keyset/bundle.h has it. */
} skr_bundle_t;

typedef struct {
	skr_bundle_t *bundles; /*!< In order of time. */
	size_t count;          /*!< At least 1. */
} skr_t;

/*!
 * Reads a text. Nothing of it is verified but its form, and that the times rise.
 *
 * \param text  NUL-terminated; names no other file: $INCLUDE is refused.
 * \param zone  The only owner that the records may have; with a trailing dot.
 * \param skr   Filled on success only; to be freed by skr_deinit().
 * \param err   Says on failure what is wrong, with the line.
 * \return 0, or -1
 */
int skr_read(const char *text, const char *zone, skr_t *skr, char *err, size_t err_size);

/*! Frees the contents, not skr itself. */
void skr_deinit(skr_t *skr);
