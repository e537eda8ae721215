/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The rules of the key timing by name, so that a test can show that it needs each of them.
 *
 * Only a program that is built with CORE_MUTANTS, and defines core_mutant, can put one out of
 * force; everywhere else each rule is there for certain.
 */
#pragma once

typedef enum {
	MUTANT_NONE,
	MUTANT_SECURE,      /*!< The last DS is not taken away. */
	MUTANT_CHAIN,       /*!< A DS leads to a DNSKEY that signs the set. */
	MUTANT_SIGNED,      /*!< A DNSKEY RRset fits to all signatures in caches. */
	MUTANT_WHOLE,       /*!< A key set has keys for all. */
	MUTANT_FADING,      /*!< Signatures of a published key that signs no more stay. */
	MUTANT_PUBLIC,      /*!< Clocks run from when the world could see a change. */
	MUTANT_TTL_DS,
	MUTANT_TTL_DNSKEY,
	MUTANT_TTL_ZONE,
	MUTANT_TTL_FACTS,   /*!< The largest TTL of the zone itself counts. */
	MUTANT_TTL_MEMORY,  /*!< A TTL that was lowered counts for a while. */
	MUTANT_ABSENCE,     /*!< Caches may hold that there is no such record. */
	MUTANT_PROPAGATION, /*!< Secondaries, and the parent's, may be late. */
	MUTANT_GONE,        /*!< Signatures leave when the signer says so. */
	MUTANT_COMPLETE,    /*!< Signatures are complete when no key fades. */
	MUTANT_PARENT,      /*!< A DS is, or is not, there when that was confirmed. */
	MUTANT_LOOK,        /*!< A DS that others rely on is looked at again. */
	MUTANT_LOST,        /*!< One that is there no more is not relied on. */
	MUTANT_PARTNER,     /*!< A DNSKEY needs a key for the other half. */
	MUTANT_TOGETHER,    /*!< A key signs the DNSKEY RRset as long as it is in it. */
	MUTANT_MINIMIZE,    /*!< The rollover types. */
	MUTANT_SWAP,        /*!< How a ZSK stops signing, by the rollover type. */
	MUTANT_GOAL,        /*!< Keys that are on their way out do go. */
	MUTANT_COUNT,
} core_mutant_t;

#ifdef CORE_MUTANTS
extern core_mutant_t core_mutant;
#define CORE_RULE(rule) (core_mutant != (rule))
#else
#define CORE_RULE(rule) 1
#endif
