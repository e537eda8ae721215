/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What OpenDNSSEC's signer left behind of a zone: its last serial, and the keys it used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ODS_SIGNER_KEYS 64

/*! The signer's <WorkingDirectory>, where its conf.xml has no other. */
#define ODS_SIGNER_DIR "/var/lib/opendnssec/signer"

/*! What the enforcer had told the signer of a key. */
typedef struct {
	char locator[129];
	bool publish, sign_dnskey, sign_zone;
} ods_signer_key_t;

typedef struct {
	bool published;      /*!< There is a serial. */
	uint32_t serial;     /*!< The greatest serial that the signer can have published. */
	bool state;          /*!< There is a state file, and so the keys. */
	ods_signer_key_t keys[ODS_SIGNER_KEYS];
	size_t key_count;
} ods_signer_t;

/*!
 * Reads the signer's state file of a zone (ZONE.backup2), if there is one.
 *
 * \param dir   The signer's <WorkingDirectory>.
 * \param zone  Name, as kasp.db has it.
 * \param out   Added to.
 * \param err   Says what is wrong with the file.
 * \return 0, also if there is none; -1.
 */
int ods_signer_read(const char *dir, const char *zone, ods_signer_t *out, char *err,
                    size_t err_size);

/*!
 * Reads the serial of a zone file that the signer wrote, if there is one.
 *
 * \param out  Added to: the greater serial counts.
 * \return 0, also if there is none; -1.
 */
int ods_signer_read_zone(const char *path, ods_signer_t *out, char *err, size_t err_size);
