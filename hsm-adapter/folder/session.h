/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What is behind a folder_t, and a session with it.
 */
#pragma once

#include <stdbool.h>

#include <p11-kit/p11-kit.h>

#include "hsm-adapter/folder/shelf.h"
#include "hsm-adapter/folder/signer.h"

#define WRAPPING_LEN 32 /* Bytes of the key that wraps another: AES-256. */

typedef struct folder folder_t;
typedef struct session session_t;

struct folder {
	int fd;                /*!< Of the folder. */
	char *path;
	bool encrypted;        /*!< By a passphrase. */
	shelf_t shelf;
	pthread_mutex_t lock;  /*!< Of all below. */
	char *passphrase;      /*!< A secret; NULL: nobody is logged in. Stays until the end. */
	session_t *sessions;   /*!< A list. */
};

/*! A session; one thread at a time uses it. Its address is its handle. */
struct session {
	folder_t *folder;
	session_t *next, *prev;
	CK_OBJECT_HANDLE *found; /*!< By C_FindObjectsInit(); owned. */
	size_t found_count, found_room, given;
	signer_t signer;         /*!< Kept from one signature to the next. */
	CK_MECHANISM_TYPE mechanism;
	uint8_t wrapping[WRAPPING_LEN]; /*!< The only secret key that it can have. */
};

/*! \return The session of a handle. */
session_t *session_of(CK_SESSION_HANDLE handle);

/*! \return NULL: out of memory */
session_t *session_open(folder_t *folder);

void session_close(session_t *session);

/*! \return The passphrase, NULL if there is none. Borrowed until the folder is closed. */
const char *folder_passphrase(folder_t *folder);

/*! \return CKR_OK, CKR_USER_NOT_LOGGED_IN: keys are encrypted, and the passphrase was not given */
CK_RV folder_is_open(folder_t *folder);
