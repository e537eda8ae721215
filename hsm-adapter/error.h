/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief Error codes of the HSM adapter, the text that goes with one, and warnings.
 */
#pragma once

#include <stdbool.h>

/*! Return codes: 0, or negative. */
enum {
	HSM_EOK = 0,
	HSM_ENOMEM = -1,
	HSM_ECONF = -2,      /*!< conf.xml is wrong; needs an edit. */
	HSM_EMODULE = -3,    /*!< The PKCS#11 library cannot be loaded or initialised. */
	HSM_ETOKEN = -4,     /*!< No such token, or it is gone; trying again later may help. */
	HSM_EPIN = -5,       /*!< PIN wrong, locked or unreadable; do not try again unasked. */
	HSM_ENOKEY = -6,     /*!< No such key in the token. */
	HSM_EALGORITHM = -7, /*!< The token or the adapter cannot do this algorithm or key size. */
	HSM_ECAPACITY = -8,  /*!< <Capacity> reached, or the token is full. */
	HSM_EDEVICE = -9,    /*!< Any other failure of the token. */
	HSM_EREPOSITORY = -10, /*!< conf.xml has no repository of that name. */
	HSM_EEXISTS = -11,   /*!< The token has a key of that CKA_ID already. */
	HSM_ESESSIONS = -12, /*!< No session is left, of the token's or of <Sessions>. */
	HSM_ELOGIN = -13,    /*!< The token waits for "ods-hsm login"; trying again later may help. */
};

/*! What went wrong, for an operator. Only a function that fails fills it. */
typedef struct {
	unsigned long rv; /*!< CK_RV of the failing PKCS#11 call, 0 (CKR_OK) if none failed. */
	char text[512];   /*!< One line: what, where (file, line, repository, key), what to do. */
} hsm_error_t;

/*! \return Whether a code says that the token does not work, and not only that it does not do what was
 *          asked. */
bool hsm_error_is_outage(int code);

/*! Called for each thing in a configuration file that is ignored; text names file and line. */
typedef void (*hsm_warn_f)(void *ctx, const char *text);

/*!
 * Fills err, if there is one; what does not show in the text becomes '?'.
 *
 * \param err   May be NULL.
 * \param code  One of the codes above.
 * \param rv    CK_RV of the call that failed, 0 if none did.
 * \return code, so that a function can end with it.
 */
int hsm_error_set(hsm_error_t *err, int code, unsigned long rv, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
