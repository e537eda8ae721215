/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Reads a PIN, and wipes it from memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/kept.h"
#include "hsm-adapter/repository.h"

#define HSM_PIN_MAX 256 /*!< Bytes; the PINs of tokens are much shorter. */

/*! A PIN in memory, to be wiped by hsm_pin_wipe() after its use. */
typedef struct {
	char *text; /*!< A secret; NULL if none is given. */
	size_t len;
	bool given; /*!< False: the repository has none. */
	int why;    /*!< If none is given, though a person is asked for it: as kept_read(). */
	kept_id_t kept; /*!< Which of those that a person has given; 0: it is none of these. */
} hsm_pin_t;

/*!
 * Gets a repository's PIN, from <PIN> or the first line of <PINFile>, which nobody else may write,
 * nor everybody read, or <PINVariable>; without these, the one that a person has given.
 *
 * \param pin  Filled on success only.
 * \retval HSM_EOK, HSM_EPIN (unreadable, empty or too long), HSM_ENOMEM
 */
int hsm_pin_read(const hsm_repository_t *repository, hsm_pin_t *pin, hsm_error_t *err);

/*!
 * Reads a PIN from the first line of a file, by the same rules as <PINFile>.
 *
 * \param path  "-": standard input.
 * \retval HSM_EOK, HSM_EPIN, HSM_ENOMEM
 */
int hsm_pin_read_file(const char *path, hsm_pin_t *pin, hsm_error_t *err);

/*! Frees the PIN. */
void hsm_pin_wipe(hsm_pin_t *pin);

/*! \return Whether every user of the system can read that <PINFile>. */
bool hsm_pin_file_exposed(const char *pin_file);
