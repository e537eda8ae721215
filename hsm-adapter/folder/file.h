/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The files of a folder of keys: AB/ABCDEF.pem has the key pair of CKA_ID ABCDEF.
 *
 * What is in it: pem.h; its public half can be read without a passphrase. A file appears whole, and does not
 * change.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>
#include <p11-kit/p11-kit.h>

/*! Codes of our own, beside those of PKCS #11. */
#define CKR_FILE_FORBIDDEN (CKR_VENDOR_DEFINED | 0x4f4401UL) /*!< This process's user may not read it. */
#define CKR_FILE_BROKEN (CKR_VENDOR_DEFINED | 0x4f4402UL)    /*!< It is not what file_write() writes. */

#define FILE_ID_MAX 64 /*!< Bytes of the longest CKA_ID: its file's name has twice as many. */

/*! Which file that was: another one of the same name, a restored one say, has another stamp. */
typedef struct {
	uint64_t inode;
	int64_t seconds; /*!< When it was written. */
	long nanoseconds;
	int64_t size;
} stamp_t;

bool stamp_equal(const stamp_t *a, const stamp_t *b);

/*! \param folder  Descriptor, as in all calls. \param id  In lower-case hexadecimal, as in all calls.
 *  \return CKR_OK, CKR_OBJECT_HANDLE_INVALID (there is none), CKR_FILE_FORBIDDEN,
 *          CKR_DEVICE_ERROR */
CK_RV file_stamp(int folder, const char *id, stamp_t *stamp);

typedef enum {
	FILE_PUBLIC,  /*!< The public half alone, for which no passphrase is needed. */
	FILE_PRIVATE, /*!< Both. */
} file_half_t;

/*!
 * Reads a pair.
 *
 * \param passphrase  Of the private half; NULL: there is none.
 * \param pair        EVP_PKEY_free().
 * \return as file_stamp(); CKR_FILE_BROKEN, also if the file has no such half; CKR_PIN_INCORRECT,
 *         CKR_USER_NOT_LOGGED_IN (it needs a passphrase)
 */
CK_RV file_read(int folder, const char *id, file_half_t half, const char *passphrase, EVP_PKEY **pair,
                stamp_t *stamp);

/*!
 * Writes a pair, and has it on the disk: when this returns CKR_OK, it outlasts a loss of power.
 *
 * \param passphrase  NULL: the private half is not encrypted.
 * \param settle      Else it does so after file_settle(). After a loss of power before that, its file may be
 *                    there, but empty, and counts as none.
 * \return CKR_OK, CKR_DEVICE_MEMORY (the disk is full), CKR_TOKEN_WRITE_PROTECTED, CKR_FUNCTION_REJECTED
 *         (there is such a file already), CKR_DEVICE_ERROR
 */
CK_RV file_write(int folder, const char *id, const char *passphrase, EVP_PKEY *pair, bool settle);

/*! Has all that was written on the disk. \return CKR_OK, or as file_write() */
CK_RV file_settle(int folder);

/*! Removes a file, for good. \return as file_write(); CKR_OBJECT_HANDLE_INVALID: there is none */
CK_RV file_remove(int folder, const char *id);

/*! Calls for each file, until that does not return CKR_OK. \return what it returned; CKR_DEVICE_ERROR */
CK_RV file_each(int folder, CK_RV (*each)(void *ctx, const char *id), void *ctx);
