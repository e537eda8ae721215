/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reads addns.xml: from whom OpenDNSSEC's signer takes a zone, and to whom it gives it.
 */
#pragma once

#include "hsm-adapter/error.h"
#include "policy-engine/migrate/notes.h"
#include "policy-engine/migrate/peers.h"

/*!
 * Reads an addns.xml.
 *
 * \param addns  Filled on success only; peers_deinit() frees its contents.
 * \param notes  Gets what cannot be taken, with its line.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int addns_read(const char *path, peers_t *addns, notes_t *notes, hsm_error_t *err);
