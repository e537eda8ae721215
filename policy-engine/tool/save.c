/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* ods save has the engine write a copy of what it knows; ods restore puts one in place. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/question.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/recover/files.h"
#include "policy-engine/recover/restore.h"
#include "policy-engine/tool/ask.h"
#include "policy-engine/tool/commands.h"

#define PATIENCE_MS 600000 /* Ten minutes: the module is asked for all key sets. */

/* The engine has another working directory, so it needs the full path. \return To be freed. */
static char *full_path(const char *path)
{
	char *here = path[0] != '/' ? getcwd(NULL, 0) : NULL, *full = NULL;
	if (path[0] == '/') {
		return strdup(path);
	}
	if (here != NULL) {
		full = files_path(here, path);
	}
	free(here);
	return full;
}

int tool_save(const invocation_t *run)
{
	char *folder = full_path(run->args[0]);
	if (folder == NULL) {
		fprintf(stderr, "ods: out of memory\n");
		return FAILED;
	}
	invocation_t patient = *run;
	patient.patience_ms = PATIENCE_MS;
	const ctl_unit_t unit = { .cmd = "save", .data = folder };
	int ret = tool_tell(&patient, &unit);
	free(folder);
	return ret;
}

/* Says which of the files of the copy differ from those in use. */
static void compare(const char *folder, const char *name, const char *path)
{
	char *saved = files_path(folder, name);
	if (saved != NULL && !files_same(saved, path)) {
		printf("%s differs from %s, which stays as it is: compare them.\n", path, saved);
	}
	free(saved);
}

static int put(restore_t *restore, const invocation_t *run)
{
	char err[RESTORE_TEXT_MAX], kept[RESTORE_TEXT_MAX];
	printf("The copy has %zu zones; the tokens have %zu of their %zu key pairs.\n",
	       restore->zones, restore->pairs, restore->pairs + restore->missing);
	if (restore->missing > 0) {
		printf("The others were removed since, or the tokens are older copies. The first: %s\n",
		       restore->first);
	}
	printf("It will be put in the place of %s, which is kept beside it.\n",
	       restore->conf->datastore);
	fflush(stdout);
	if (!run->yes && !question_confirmed("ods", "Do it?")) {
		return FAILED;
	}
	if (restore_put(restore, kept, err) != 0) {
		fprintf(stderr, "ods: %s\n", err);
		return FAILED;
	}
	if (kept[0] != '\0') {
		printf("The former database is %s.\n", kept);
	}
	printf("Done. Start ods-engine: it learns from the signer what is newer than the copy.\n");
	return DONE;
}

int tool_restore(const invocation_t *run)
{
	engine_conf_t conf = { 0 };
	hsm_error_t why = { 0 };
	restore_t restore;
	char err[RESTORE_TEXT_MAX];
	const char *path = run->conf != NULL ? run->conf : HSM_CONF_FILE;
	if (engine_conf_read(path, &conf, NULL, NULL, &why) != HSM_EOK) {
		fprintf(stderr, "ods: %s\n", why.text);
		return FAILED;
	}
	int ret = FAILED;
	if (restore_check(&restore, &conf, run->args[0], err) != 0) {
		fprintf(stderr, "ods: not restored: %s\n", err);
	} else {
		compare(run->args[0], SAVED_CONF, path);
		compare(run->args[0], SAVED_KASP, conf.policy_file);
		ret = put(&restore, run);
	}
	restore_deinit(&restore);
	engine_conf_deinit(&conf);
	return ret;
}
