/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What is behind hsm_t: the tokens of all repositories of one conf.xml.
 */
#pragma once

#include "hsm-adapter/hsm.h"
#include "hsm-adapter/token/group.h"

/*! \return The repository's tokens; NULL, and err filled (HSM_EREPOSITORY), if there is none. */
const hsm_group_t *hsm_group(hsm_t *hsm, const char *repository, hsm_error_t *err);

/*! \return Whether a token stands by unseen: it was not asked yet, and a replica of its was. */
bool hsm_token_unseen(hsm_t *hsm, hsm_token_t *token);

/*! \return The token of that index; NULL: there are no more. */
hsm_token_t *hsm_token_at(hsm_t *hsm, size_t index);
