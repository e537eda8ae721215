/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Changes of single records of the input: gathered in memory, then checked and stored at
 * once.
 * 
 * The cost depends on the names that are touched, never on the zone. Not for use by several threads
 * at once. */
#pragma once

#include "module/rr/node.h"
#include "module/store/state.h"

/*! A name that is touched. */
typedef struct {
	uint8_t key[NODE_KEY_MAX];
	size_t key_len;
	node_t node;            /*!< As the edit makes it. */
	const uint8_t *before;  /*!< Its form in the store; borrowed from the transaction. */
	size_t before_len;      /*!< 0: the store does not have it. */
} edit_node_t;

typedef struct {
	store_txn_t *txn;
	uint32_t input;         /*!< Id of the input's nodes. */
	const knot_dname_t *apex;
	void *nodes;            /*!< tsearch(3) tree of edit_node_t by key. */
	size_t count;
	edit_node_t *last;      /*!< The name that was asked for last. */
	char warning[240];      /*!< After edit_check(): what a secondary may not take; else "". */
} edit_t;

/*!
 * Begins with the input as it is.
 *
 * \param txn    Nothing else may write in it until edit_store().
 * \param input  Id of the input's nodes.
 * \param apex   Zone name, lower case; borrowed.
 */
void edit_init(edit_t *edit, store_txn_t *txn, uint32_t input, const knot_dname_t *apex);
void edit_deinit(edit_t *edit);

/*!
 * Gives a name as it is after the changes so far.
 *
 * \param owner  Lower case, in the zone.
 * \param node   Borrowed until edit_deinit(); its RRsets until the next change of them.
 * \return KNOT_EOK (also if there is nothing at the name), KNOT_ENOMEM, an error of the store
 */
int edit_node(edit_t *edit, const knot_dname_t *owner, edit_node_t **node);

/*!
 * Adds a record; the RRset's TTL becomes the record's.
 *
 * \param rdata  In canonical form.
 * \return KNOT_EOK (also if the record is there), KNOT_ENOMEM, KNOT_ELIMIT (there are 65535
 *         records)
 */
int edit_add(edit_node_t *node, uint16_t type, uint32_t ttl, const knot_rdata_t *rdata);

/*! Removes a record. \return KNOT_EOK, KNOT_ENOENT (there is no such record), KNOT_ENOMEM */
int edit_remove(edit_node_t *node, uint16_t type, const knot_rdata_t *rdata);

/*! Removes an RRset, if there is one. */
void edit_remove_rrset(edit_node_t *node, uint16_t type);

/*! \return Whether something differs from what is stored. */
bool edit_changed(const edit_t *edit);

/*! By how much an input grows; negative: it shrinks. */
typedef struct {
	int64_t bytes;          /*!< Of the stored forms. */
	int64_t rrsets, names;
} edit_growth_t;

/*! \return By how much the changes make the input grow. */
edit_growth_t edit_growth(const edit_t *edit);

/*!
 * Checks that the zone is sound after the changes: each name that changes, by rules_node_fault(),
 * nothing below a DNAME, and the chain of trust by trust_check().
 *
 * \param err  Name and reason.
 * \return KNOT_EOK, KNOT_ESEMCHECK, KNOT_ENOMEM, an error of the store
 */
int edit_check(edit_t *edit, char *err, size_t err_size);

/*!
 * Writes what has changed, within the transaction, and marks it as dirty.
 *
 * \param state    Its input's part is updated, and written.
 * \param changed  How many names have changed.
 * \return KNOT_EOK, KNOT_ENOMEM, or an error of the store: the transaction has to be aborted
 */
int edit_store(edit_t *edit, state_t *state, size_t *changed);
