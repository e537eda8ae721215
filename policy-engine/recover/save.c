/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy-engine/base/event.h"
#include "policy-engine/recover/files.h"
#include "policy-engine/signer/query.h"

typedef struct {
	const save_t *what;
	char *folder; /* While it is written to. */
	char **names; /* Of the zones that the module has. */
	size_t name_count, name_size;
	size_t sets, pairs;
	char *text;
	size_t text_size;
	FILE *out; /* The file that is being written. */
} run_t;

static int fail(run_t *run, const char *what, const char *why)
{
	snprintf(run->text, run->text_size, "not saved: %s: %s", what, why);
	return -1;
}

/* -- database ------------------------------------------------------------ */

static int save_database(run_t *run)
{
	desk_t *desk = run->what->desk;
	char *path = files_path(run->folder, SAVED_DATABASE);
	if (path == NULL) {
		return fail(run, SAVED_DATABASE, "out of memory");
	}
	pthread_mutex_lock(&desk->lock);
	db_copy_t *copy = db_copy_begin(desk->db, path);
	int ret = copy != NULL ? 1 : -1;
	while (ret > 0) {
		ret = db_copy_some(copy);
		if (ret > 0) { /* Others have their turn. */
			pthread_mutex_unlock(&desk->lock);
			pthread_mutex_lock(&desk->lock);
		}
	}
	if (db_copy_end(copy) != 0) {
		ret = fail(run, SAVED_DATABASE, db_error(desk->db));
	}
	pthread_mutex_unlock(&desk->lock);
	free(path);
	return ret;
}

/* -- key pairs ----------------------------------------------------------- */

static int write_pair(void *ctx, const db_token_key_t *key)
{
	run_t *run = ctx;
	fprintf(run->out, "%s %s %u %u %u\n", key->repository, key->cka_id, key->algorithm,
	        key->bits, key->given);
	run->pairs++;
	return 0;
}

/* Opens a file of the copy. \return 0, or -1. */
static int begin(run_t *run, const char *name)
{
	char *path = files_path(run->folder, name);
	run->out = path != NULL ? files_create(path) : NULL;
	free(path);
	return run->out != NULL ? 0 : fail(run, name, strerror(errno));
}

static int save_pairs(run_t *run)
{
	desk_t *desk = run->what->desk;
	if (begin(run, SAVED_PAIRS) != 0) {
		return -1;
	}
	pthread_mutex_lock(&desk->lock);
	int ret = db_keys(desk->db, write_pair, run);
	if (ret != 0) {
		fail(run, SAVED_PAIRS, db_error(desk->db));
	}
	pthread_mutex_unlock(&desk->lock);
	if (files_finish(run->out) != 0 && ret == 0) {
		ret = fail(run, SAVED_PAIRS, strerror(errno));
	}
	return ret;
}

/* -- key sets ------------------------------------------------------------ */

static void add_name(void *ctx, live_zone_t *zone)
{
	run_t *run = ctx;
	char *name = run->name_count < run->name_size ? strdup(zone->name) : NULL;
	if (name != NULL) {
		run->names[run->name_count++] = name;
	}
}

/* Writes the key sets of some zones. \return Whether the module answered. */
static bool write_sets(run_t *run, const char *socket, size_t from)
{
	char err[512];
	query_keyset_t sets[QUERY_MAX];
	size_t count = run->name_count - from < QUERY_MAX ? run->name_count - from : QUERY_MAX;
	for (size_t i = 0; i < count; i++) {
		sets[i] = (query_keyset_t){ .zone = run->names[from + i] };
	}
	bool good = query_keysets(socket, sets, count, err, sizeof(err)) == 0;
	for (size_t i = 0; i < count; i++) {
		if (good && sets[i].text != NULL) {
			fprintf(run->out, "zone %s\n%s", sets[i].zone, sets[i].text);
			run->sets++;
		}
	}
	query_keysets_deinit(sets, count);
	return good;
}

