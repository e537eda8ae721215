/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The configuration of an OpenDNSSEC, and the zones in its database, read.
 */
#pragma once

#include "hsm-adapter/xml.h"
#include "policy-engine/import/examine.h"
#include "policy-engine/migrate/notes.h"

/*! What there is of an OpenDNSSEC. */
typedef struct {
	hsm_xml_t conf, kasp;    /*!< conf.xml and kasp.xml, open. */
	hsm_conf_t tokens;       /*!< Its repositories. */
	policies_t policies;     /*!< Those that are sound. */
	char *kasp_file, *zonelist, *database, *signer_dir;
	hsm_t *hsm;
	examine_t zones;         /*!< Examined. */
	notes_t wrong;           /*!< Policies that are left out, and why. */
	notes_t advice;          /*!< What else is to be said of the files. */
	notes_t unlike;          /*!< Where zonelist.xml differs from the database. */
} opendnssec_t;

/*!
 * Reads conf.xml, and the files that it names; looks for the zones' keys in their tokens. Nothing is
 * written.
 *
 * \param database  kasp.db, instead of the one that conf.xml names; may be NULL.
 * \param out       opendnssec_deinit() frees its contents, also after a failure.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int opendnssec_read(const char *conf, const char *database, opendnssec_t *out, hsm_error_t *err);

/*! \return The element at that path below <Configuration>, as "Signer/WorkingDirectory"; NULL if there
 *          is none. */
xmlNode *opendnssec_find(const opendnssec_t *from, const char *path);

/*! \return Whether kasp.xml has a policy of that name, sound or not. */
bool opendnssec_has_policy(const opendnssec_t *from, const char *name);

/*! Frees the contents, not from itself. */
void opendnssec_deinit(opendnssec_t *from);
