/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reads conf.xml and kasp.xml, at the start and anew.
 */
#pragma once

#include "policy-engine/engine/parts.h"

/*!
 * Reads the kasp.xml that conf names, and opens the tokens. Logs warnings.
 *
 * \param policies  Filled; policies_deinit() frees it, also after a failure.
 * \param before    The policies so far; if one of them becomes unusable, this fails. NULL = none.
 * \param tokens    Filled on success only.
 * \return HSM_EOK, or another code and err.
 */
int reload_policies(const engine_conf_t *conf, policies_t *policies, const policies_t *before,
                    repos_t **tokens, hsm_error_t *err);

#define RELOAD_NOTE_MAX 400 /*!< Bytes. */

/*! What came of it. */
typedef struct {
	char problem[sizeof(((hsm_error_t *)0)->text)]; /*!< Why the files were not taken; "" = they
	                                                     were. */
	char note[RELOAD_NOTE_MAX]; /*!< What of them takes effect later; "" = nothing. */
} reload_result_t;

/*!
 * Reads conf.xml and kasp.xml anew. If a file is bad, or lacks a policy that zones have, the parts
 * keep what they have. Logs what came of it. Main thread, not locked.
 *
 * \param result  Filled.
 */
void reload_all(parts_t *parts, const char *conf_path, reload_result_t *result);

/*! Notes for the audit which policies are in force now, and which were before. Main thread, not
 *  locked.
 *  \return 0, or -1 if the database failed. */
int reload_note(parts_t *parts, const char *why);
