/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief A repository of conf.xml: a PKCS#11 token, and how to reach it; a folder of keys, which is used
 *        as one; or several that hold the same keys.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HSM_FOLDER_LABEL "PEM files" /*!< What a folder of keys has as its label. */

/*! An attribute of ours for keys that are made there, a CK_BBOOL: the key need not outlast a loss of power before
 *  hsm_settle(). */
#define HSM_FOLDER_UNSETTLED (CKA_VENDOR_DEFINED | 0x4f4401UL)
#define HSM_REPLICAS_MAX 32 /*!< More are taken for a mistake. */

/*! One <Repository> of <RepositoryList>. */
typedef struct {
	char *name;           /*!< Symbolic name, used by policies and key sets. */
	char **replicas;      /*!< Names of repositories that hold the same keys; this one then has
	                           no token of its own, and nothing of what is one's. */
	size_t replica_count; /*!< 0: it is a token. */
	char *replica_of;     /*!< The repository that this token is a replica of, or NULL. */
	char *module;         /*!< Path of the PKCS#11 library, or its name in p11-kit's configuration;
	                           or the folder of keys in PEM files. */
	bool folder;          /*!< It is that, and no PKCS#11 library. */
	char *token_label;    /*!< CKA_LABEL of the token, without padding. */
	char *arguments;      /*!< What C_Initialize gets as pReserved; NULL: nothing. */
	char *pin;            /*!< User PIN, or a folder's passphrase, by hsm_secret_copy(); NULL if it is
	                           in pin_file. */
	char *pin_file;       /*!< <PINFile>: absolute path, or the name of a systemd credential
	                           (looked up in $CREDENTIALS_DIRECTORY); NULL if pin is given. */
	char *pin_variable;   /*!< <PINVariable>: the variable of the environment that has it, or NULL. */
	bool asked;           /*!< It is in none of these: a person gives it, by "ods-hsm login". */
	unsigned long user_type; /*!< What C_Login is called with; 0: CKU_USER. */
	bool in_slot;         /*!< The token is that in the slot below, and no other of its label. */
	unsigned long slot;   /*!< CK_SLOT_ID. */
	size_t sessions;      /*!< Most sessions at the same time, 0 = no limit. */
	size_t capacity;      /*!< Most key pairs the token may hold, 0 = no limit. */
	bool require_backup;  /*!< No key may become active before its backup is confirmed. */
	bool skip_public_key; /*!< RSA: keep no public object in the token. */
	bool allow_extraction;/*!< Generate with CKA_EXTRACTABLE = true. */
} hsm_repository_t;

/*!
 * Copies a repository with all its strings.
 *
 * \param copy  Filled on success only; to be freed by hsm_repository_deinit().
 * \return Whether there was memory for it
 */
bool hsm_repository_copy(hsm_repository_t *copy, const hsm_repository_t *repository);

/*! Frees the strings of a repository; the PIN is wiped. */
void hsm_repository_deinit(hsm_repository_t *repository);
