/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The content of a configuration file before it is parsed.
 */
#pragma once

#include <sys/types.h>
#include <stddef.h>

#include "hsm-adapter/error.h"

typedef struct {
	char *data;
	size_t size;
	mode_t mode; /*!< Of the file. */
} hsm_content_t;

/*!
 * Reads a file, of at most 4 MiB, that no stranger can have written, and refuses what libxml2 takes
 * minutes for.
 *
 * \param content  To be wiped by hsm_content_wipe(), also after a failure.
 * \retval HSM_EOK, HSM_ECONF, HSM_ENOMEM
 */
int hsm_content_read(const char *path, hsm_content_t *content, hsm_error_t *err);

/*! Wipes and frees: there may be a PIN in it. */
void hsm_content_wipe(hsm_content_t *content);
