/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief The keys of a folder as objects: which handle is which file, and the halves that were used last.
 *
 * A key pair has two handles, for as long as its file is the same; no handle is given twice. All calls may
 * come from any thread.
 */
#pragma once

#include <pthread.h>

#include "hsm-adapter/folder/file.h"

/*! What is known of a file. */
typedef struct {
	char *id;            /*!< In hexadecimal; NULL: the file has gone, or is another one. */
	stamp_t stamp;       /*!< All zero: it was not looked at yet. */
	int64_t checked_ms;  /*!< When it was last, monotonic_ms(). */
	EVP_PKEY *pair;      /*!< NULL: not kept. */
	bool whole;          /*!< It is both halves, and not the public one alone. */
} shelf_key_t;

typedef struct {
	int folder;          /*!< Descriptor; borrowed. */
	pthread_mutex_t lock; /*!< Of all below. */
	shelf_key_t *keys;   /*!< By number. */
	size_t count, room;
	uint32_t *slots;     /*!< Number of a key plus one, by its CKA_ID's hash; 0: none. */
	size_t slot_count;   /*!< A power of two. */
	uint32_t *kept;      /*!< Numbers plus one of the keys that have a pair, a ring. */
	size_t next_kept;
} shelf_t;

/*! \return Whether there was memory for it */
bool shelf_init(shelf_t *shelf, int folder);
void shelf_deinit(shelf_t *shelf);

/*! Gives the number of a key whose file is there. \return CKR_OK, CKR_HOST_MEMORY, or as file_stamp() */
CK_RV shelf_find(shelf_t *shelf, const char *id, size_t *number);

/*! The same of a file that was seen just now: it is not looked at. */
CK_RV shelf_seen(shelf_t *shelf, const char *id, size_t *number);

/*! Copies the CKA_ID of a key, if its file is still the same. \return CKR_OK, CKR_OBJECT_HANDLE_INVALID, or
 *  as file_stamp() */
CK_RV shelf_id(shelf_t *shelf, size_t number, char id[2 * FILE_ID_MAX + 1]);

/*! Keeps what is in a key's file, for those who want it soon. \param pair  Borrowed. \param whole  Both halves,
 *  and not the public one alone. */
void shelf_keep(shelf_t *shelf, size_t number, EVP_PKEY *pair, bool whole);

/*! Gives the public half, of memory if it is kept, and looks at the file once a second only.
 *  \param pair  EVP_PKEY_free(). \return as shelf_id(), file_read() */
CK_RV shelf_public(shelf_t *shelf, size_t number, EVP_PKEY **pair);

/*! Gives both halves, in the same way. */
CK_RV shelf_private(shelf_t *shelf, size_t number, const char *passphrase, EVP_PKEY **pair);
