/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <keyutils.h>

#define TYPE "user"

/* Who reads it by its number does not possess it: a server's session keyring has no link to the user's. */
#define RIGHTS (KEY_POS_ALL | KEY_USR_VIEW | KEY_USR_READ | KEY_USR_WRITE | KEY_USR_SEARCH)

/*! \return The name of a token's PIN, to be freed; NULL: no memory. */
static char *name_of(const hsm_repository_t *repository)
{
	char slot[32] = "", user[32] = "", *name = NULL;
	if (repository->in_slot) {
		snprintf(slot, sizeof(slot), ":slot %lu", repository->slot);
	}
	if (repository->user_type != 0) {
		snprintf(user, sizeof(user), ":user 0x%lx", repository->user_type);
	}
	return asprintf(&name, "mod-opendnssec:%s:%s%s%s", repository->module,
	                repository->token_label, slot, user) < 0 ? NULL : name;
}

/*! \return What the last call failed for; a key that is no more is none. */
static int why(void)
{
	return errno == EKEYREVOKED || errno == EKEYEXPIRED || errno == EKEYREJECTED ? ENOKEY : errno;
}

static int find(const hsm_repository_t *repository, kept_id_t *id)
{
	char *name = name_of(repository);
	if (name == NULL) {
		return ENOMEM;
	}
	const long found = keyctl_search(KEY_SPEC_USER_KEYRING, TYPE, name, 0);
	const int ret = found >= 0 ? 0 : why();
	free(name);
	if (ret == 0) {
		*id = (kept_id_t)found;
	}
	return ret;
}

int kept_read(const hsm_repository_t *repository, char *text, size_t size, size_t *len, kept_id_t *id)
{
	kept_id_t found = 0;
	const int ret = find(repository, &found);
	if (ret != 0) {
		return ret;
	}
	const long got = keyctl_read(found, text, size);
	if (got < 0) {
		return why();
	}
	if ((size_t)got > size) {
		return EMSGSIZE;
	}
	*len = (size_t)got;
	*id = found;
	return 0;
}

int kept_put(const hsm_repository_t *repository, const char *text, size_t len)
{
	char *name = name_of(repository);
	if (name == NULL) {
		return ENOMEM;
	}
	/* Rights can be given to what one possesses: it is put into the thread's own keyring first. A link
	 * takes the place of that to another key of this name. */
	const key_serial_t key = add_key(TYPE, name, text, len, KEY_SPEC_THREAD_KEYRING);
	int ret = 0;
	if (key < 0 || keyctl_setperm(key, RIGHTS) != 0 ||
	    keyctl_link(key, KEY_SPEC_USER_KEYRING) != 0) {
		ret = why();
	}
	if (key >= 0) {
		(void)keyctl_unlink(key, KEY_SPEC_THREAD_KEYRING);
	}
	free(name);
	return ret;
}

void kept_forget(kept_id_t id)
{
	/* The first wipes it, whoever has found it. */
	(void)keyctl_revoke(id);
	(void)keyctl_unlink(id, KEY_SPEC_USER_KEYRING);
}

int kept_remove(const hsm_repository_t *repository)
{
	kept_id_t id = 0;
	const int ret = find(repository, &id);
	if (ret == 0) {
		kept_forget(id);
	}
	return ret;
}