/* Without the module there are none: the database has what they are made of. */
static int save_keysets(run_t *run)
{
	desk_t *desk = run->what->desk;
	if (begin(run, SAVED_KEYSETS) != 0) {
		return -1;
	}
	pthread_mutex_lock(&desk->lock);
	char *socket = strdup(desk->conf.signer_socket);
	run->name_size = desk->live.count;
	run->names = calloc(run->name_size > 0 ? run->name_size : 1, sizeof(*run->names));
	if (run->names != NULL) {
		live_each(&desk->live, add_name, run);
	}
	pthread_mutex_unlock(&desk->lock);
	bool answers = socket != NULL;
	for (size_t i = 0; i < run->name_count && answers; i += QUERY_MAX) {
		answers = write_sets(run, socket, i);
	}
	free(socket);
	return files_finish(run->out) == 0 ? 0 : fail(run, SAVED_KEYSETS, strerror(errno));
}

/* -- all of it ----------------------------------------------------------- */

static int save_file(run_t *run, const char *from, const char *name)
{
	char err[512];
	char *to = files_path(run->folder, name);
	int ret = to == NULL                                    ? fail(run, name, "out of memory")
	          : files_copy(from, to, err, sizeof(err)) != 0 ? fail(run, name, err)
	                                                        : 0;
	free(to);
	return ret;
}

static int save_policy(run_t *run)
{
	desk_t *desk = run->what->desk;
	pthread_mutex_lock(&desk->lock);
	char *path = strdup(desk->conf.policy_file);
	pthread_mutex_unlock(&desk->lock);
	int ret = path != NULL ? save_file(run, path, SAVED_KASP)
	                       : fail(run, SAVED_KASP, "out of memory");
	free(path);
	return ret;
}

static void remove_all(const char *folder)
{
	static const char *const names[] = { SAVED_DATABASE, SAVED_DATABASE "-journal",
		                             SAVED_CONF,     SAVED_KASP,
		                             SAVED_KEYSETS,  SAVED_PAIRS };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = files_path(folder, names[i]);
		if (path != NULL) {
			unlink(path);
		}
		free(path);
	}
	rmdir(folder);
}

static int fill(run_t *run)
{
	int ret = save_database(run);
	ret = ret == 0 ? save_file(run, run->what->conf_path, SAVED_CONF) : ret;
	ret = ret == 0 ? save_policy(run) : ret;
	ret = ret == 0 ? save_pairs(run) : ret;
	ret = ret == 0 ? save_keysets(run) : ret;
	if (ret == 0 && files_sync_folder(run->folder) != 0) {
		ret = fail(run, run->folder, strerror(errno));
	}
	if (ret == 0 && rename(run->folder, run->what->folder) != 0) {
		ret = fail(run, run->what->folder, strerror(errno));
	}
	return ret;
}

static void say_done(run_t *run)
{
	snprintf(run->text, run->text_size,
	         "saved in %s: the database, conf.xml, kasp.xml, the key "
	         "sets of %zu of %zu zones%s. Save the tokens by the HSM's own means: they have to "
	         "have the %zu key pairs in " SAVED_PAIRS,
	         run->what->folder, run->sets, run->name_count,
	         run->sets < run->name_count ? " (the signer gave no others)" : "", run->pairs);
	log_about(LOG_INFO, (about_t){ .event = "backup" },
	          "%s", run->text);
}

/* The copy is there, whether that is noted or not. */
static void note_saved(desk_t *desk)
{
	pthread_mutex_lock(&desk->lock);
	if (db_begin(desk->db) != 0 ||
	    db_moment_put(desk->db, DB_MOMENT_SAVED, time(NULL)) != 0 || db_commit(desk->db) != 0) {
		db_rollback(desk->db);
	}
	pthread_mutex_unlock(&desk->lock);
}

int save_run(const save_t *what, char *text, size_t text_size)
{
	run_t run = { .what = what, .text = text, .text_size = text_size };
	struct stat st;
	if (lstat(what->folder, &st) == 0) {
		return fail(&run, what->folder, "it is there already; name a new folder");
	}
	if (asprintf(&run.folder, "%s.new", what->folder) < 0) {
		return fail(&run, what->folder, "out of memory");
	}
	remove_all(run.folder); /* Of one that was interrupted. */
	int ret =
		mkdir(run.folder, 0700) == 0 ? fill(&run) : fail(&run, run.folder, strerror(errno));
	if (ret == 0) {
		note_saved(what->desk);
		say_done(&run);
	} else {
		remove_all(run.folder);
	}
	for (size_t i = 0; i < run.name_count; i++) {
		free(run.names[i]);
	}
	free(run.names);
	free(run.folder);
	return ret;
}
