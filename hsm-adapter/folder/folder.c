/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/folder/folder.h"

#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/trust.h"
#include "hsm-adapter/folder/objects.h"
#include "hsm-adapter/folder/session.h"
#include "hsm-adapter/secret.h"

#define MODULUS_MIN 1024
#define MODULUS_MAX 4096

/*** The folder. ***/

/*! \return What is wrong with the folder's rights, and what to do; NULL: nothing */
static const char *fault_of(const struct stat *st)
{
	if (st->st_mode & S_IRWXO) {
		return "everybody can get into it, and private keys are in it; chmod o-rwx";
	}
	/* Root makes keys for who has the folder. */
	return geteuid() == 0 ? NULL : trust_fault(st);
}

static int complain(const hsm_repository_t *repository, const char *what, hsm_error_t *err)
{
	return hsm_error_set(err, HSM_EMODULE, 0, "repository \"%s\": the folder %s: %s",
	                     repository->name, repository->module, what);
}

/*! Opens a folder that is there. */
static int open_path(const hsm_repository_t *repository, int *opened, hsm_error_t *err)
{
	struct stat st;
	const int fd = open(repository->module, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return hsm_error_set(err, HSM_EMODULE, 0, "repository \"%s\": the folder %s: %s; "
		                     "check <Folder>, \"ods-hsm init\" makes it", repository->name,
		                     repository->module, strerror(errno));
	}
	const char *fault = fstat(fd, &st) != 0 ? strerror(errno) : fault_of(&st);
	if (fault != NULL) {
		close(fd);
		return complain(repository, fault, err);
	}
	*opened = fd;
	return HSM_EOK;
}

int folder_open(const hsm_repository_t *repository, folder_t **folder, hsm_error_t *err)
{
	int fd = -1;
	int ret = open_path(repository, &fd, err);
	if (ret != HSM_EOK) {
		return ret;
	}
	folder_t *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		close(fd);
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	opened->fd = fd;
	opened->encrypted = repository->pin != NULL || repository->pin_file != NULL;
	opened->path = strdup(repository->module);
	pthread_mutex_init(&opened->lock, NULL);
	if (!shelf_init(&opened->shelf, fd) || opened->path == NULL) {
		folder_close(opened);
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	*folder = opened;
	return HSM_EOK;
}

void folder_close(folder_t *folder)
{
	while (folder->sessions != NULL) {
		session_close(folder->sessions);
	}
	shelf_deinit(&folder->shelf);
	hsm_secret_free(folder->passphrase);
	pthread_mutex_destroy(&folder->lock);
	free(folder->path);
	close(folder->fd);
	free(folder);
}

int folder_make(const hsm_repository_t *repository, hsm_error_t *err)
{
	struct stat st;
	char *above = strdup(repository->module);
	if (above == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	const bool known = stat(dirname(above), &st) == 0;
	free(above);
	if (!known || mkdir(repository->module, 0700) != 0) {
		const int code = known && errno == EEXIST ? HSM_EEXISTS : HSM_EMODULE;
		(void)complain(repository, strerror(errno), err);
		return code;
	}
	if (geteuid() == 0 && (chown(repository->module, st.st_uid, st.st_gid) != 0 ||
	                       chmod(repository->module, 0750) != 0)) {
		return complain(repository, strerror(errno), err);
	}
	return HSM_EOK;
}

CK_RV folder_settle(folder_t *folder)
{
	return file_settle(folder->fd);
}

/*** Slot and token. ***/

CK_SLOT_ID folder_slot(folder_t *folder)
{
	return (CK_SLOT_ID)(uintptr_t)folder;
}

static folder_t *folder_of(CK_SLOT_ID slot)
{
	return (folder_t *)(uintptr_t)slot;
}

/*! \return Whether the path leads to the folder that was opened: another disk may be there now. */
static bool is_there(const folder_t *folder)
{
	struct stat opened, st;
	return fstat(folder->fd, &opened) == 0 && stat(folder->path, &st) == 0 &&
	       opened.st_ino == st.st_ino && opened.st_dev == st.st_dev && fault_of(&st) == NULL;
}

/*! Copies a text as PKCS #11 has it: padded by blanks. */
static void pad(CK_UTF8CHAR *to, size_t size, const char *text)
{
	memset(to, ' ', size);
	memcpy(to, text, strlen(text));
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	const folder_t *folder = folder_of(slot);
	if (!is_there(folder)) {
		return CKR_TOKEN_NOT_PRESENT;
	}
	*info = (CK_TOKEN_INFO){
		.flags = CKF_TOKEN_INITIALIZED | (folder->encrypted ? CKF_LOGIN_REQUIRED : 0),
		.ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION,
		.ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION,
	};
	pad(info->label, sizeof(info->label), HSM_FOLDER_LABEL);
	pad(info->manufacturerID, sizeof(info->manufacturerID), "mod-opendnssec");
	pad(info->model, sizeof(info->model), "OpenSSL");
	pad(info->serialNumber, sizeof(info->serialNumber), "none");
	return CKR_OK;
}

/*! What is offered: generation, and signatures by what stands one place after it. */
static const CK_MECHANISM_TYPE MECHANISMS[] = {
	CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA,
	CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA,
};

#define MECHANISM_COUNT (sizeof(MECHANISMS) / sizeof(MECHANISMS[0]))

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	(void)slot;
	if (list != NULL) {
		if (*count < MECHANISM_COUNT) {
			return CKR_BUFFER_TOO_SMALL;
		}
		memcpy(list, MECHANISMS, sizeof(MECHANISMS));
	}
	*count = MECHANISM_COUNT;
	return CKR_OK;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	(void)slot;
	for (size_t i = 0; i < MECHANISM_COUNT; i++) {
		if (MECHANISMS[i] == type) {
			*info = (CK_MECHANISM_INFO){
				.flags = i % 2 == 0 ? CKF_GENERATE_KEY_PAIR : CKF_SIGN,
				.ulMinKeySize = type == CKM_RSA_PKCS_KEY_PAIR_GEN ? MODULUS_MIN : 256,
				.ulMaxKeySize = type == CKM_RSA_PKCS_KEY_PAIR_GEN ? MODULUS_MAX :
				                type == CKM_EC_KEY_PAIR_GEN ? 384 : 456,
			};
			return CKR_OK;
		}
	}
	return CKR_MECHANISM_INVALID;
}

/*** Sessions. ***/

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *handle)
{
	(void)flags;
	(void)application;
	(void)notify;
	session_t *session = session_open(folder_of(slot));
	if (session == NULL) {
		return CKR_HOST_MEMORY;
	}
	*handle = (CK_SESSION_HANDLE)(uintptr_t)session;
	return CKR_OK;
}

