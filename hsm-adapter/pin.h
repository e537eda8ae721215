/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Where a PIN is, and how long it stays in memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "hsm-adapter/error.h"
#include "hsm-adapter/repository.h"

#define HSM_PIN_MAX 256

/*! A PIN in memory; hsm_pin_wipe() when it is no longer needed. */
typedef struct {
	char text[HSM_PIN_MAX + 1];
	size_t len;
	bool given; /*!< False: the repository has none. */
} hsm_pin_t;

/*!
 * Gets a repository's PIN, from <PIN> or the first line of <PINFile>.
 *
 * \retval HSM_EOK, HSM_EPIN (unreadable, empty or too long)
 */
int hsm_pin_read(const hsm_repository_t *repository, hsm_pin_t *pin, hsm_error_t *err);

void hsm_pin_wipe(hsm_pin_t *pin);

/*! \return True if anybody on the machine can read that <PINFile>. */
bool hsm_pin_file_exposed(const char *pin_file);
