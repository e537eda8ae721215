/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief From whom a signer takes zones, and to whom it gives them, in the words of knot.conf.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*! A key of TSIG. */
typedef struct {
	char *name;       /*!< As zone_name_canonical() makes it. */
	char *algorithm;  /*!< As knot.conf has it. */
	char *secret;     /*!< Base64; wiped when it is freed. */
} peers_key_t;

/*! A server, or whoever may ask. */
typedef struct {
	char *address;    /*!< As knot.conf has it: ADDRESS, ADDRESS@PORT; of a peer also a prefix or a
	                       range; NULL = any. */
	char *key;        /*!< Name of its key, which is among the keys; NULL = none. */
	bool any_key;     /*!< Requests with any of the keys are meant, too; key is NULL. */
	bool deny;        /*!< Who it is about may not. */
} peers_peer_t;

typedef struct {
	peers_peer_t *peers;
	size_t count;
} peers_list_t;

/*! What an addns.xml says, or a named.conf. */
typedef struct {
	char *path;
	peers_key_t *keys;
	size_t key_count;
	peers_list_t primaries; /*!< From whom the zone comes. */
	peers_list_t notifiers; /*!< Who may send NOTIFY. */
	peers_list_t takers;    /*!< Who may transfer it; the first that fits counts. */
	peers_list_t notified;  /*!< Who is sent NOTIFY. */
} peers_t;

/*! \return Whether the text is an address of IPv4 or IPv6, without a port. */
bool peers_is_address(const char *text);

/*!
 * Turns a prefix of OpenDNSSEC or BIND, ADDRESS, ADDRESS/LENGTH, ADDRESS&MASK or ADDRESS-ADDRESS, into one of Knot.
 *
 * \return To be freed; NULL if there is none, or no memory.
 */
char *peers_prefix(const char *text);

/*! \return ADDRESS@PORT, to be freed; NULL if it is no address, or there is no memory. */
char *peers_address(const char *text, unsigned port);

/*! Brings a key into the form that peers_key_t says. \return Why knot.conf cannot have it; NULL: it can. */
const char *peers_form_key(peers_key_t *key);

/*! \return The key of that name, which is canonical; NULL: there is none. */
const peers_key_t *peers_find_key(const peers_t *peers, const char *name);

/*! Frees the contents, not key itself; the secret is wiped. */
void peers_key_deinit(peers_key_t *key);

/*! Frees the contents, not list itself. */
void peers_list_deinit(peers_list_t *list);

/*! Frees the contents, not peers itself; secrets are wiped. */
void peers_deinit(peers_t *peers);
