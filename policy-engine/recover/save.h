/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Saves a copy of all that the engine of a running system knows: ods save.
 *
 * The copy is a folder: the database, conf.xml, kasp.xml, the key sets that the module has
 * ("keysets": for each zone a line "zone NAME", then its text), and which key pairs the tokens have
 * to have ("key-pairs": repository, CKA_ID, algorithm, bits, number of zones). It has no private
 * keys: the tokens are saved by the HSM's own means.
 */
#pragma once

#include "policy-engine/desk/desk.h"

/*! What is to be saved. All is borrowed. */
typedef struct {
	desk_t *desk;
	const char *conf_path; /*!< conf.xml. */
	const char *folder;    /*!< Absolute path; must not exist. */
} save_t;

/*!
 * Saves it. Any thread, not locked.
 *
 * \param text  What was saved and what was not, or why nothing was; one line.
 * \return 0, or -1; then the folder is not there.
 */
int save_run(const save_t *what, char *text, size_t text_size);