static CK_RV close_session(CK_SESSION_HANDLE handle)
{
	session_close(session_of(handle));
	return CKR_OK;
}

static CK_RV get_session_info(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info)
{
	folder_t *folder = session_of(handle)->folder;
	*info = (CK_SESSION_INFO){
		.slotID = folder_slot(folder),
		.state = folder_passphrase(folder) != NULL ? CKS_RW_USER_FUNCTIONS
		                                           : CKS_RW_PUBLIC_SESSION,
		.flags = CKF_SERIAL_SESSION | CKF_RW_SESSION,
	};
	return CKR_OK;
}

/*! A key that the passphrase is tried with. */
typedef struct {
	const folder_t *folder;
	const char *passphrase;
	unsigned refused; /*!< By so many keys. */
} trial_t;

/*! Keys that are tried: one that came from elsewhere, with a passphrase of its own, locks no other away. */
#define TRIALS 8

/*! Opens a key. \return CKR_CANCEL: it can be opened; CKR_OK: go on */
static CK_RV try_key(void *ctx, const char *id)
{
	trial_t *trial = ctx;
	stamp_t stamp;
	EVP_PKEY *pair = NULL;
	CK_RV rv = file_read(trial->folder->fd, id, FILE_PRIVATE, trial->passphrase, &pair, &stamp);
	EVP_PKEY_free(pair);
	trial->refused += rv == CKR_PIN_INCORRECT;
	return rv == CKR_OK ? CKR_CANCEL : trial->refused == TRIALS ? CKR_PIN_INCORRECT : CKR_OK;
}

static CK_RV login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	folder_t *folder = session_of(handle)->folder;
	char *passphrase = hsm_secret_new();
	if (user != CKU_USER || passphrase == NULL) {
		hsm_secret_free(passphrase);
		return passphrase == NULL ? CKR_HOST_MEMORY : CKR_USER_TYPE_INVALID;
	}
	if (len > 0 && len < HSM_SECRET_MAX) {
		memcpy(passphrase, pin, len);
	}
	trial_t trial = { folder, passphrase, 0 };
	CK_RV rv = passphrase[0] == '\0' ? CKR_PIN_LEN_RANGE
	                                 : file_each(folder->fd, try_key, &trial);
	if (rv == CKR_OK && trial.refused > 0) {
		rv = CKR_PIN_INCORRECT;
	}
	if (rv == CKR_OK || rv == CKR_CANCEL) {
		pthread_mutex_lock(&folder->lock);
		rv = folder->passphrase == NULL ? CKR_OK : CKR_USER_ALREADY_LOGGED_IN;
		if (rv == CKR_OK) {
			folder->passphrase = passphrase;
			passphrase = NULL;
		}
		pthread_mutex_unlock(&folder->lock);
	}
	hsm_secret_free(passphrase);
	return rv;
}

CK_FUNCTION_LIST *folder_functions(void)
{
	static CK_FUNCTION_LIST functions = {
		.C_GetTokenInfo = get_token_info,
		.C_GetMechanismList = get_mechanism_list,
		.C_GetMechanismInfo = get_mechanism_info,
		.C_OpenSession = open_session,
		.C_CloseSession = close_session,
		.C_GetSessionInfo = get_session_info,
		.C_Login = login,
		.C_CreateObject = folder_create_object,
		.C_DestroyObject = folder_destroy_object,
		.C_GetAttributeValue = folder_get_attributes,
		.C_FindObjectsInit = folder_find_init,
		.C_FindObjects = folder_find,
		.C_FindObjectsFinal = folder_find_final,
		.C_SignInit = folder_sign_init,
		.C_Sign = folder_sign,
		.C_GenerateKeyPair = folder_generate_pair,
		.C_WrapKey = folder_wrap,
	};
	return &functions;
}
