/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Makes signed nodes from unsigned ones: what is published, and which signatures it needs.
 *
 * Old signatures are kept while they are good; the others become jobs, to be run by the sign pool.
 */
#pragma once

#include <libdnssec/nsec.h>

#include "module/arena.h"
#include "module/keyring.h"
#include "module/node.h"
#include "module/rrsig.h"

/*! What a name is to its zone. */
typedef enum {
	BUILD_NONE,       /*!< There is nothing at the name. */
	BUILD_AUTH,       /*!< Authoritative data. */
	BUILD_DELEGATION, /*!< NS of a child zone, not at the apex. */
	BUILD_OCCLUDED,   /*!< Below a delegation or a DNAME: glue, or dead. */
} build_kind_t;

typedef struct {
	const uint8_t *key;        /*!< node_key() */
	size_t key_len;
	const knot_dname_t *owner;
	build_kind_t kind;
	node_t input;              /*!< Unsigned. */
	node_t old;                /*!< As published before. */
	node_t node;               /*!< As to be published; empty: nothing any more. */
	uint32_t expiry;           /*!< Earliest expiration of a signature in node; 0 = none. */
	bool changed;              /*!< node differs from old. */
} build_node_t;

typedef struct {
	const knot_dname_t *apex;
	const keyring_t *ring;
	uint32_t serial;           /*!< Of the version that is made. */
	uint32_t now;              /*!< Unix seconds. */
	bool renew;                /*!< Keep no old signature. */
	uint64_t random;           /*!< State of the jitter's generator. */
	dnssec_nsec_bitmap_t *bitmap;
	arena_t scratch;           /*!< What a node is made of, until it is kept. */
	rrsig_job_t *jobs;
	size_t job_count, job_capacity;
} build_t;

/*! \return KNOT_EOK, KNOT_ENOMEM */
int build_init(build_t *build, const knot_dname_t *apex, const keyring_t *ring, uint32_t now);
void build_deinit(build_t *build);

/*!
 * Makes bn->node from bn->input, bn->old and bn->kind; adds jobs for the missing signatures.
 *
 * \param next  Next owner in the NSEC chain; unused if the node gets no NSEC.
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_ESOAINVAL (no SOA at the apex)
 */
int build_node(build_t *build, build_node_t *bn, const knot_dname_t *next);

/*!
 * Moves a node that was made to where it stays: its stored form, in which its jobs then write.
 *
 * \param first_job  The first of the node's jobs; the others follow it. bn->owner has to stay, too.
 * \param arena      Where to.
 * \param stored     The stored form, node_size(&bn->node) bytes; bn->node borrows from it.
 * \return KNOT_EOK, KNOT_ENOMEM
 */
int build_keep(build_t *build, build_node_t *bn, size_t first_job, arena_t *arena,
               uint8_t **stored);

/*! Frees what the three nodes own. */
void build_node_deinit(build_node_t *bn);

/*! \return The kind of a node at or below which there is no delegation or DNAME above it. */
build_kind_t build_kind(const node_t *input, bool apex);

/*! \return Whether names below the node are occluded. */
bool build_cuts(const node_t *input, bool apex);
