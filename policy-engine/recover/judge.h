/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What follows from what is left of a zone: which keys it gets back, in which states.
 *
 * Caches hold the DNSKEY RRset that is served, and signatures of the keys that sign the zone there.
 * So all of these keys have to come back, and one that the parent's DS leads to. Each state is
 * taken for as fresh as it can be: published now, and known everywhere when its TTL has passed.
 */
#pragma once

#include "policy-engine/recover/evidence.h"
#include "policy-engine/recover/rebuilt.h"

/*! Kinds of lines of a plan. */
typedef enum {
	JUDGE_KNOWN,   /*!< What is known, and from where. */
	JUDGE_TAKES,   /*!< What is taken for certain. */
	JUDGE_REFUSES, /*!< Why nothing is done. */
	JUDGE_WAY_OUT, /*!< What else can be done, and until when. */
	JUDGE_DOES,    /*!< What will be done. */
	JUDGE_KINDS,
} judge_kind_t;

/*! Gets a line of the plan; valid during the call. */
typedef void (*judge_say_f)(void *ctx, judge_kind_t kind, const char *text);

/*! To whom the plan is said. */
typedef struct {
	judge_say_f say;
	void *ctx;
} judge_say_t;

/*!
 * Judges, and says so.
 *
 * \param policy  Of the zone; NULL = kasp.xml has none, or it cannot be used.
 * \param out     Filled on success; borrows from evidence, its keys are to be freed.
 * \return Whether the zone can be recovered.
 */
bool judge_zone(const evidence_t *evidence, const policy_t *policy, int64_t now, judge_say_t say,
                rebuilt_t *out);
