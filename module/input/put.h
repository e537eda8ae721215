/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Stores a node of the input, and marks it dirty: not yet in the signed zone.
 */
#pragma once

#include "module/store/state.h"

/*!
 * \param state  Its in.count is that of the change, and becomes the mark's.
 * \param data   The node's stored form; data_len 0: the node goes.
 * \return KNOT_EOK, or an error of the store
 */
int put_node(store_txn_t *txn, const state_t *state, const uint8_t *key, size_t key_len,
             const uint8_t *data, size_t data_len);
