/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The signers from which zones are taken over.
 */
#pragma once

#include "policy-engine/import/source.h"

/*! \param option  For --from; NULL = "opendnssec". \return NULL if there is none. */
const source_kind_t *source_kind(const char *option);
