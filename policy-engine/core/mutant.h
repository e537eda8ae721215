/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The rules of the key timing by name, so that a test can show that each is needed.
 *
 * The test puts one rule out of force by core_mutant, and expects that a zone then breaks. It has
 * to be built with CORE_MUTANTS, and to define core_mutant. In all other programs every rule is in
 * force.
 */
#pragma once

typedef enum {
	MUTANT_NONE,
	MUTANT_SECURE,      /*!< The last DS is not taken away. */
	MUTANT_CHAIN,       /*!< A DS leads to a DNSKEY that signs the DNSKEY RRset. */
	MUTANT_SIGNED,      /*!< A DNSKEY RRset fits to all signatures in caches. */
	MUTANT_WHOLE,       /*!< A key set has keys for the DNSKEY RRset and for the rest. */
	MUTANT_FADING,      /*!< Signatures of a published key that signs no more stay. */
	MUTANT_PUBLIC,      /*!< Clocks run from when the world could see a change. */
	MUTANT_TTL_DS,      /*!< The TTL of the DS counts. */
	MUTANT_TTL_SHOWN,   /*!< The TTL that the parent shows counts, not the policy's alone. */
	MUTANT_SHOWN_MEMORY, /*!< The TTL of the DS counts for a while after it was lowered. */
	MUTANT_TTL_DNSKEY,  /*!< The TTL of the DNSKEY RRset counts. */
	MUTANT_TTL_ZONE,    /*!< The largest TTL of the policy counts. */
	MUTANT_TTL_FACTS,   /*!< The largest TTL of the zone itself counts. */
	MUTANT_TTL_MEMORY,  /*!< A TTL that was lowered counts for a while. */
	MUTANT_ABSENCE,     /*!< Caches may hold that there is no such record. */
	MUTANT_PROPAGATION, /*!< Name servers of the zone, and of the parent, may be late. */
	MUTANT_GONE,        /*!< A key's signatures have left when the module says so. */
	MUTANT_COMPLETE,    /*!< A key has signed all when no other key's signatures are left. */
	MUTANT_PARENT,      /*!< A DS came, or went, when that was confirmed. */
	MUTANT_LOOK,        /*!< Before a step relies on a DS, the engine looks at it again. */
	MUTANT_LOST,        /*!< No step relies on a DS that the parent lost. */
	MUTANT_ABOVE,       /*!< An answer counts only from above the zone cut. */
	MUTANT_ALL,         /*!< A DS is gone when all of the parent's servers say so. */
	MUTANT_ERRAND,      /*!< Nothing is handed over for a zone that left. */
	MUTANT_CDS,         /*!< CDS is signed by the keys that sign the zone, too. */
	MUTANT_PARTNER,     /*!< A KSK needs a ZSK of its algorithm, and a ZSK a KSK. */
	MUTANT_TOGETHER,    /*!< A key signs the DNSKEY RRset as long as it is in it. */
	MUTANT_MINIMIZE,    /*!< The rollover types. */
	MUTANT_SWAP,        /*!< How a ZSK stops signing, by the rollover type. */
	MUTANT_GOAL,        /*!< A key that is to go does go. */
	MUTANT_GIVEN_UP,    /*!< With all keys gone, the zone goes insecure before new ones come. */
	MUTANT_BUNDLES,     /*!< From here on, of zones whose KSK is offline. */
	MUTANT_BUNDLE_UNTIL = MUTANT_BUNDLES, /*!< A bundle lasts until no cache needs it. */
	MUTANT_BUNDLE_FROM, /*!< It is good at its time. */
	MUTANT_BUNDLE_ORDER, /*!< It begins to be good no earlier than the one before. */
	MUTANT_BUNDLE_TTL,  /*!< It has the policy's TTL. */
	MUTANT_BUNDLE_GAP,  /*!< What is published lasts until a response begins. */
	MUTANT_BUNDLE_CHAIN, /*!< Its KSK has the DS, or can have it by then. */
	MUTANT_BUNDLE_ZSK,  /*!< Its ZSKs are the zone's. */
	MUTANT_BUNDLE_DUE,  /*!< It is published when it is due. */
	MUTANT_BUNDLE_TRIAL, /*!< It is published if all rules allow its keys. */
	MUTANT_COUNT,
} core_mutant_t;

#ifdef CORE_MUTANTS
extern core_mutant_t core_mutant;
#define CORE_RULE(rule) (core_mutant != (rule))
#else
#define CORE_RULE(rule) 1
#endif
