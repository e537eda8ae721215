/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Lists of named.conf: who may do something, and the servers to which it speaks.
 */
#pragma once

#include "policy-engine/migrate/named-text.h"
#include "policy-engine/migrate/notes.h"
#include "policy-engine/migrate/peers.h"

/*! What the words of a list mean. All is borrowed; what is not there is NULL. */
typedef struct {
	const named_block_t *all, *options, *view, *zone;
	const peers_t *keys;
	notes_t *notes;        /*!< Gets what is left out. */
	bool failed;           /*!< Memory ran out. */
} named_scope_t;

/*!
 * Appends those who match a list of addresses and keys. Who cannot be taken is left out; if they may not, with all
 * that follow: so nobody is let in whom named would not.
 */
void named_match_list(named_scope_t *scope, const named_statement_t *statement, peers_list_t *list);

/*! Appends the servers of primaries or also-notify, with port and key. */
void named_match_servers(named_scope_t *scope, const named_statement_t *statement, peers_list_t *list);

/*! Appends the hosts of servers, with any key or none. */
void named_match_hosts(named_scope_t *scope, const peers_list_t *servers, peers_list_t *list);
