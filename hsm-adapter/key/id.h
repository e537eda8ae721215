/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A CKA_ID, by which both halves of a key pair are found.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hsm-adapter/error.h"

#define HSM_ID_MAX 256 /*!< Bytes of the longest CKA_ID that is supported. */

/*! A CKA_ID. */
typedef struct {
	uint8_t data[HSM_ID_MAX];
	size_t len;
	char hex[2 * HSM_ID_MAX + 1]; /*!< Lower-case. */
} hsm_id_t;

/*! Takes 1 to HSM_ID_MAX bytes. \retval HSM_EOK, HSM_ENOKEY (too long, or none) */
int hsm_id_set(hsm_id_t *id, const uint8_t *data, size_t len);

/*! Takes 16 random bytes, as many as in OpenDNSSEC. \retval HSM_EOK, HSM_EDEVICE */
int hsm_id_random(hsm_id_t *id, hsm_error_t *err);

/*! Takes hexadecimal digits of any case. \retval HSM_EOK, HSM_ENOKEY (no bytes in hexadecimal) */
int hsm_id_parse(hsm_id_t *id, const char *hex);

/*! The same, for who says why not. \param repository  For that. \retval HSM_EOK, HSM_ENOKEY */
int hsm_id_read(hsm_id_t *id, const char *repository, const char *hex, hsm_error_t *err);
