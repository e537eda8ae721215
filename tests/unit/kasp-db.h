/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Makes databases as OpenDNSSEC's enforcer has them, good ones and bad ones.
 */
#pragma once

#include <stdint.h>

/*! The enforcer's numbers of a record's state. */
enum { H, R, O, U, N };

/*! A key of a zone, and its records. Everything else of it follows. */
typedef struct {
	int id, zone, pair;
	int role;              /*!< 1 KSK, 2 ZSK, 3 CSK. */
	int introducing;
	int ds, dnskey, rrsig_dnskey, rrsig;
	int ds_at_parent;
	int minimize;
	int64_t since;         /*!< Of all records. */
	int keytag;
} kasp_key_t;

/*! Makes an empty database of one policy, "default", ECDSA P-256, KSK and ZSK. */
void kasp_db_make(const char *path);

/*! Runs SQL, as of printf. */
void kasp_db_sql(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*! Adds a key pair. \param state  1 unused, 2 private, 3 shared. */
void kasp_db_pair(const char *path, int id, const char *locator, const char *repository, int role,
                  int state);

void kasp_db_zone(const char *path, int id, const char *name);

void kasp_db_key(const char *path, const kasp_key_t *key);
