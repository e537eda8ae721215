/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Memory for PINs: not swapped, in no core file, not in a child, wiped when it is freed.
 */
#pragma once

#include <stddef.h>

/*! \return HSM_SECRET_MAX bytes of zeros; NULL if there is no memory. hsm_secret_free() frees them. */
char *hsm_secret_new(void);

/*! \return A copy of a text, NULL if there is no memory, or it is longer than HSM_SECRET_MAX - 1. */
char *hsm_secret_copy(const char *text);

/*! Wipes and frees. NULL is allowed. */
void hsm_secret_free(char *secret);

/*!
 * Takes a secret out of the environment. What has it there is wiped; the secret is in memory as hsm_secret_new()'s from
 * then on, and programs that command_run() runs do not get it. May be called again: as conf.xml is.
 *
 * \return The variable's value, borrowed for ever; NULL: it is not set, or too long, or there is no memory.
 */
const char *hsm_secret_variable(const char *name);

/*! Has libxml2 wipe what it frees, in the whole process: a document may have a PIN in it. */
void hsm_secret_of_libxml(void);

#define HSM_SECRET_MAX 1024 /*!< Bytes of a secret. */
