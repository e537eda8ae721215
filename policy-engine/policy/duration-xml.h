/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Durations as elements of conf.xml and kasp.xml.
 */
#pragma once

#include <stdint.h>

#include "hsm-adapter/xml.h"

/*!
 * Reads an element that is a duration.
 *
 * \param seconds  Written on success only.
 * \param text     Gets the element's text, to be freed, on success only; may be NULL.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int duration_read(hsm_xml_t *xml, xmlNode *node, uint32_t *seconds, char **text);
