/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether a signed key response may be used for a zone.
 */
#pragma once

#include "keyset/bundle.h"
#include "policy-engine/ceremony/skr.h"
#include "policy-engine/zone/kasp-zone.h"

/*! From when, and until when, all signatures of a bundle are good; 0: there is no such time. */
typedef struct {
	int64_t from, until;
} skr_span_t;

/*! What it is held against. All is borrowed. */
typedef struct {
	const kasp_zone_t *zone;  /*!< With the ZSKs that were asked for. */
	const policy_t *policy;   /*!< Of which the KSK is offline. */
	int64_t now;
	skr_span_t before;        /*!< When what the zone has, before the first bundle, is good; its until is 0
	                               if it has nothing, its from if nothing is known of it. */
} skr_rules_t;

/*!
 * Checks a response: signatures; that each bundle lasts until caches have the next one, and fits into a key
 * set; that its signatures begin no earlier than those of the one before, by which an older copy of the database
 * is known; that its ZSKs are the zone's, its KSK one as the policy has it, with a key tag of its own; that each
 * KSK that may have the DS signs it, until another one can have it.
 *
 * \param err  Says on failure what is wrong with which bundle, and in which line.
 * \return 0, or -1
 */
int skr_check(const skr_t *skr, const skr_rules_t *rules, char *err, size_t err_size);

/*!
 * Finds the first bundle that is too short for what comes after it, in which a key is no more: that one is published late if the
 * server is down, or a token is slow, and the policy's Refresh is the time in which that is mended.
 *
 * \param skr   Has passed skr_check().
 * \param text  What to have the ceremony do otherwise; "" if all is well.
 */
void skr_advise(const skr_t *skr, const skr_rules_t *rules, char *text, size_t size);

/*! \return Seconds that a bundle has to be good beyond the beginning of the next one: until no cache has
 *          it. */
int64_t skr_overlap(const policy_t *policy);

/*! \param bundle  "" = there is none. \param near  A time within half of 2^32 seconds of the span. */
skr_span_t skr_span(const char *bundle, const char *zone, int64_t near);

/*! Calls a function for each KSK that a bundle publishes; the key is borrowed for the call. \return 0; what the
 *  function returned, if not 0: that ends it. */
int skr_each_ksk(const char *bundle, int (*call)(void *ctx, const bundle_key_t *ksk), void *ctx);
