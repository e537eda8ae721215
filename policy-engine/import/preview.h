/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What an import would do, told without an engine.
 *
 * Files and tokens are read, and nothing is written. An engine may know zones that it would leave alone.
 */
#pragma once

#include "hsm-adapter/error.h"
#include "policy-engine/import/import.h"

/*!
 * Looks at the zones that are to be taken over; reports each as an import that is a plan.
 *
 * \param conf  conf.xml: ours, or OpenDNSSEC's; by its repositories, and by its kasp.xml.
 * \param what  plan, beside and again do not matter.
 * \param err   Why nothing can be said.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM, or as hsm_open()
 */
int preview_run(const char *conf, const import_t *what, hsm_error_t *err);
