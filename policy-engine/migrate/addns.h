/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reads addns.xml: from whom OpenDNSSEC's signer takes a zone, and to whom it gives it.
 */
#pragma once

#include "hsm-adapter/error.h"
#include "policy-engine/migrate/notes.h"

/*! A <TSIG>. */
typedef struct {
	char *name;       /*!< As zone_name_canonical() makes it. */
	char *algorithm;  /*!< As knot.conf has it. */
	char *secret;     /*!< Base64; wiped when it is freed. */
} addns_key_t;

/*! A <Remote>, or a <Peer>. */
typedef struct {
	char *address;    /*!< As knot.conf has it: ADDRESS, ADDRESS@PORT; of a peer also a prefix or a
	                       range; NULL = any. */
	char *key;        /*!< Name of its key, which the file has; NULL = none. */
} addns_peer_t;

typedef struct {
	addns_peer_t *peers;
	size_t count;
} addns_peers_t;

/*! An addns.xml. */
typedef struct {
	char *path;
	addns_key_t *keys;
	size_t key_count;
	addns_peers_t primaries; /*!< <RequestTransfer> */
	addns_peers_t notifiers; /*!< <AllowNotify> */
	addns_peers_t takers;    /*!< <ProvideTransfer> */
	addns_peers_t notified;  /*!< <Notify> */
} addns_t;

/*!
 * Reads an addns.xml.
 *
 * \param addns  Filled on success only; addns_deinit() frees its contents.
 * \param notes  Gets what cannot be taken, with its line.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int addns_read(const char *path, addns_t *addns, notes_t *notes, hsm_error_t *err);

/*! Frees the contents, not addns itself; secrets are wiped. */
void addns_deinit(addns_t *addns);
