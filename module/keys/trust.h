/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The rule "chain": whether validators can follow to a key set, from the DS that the parent
 *        has and from the keys and signatures that they hold.
 *
 * What knotd serves stands for what resolvers hold. The key set says which DS the engine saw at the
 * parent, and when. The store or the engine's database can be an older copy; a DS that was seen
 * before the version that knotd serves was made is taken for not known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libknot/dname.h>

#include "keyset/keyset.h"
#include "module/rr/apex.h"

typedef struct {
	const knot_dname_t *zone;  /*!< Lower case. */
	const keyset_t *set;       /*!< That is to be published. */
	const apex_t *input;       /*!< DNSKEYs that the unsigned zone brings. */
	bool continuous;           /*!< What knotd serves is the store's, or nothing: the engine
	                                goes on from there in steps that no resolver minds, unless
	                                it has lost its database. */
	const apex_t *served;      /*!< What knotd serves; without records: nothing, or not
	                                known. */
	uint64_t before;           /*!< Revision of the key set that is in force; 0 = none. */
} trust_t;

/*!
 * Judges a key set.
 *
 * \param why  Filled if it is held: for the operator, with what to do.
 * \return Whether it passes
 */
bool trust_passes(const trust_t *trust, char *why, size_t size);

/*! \return Whether two key sets publish other keys, or sign with others. */
bool trust_differs(const keyset_t *a, const keyset_t *b);

/*! \return A number that stands for the keys that a key set publishes and signs with. */
uint64_t trust_name(const keyset_t *set);
