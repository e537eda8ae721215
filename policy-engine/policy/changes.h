/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What is different between two policies, in words.
 */
#pragma once

#include "policy-engine/policy/policy.h"

/*! A difference. */
typedef struct {
	const char *item;   /*!< Where in kasp.xml: "Signatures/Refresh". */
	const char *before; /*!< "" = nothing: the item is new. */
	const char *after;  /*!< "" = nothing: the item is gone. */
	const char *effect; /*!< What comes of it for a zone. */
} policy_change_t;

/*! Called for each difference. The texts are valid during the call. */
typedef void (*policy_change_f)(void *ctx, const policy_change_t *change);

/*!
 * Finds what a zone would notice that comes from the one policy to the other; names and descriptions
 * are left out.
 *
 * \param call  May be NULL.
 * \return Whether there is a difference.
 */
bool policy_changes(const policy_t *from, const policy_t *to, policy_change_f call, void *ctx);

/*! \return Whether the KSK is offline before and after, and the next ceremony has to sign other ZSKs than what
 *          was asked for, or another TTL of them. */
bool policy_wants_ceremony(const policy_t *from, const policy_t *to);
