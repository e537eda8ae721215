/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Finds the name servers of a zone, or of its parent, by libunbound. Any thread may use it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define RESOLVER_NAME_MAX 256

typedef struct resolver resolver_t;

/*! One address of a name server. */
typedef struct {
	char name[RESOLVER_NAME_MAX]; /*!< Of the server. */
	struct sockaddr_storage address;
} parent_server_t;

typedef struct {
	parent_server_t *servers;
	size_t count;
} servers_t;

/*!
 * Starts a resolver, with a thread of its own.
 *
 * \param conf  A file in the form of unbound.conf; NULL = libunbound's defaults: it asks from the
 *              root on.
 * \return NULL on failure, then why has the reason.
 */
resolver_t *resolver_start(const char *conf, char *why, size_t why_size);

/*! Adds a user. \return resolver */
resolver_t *resolver_ref(resolver_t *resolver);

/*! Removes a user; the resolver ends with the last one. NULL is allowed. */
void resolver_unref(resolver_t *resolver);

/*! The zone whose parent is looked for. */
typedef struct {
	const char *zone; /*!< With trailing dot; not the root. Borrowed. */
	uint16_t port;    /*!< That the addresses get. */
	int stop_fd;      /*!< Becomes readable when the engine stops. */
} resolver_child_t;

/*!
 * Finds all addresses of all name servers of the closest zone above the child.
 *
 * \param servers  To be freed by servers_deinit() on success.
 * \param why      The reason on failure.
 * \return 0, or -1.
 */
int resolver_parent(resolver_t *resolver, const resolver_child_t *child, servers_t *servers,
                    char *why, size_t why_size);

/*!
 * Finds the addresses at which a zone's parent wants to be told of new CDS (RFC 9859).
 *
 * \param child    Its port does not count.
 * \param servers  With the port that the parent says; to be freed by servers_deinit() on success.
 * \param why      The reason on failure; if there is none: where none is.
 * \return 1; 0 = the parent has no DSYNC record for that; -1.
 */
int resolver_endpoint(resolver_t *resolver, const resolver_child_t *child, servers_t *servers,
                      char *why, size_t why_size);

/*! A zone whose own name servers are looked for. */
typedef struct {
	resolver_child_t zone;
	const char *const *names; /*!< Of more servers, as others say; with trailing dots. Borrowed. */
	size_t count;
} resolver_zone_t;

/*!
 * Finds all addresses of all name servers of a zone: of those that it names, and of the others.
 *
 * \param servers  To be freed by servers_deinit() on success.
 * \param ttl      The largest TTL of what was found, as far as it was not in a cache; seconds.
 * \param why      The reason on failure.
 * \return 0, or -1.
 */
int resolver_zone(resolver_t *resolver, const resolver_zone_t *zone, servers_t *servers,
                  uint32_t *ttl, char *why, size_t why_size);

/*! Adds an address at the end. \return 0, or -1 if out of memory. */
int servers_add(servers_t *servers, const char *name, const struct sockaddr_storage *address);

void servers_deinit(servers_t *servers);
