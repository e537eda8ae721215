/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Compares zonelist.xml with the zones of kasp.db, which count: OpenDNSSEC reads the file only when somebody
 *        says ods-enforcer zonelist import.
 */
#pragma once

#include "hsm-adapter/error.h"
#include "policy-engine/import/ods-db.h"
#include "policy-engine/migrate/notes.h"

/*!
 * Notes each zone that is in one of them only, or whose policy or adapters differ, with file and line. A file that
 * cannot be read is noted, too.
 *
 * \retval HSM_EOK, HSM_ENOMEM
 */
int zonelist_compare(const char *path, const ods_db_t *db, notes_t *notes);
