/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Whether a key works: it has to make a good signature.
 */
#pragma once

#include "hsm-adapter/hsm.h"

/*! Finds a key, and has it sign. \retval HSM_EOK, HSM_EDEVICE (a wrong signature), as hsm_key_find() */
int hsm_prove(hsm_t *hsm, const char *repository, const char *cka_id, uint8_t algorithm,
              hsm_error_t *err);
