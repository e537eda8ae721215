/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/restore.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/text.h"
#include "common/trust.h"
#include "hsm-adapter/hsm.h"
#include "policy-engine/database/db.h"
#include "policy-engine/recover/files.h"

static int fail(char *err, const char *what, const char *why)
{
	snprintf(err, RESTORE_TEXT_MAX, "%s: %s", what, why);
	return -1;
}

/* -- checking ------------------------------------------------------------ */

/* The search for the key pairs. */
typedef struct {
	restore_t *restore;
	hsm_t *hsm;
} search_t;

/* \return Whether the token has the key pair. */
static bool has_pair(search_t *search, const db_token_key_t *key, hsm_error_t *err)
{
	hsm_key_t *found = NULL;
	const hsm_wanted_t wanted = {
		.repository = key->repository, .cka_id = key->cka_id, .algorithm = key->algorithm,
		.public = { .data = (uint8_t *)key->public_key, .size = key->public_key_len },
	};
	if (hsm_key_find(search->hsm, &wanted, &found, err) != HSM_EOK) {
		return false;
	}
	dnssec_binary_t public_key = hsm_key_public(found);
	bool same = public_key.size == key->public_key_len &&
	            memcmp(public_key.data, key->public_key, public_key.size) == 0;
	if (!same) {
		hsm_error_set(err, HSM_ENOKEY, 0, "the token has another key of that CKA_ID");
	}
	hsm_key_free(found);
	return same;
}

static int look_for(void *ctx, const db_token_key_t *key)
{
	search_t *search = ctx;
	hsm_error_t err = { 0 };
	restore_t *restore = search->restore;
	if (key->given == 0) {
		return 0;
	}
	if (has_pair(search, key, &err)) {
		restore->pairs++;
	} else if (restore->missing++ == 0) {
		snprintf(restore->first, sizeof(restore->first), "%s of repository %s: %s",
		         key->cka_id, key->repository, err.text);
		text_tame(restore->first);
	}
	return 0;
}

static int count_zone(void *ctx, const char *name)
{
	(void)name;
	(*(size_t *)ctx)++;
	return 0;
}

/* \return 0, or -1 and err. */
static int check_pairs(restore_t *restore, db_t *db, char *err)
{
	search_t search = { .restore = restore };
	hsm_error_t why = { 0 };
	if (hsm_open(&search.hsm, &restore->conf->tokens, &why) != HSM_EOK) {
		return fail(err, "tokens", why.text);
	}
	int ret = db_keys(db, look_for, &search);
	ret = ret == 0 ? db_zones(db, count_zone, &restore->zones) : ret;
	hsm_close(search.hsm);
	if (ret != 0) {
		return fail(err, "the copy", db_error(db));
	}
	if (restore->missing > 0 && restore->pairs == 0) {
		snprintf(err, RESTORE_TEXT_MAX,
		         "none of its %zu key pairs is in its token; restore "
		         "the tokens first. The first: %.700s",
		         restore->missing, restore->first);
		return -1;
	}
	return 0;
}

/* Refuses what others can write, folder or file: it becomes what the engine believes. The engine's user may
 * have written it, whom the database in use tells. \return 0, or -1 and err. */
static int refuse_others(const restore_t *restore, const char *path, char *err)
{
	struct stat st, own;
	if (stat(path, &st) != 0) {
		return fail(err, path, strerror(errno));
	}
	if (stat(restore->conf->datastore, &own) == 0 && st.st_uid == own.st_uid) {
		st.st_uid = geteuid();
	}
	const char *fault = trust_fault(&st);
	return fault != NULL ? fail(err, path, fault) : 0;
}

/* Copies the saved database beside the one in use. \return 0, or -1 and err. */
static int fetch(const restore_t *restore, const char *folder, const char *saved, char *err)
{
	if (!db_is_free(restore->conf->datastore)) {
		return fail(err, restore->conf->datastore, "a process has it open, most likely "
		            "ods-engine: stop it first");
	}
	return refuse_others(restore, folder, err) != 0 || refuse_others(restore, saved, err) != 0
	               ? -1
	               : files_copy(saved, restore->fresh, err, RESTORE_TEXT_MAX);
}

int restore_check(restore_t *restore, const engine_conf_t *conf, const char *folder, char *err)
{
	*restore = (restore_t){ .conf = conf };
	db_t *db = NULL;
	char *saved = files_path(folder, SAVED_DATABASE);
	if (saved == NULL || asprintf(&restore->fresh, "%s.new", conf->datastore) < 0) {
		restore->fresh = NULL;
		free(saved);
		return fail(err, folder, "out of memory");
	}
	unlink(restore->fresh); /* Of one that was interrupted. */
	int ret = fetch(restore, folder, saved, err);
	ret = ret == 0 ? db_open(&db, restore->fresh, err, RESTORE_TEXT_MAX) : ret;
	ret = ret == 0 ? check_pairs(restore, db, err) : ret;
	db_close(db);
	free(saved);
	return ret;
}

/* -- putting it in place ------------------------------------------------- */

/* Gives the copy the owner of what it replaces: ods may run as root, and the engine does not. */
static int give_away(const restore_t *restore, const char *folder)
{
	struct stat st;
	if (stat(restore->conf->datastore, &st) != 0 && stat(folder, &st) != 0) {
		return -1;
	}
	return geteuid() != 0 || chown(restore->fresh, st.st_uid, st.st_gid) == 0 ? 0 : -1;
}

/* Moves the database aside, with the files beside it that belong to it. \return 0, or -1. */
static int keep(const restore_t *restore, char *kept)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal", "" };
	const char *path = restore->conf->datastore;
	char stamp[32];
	struct tm tm;
	time_t now = time(NULL);
	struct stat st;
	kept[0] = '\0';
	if (stat(path, &st) != 0) {
		return errno == ENOENT ? 0 : -1;
	}
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	snprintf(kept, RESTORE_TEXT_MAX, "%s.before-%s", path, stamp);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char *from = NULL, *to = NULL;
		int ret = asprintf(&from, "%s%s", path, suffixes[i]) < 0 ||
		                          asprintf(&to, "%s%s", kept, suffixes[i]) < 0
		                  ? -1
		                  : rename(from, to);
		bool absent = ret != 0 && errno == ENOENT;
		free(from);
		free(to);
		if (ret != 0 && !absent) {
			return -1;
		}
	}
	return 0;
}

int restore_put(restore_t *restore, char *kept, char *err)
{
	char *copy = strdup(restore->conf->datastore);
	if (copy == NULL) {
		return fail(err, restore->conf->datastore, "out of memory");
	}
	const char *folder = dirname(copy);
	int ret = give_away(restore, folder) == 0 && keep(restore, kept) == 0 &&
	                          rename(restore->fresh, restore->conf->datastore) == 0 &&
	                          files_sync_folder(folder) == 0
	                  ? 0
	                  : fail(err, restore->conf->datastore, strerror(errno));
	free(copy);
	return ret;
}

void restore_deinit(restore_t *restore)
{
	if (restore->fresh != NULL) {
		unlink(restore->fresh);
	}
	free(restore->fresh);
	*restore = (restore_t){ 0 };
}
