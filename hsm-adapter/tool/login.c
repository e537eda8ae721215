/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/question.h"
#include "hsm-adapter/kept.h"
#include "hsm-adapter/pin.h"
#include "hsm-adapter/secret.h"
#include "hsm-adapter/token/needs.h"
#include "hsm-adapter/tool/owner.h"

/*! Says why the system did not do what has to be done with a kept PIN. \return FAILED */
static int complain_of_keyring(const hsm_repository_t *repository, int why, const char *user)
{
	if (why == EREMOTE) {
		fprintf(stderr, "ods-hsm: repository \"%s\": the PIN is kept for the user of the servers, %s; "
		        "call ods-hsm as %s, or as root\n", repository->name, user, user);
		return FAILED;
	}
	fprintf(stderr, "ods-hsm: repository \"%s\": the keyring of %s cannot be used: %s%s\n",
	        repository->name, user, strerror(why), why == ENOSYS || why == EPERM || why == EACCES
	        ? "; where it is not to be had, as in some containers, use <PINFile>" : "");
	return FAILED;
}

/*! Tries the PIN that it has, at the token. \param last_try  As hsm_login(). */
static int log_in(const hsm_repository_t *repository, bool last_try, hsm_error_t *err)
{
	const hsm_conf_t conf = { .repositories = (hsm_repository_t *)repository, .count = 1 };
	hsm_t *hsm = NULL;
	int ret = hsm_open(&hsm, &conf, err);
	if (ret == HSM_EOK) {
		ret = hsm_login(hsm, repository->name, last_try, err);
	}
	hsm_close(hsm);
	return ret;
}

static int put(void *ctx)
{
	const hsm_repository_t *repository = ctx;
	return kept_put(repository, repository->pin, strlen(repository->pin));
}

/*! Tries a PIN, and has it kept if it is the right one. */
static int try_and_keep(const run_t *run, const hsm_repository_t *repository, char *pin)
{
	char user[64];
	hsm_error_t err;
	hsm_repository_t with = *repository;
	with.pin = pin;
	/* Not to be tried again, whatever comes of it: this process ends. */
	if (log_in(&with, true, &err) != HSM_EOK) {
		return complain(&err);
	}
	const int why = owner_do(run->conf, put, &with, user);
	if (why != 0) {
		return complain_of_keyring(repository, why, user);
	}
	printf("repository \"%s\": logged in; the servers of user %s have the PIN, until ods-hsm logout or a "
	       "reboot\n", repository->name, user);
	return DONE;
}

static int nothing(void *ctx)
{
	const hsm_repository_t *repository = ctx;
	char none[1];
	size_t len = 0;
	kept_id_t id = 0;
	const int why = kept_read(repository, none, 0, &len, &id);
	return why == ENOKEY || why == EMSGSIZE ? 0 : why;
}

/*! Asks for a PIN. */
static int ask(const run_t *run, const hsm_repository_t *repository)
{
	char question[300], user[64];
	/* It is not asked for in vain. */
	const int why = owner_do(run->conf, nothing, (void *)repository, user);
	if (why != 0) {
		return complain_of_keyring(repository, why, user);
	}
	char *pin = hsm_secret_new();
	if (pin == NULL) {
		fprintf(stderr, "ods-hsm: out of memory\n");
		return FAILED;
	}
	snprintf(question, sizeof(question), "PIN of repository \"%.100s\", token \"%.100s\"",
	         repository->name, repository->token_label);
	const char *fault = question_secret(question, pin, HSM_PIN_MAX);
	int ret = FAILED;
	if (fault != NULL) {
		fprintf(stderr, "ods-hsm: repository \"%s\": no PIN: %s\n", repository->name, fault);
	} else {
		ret = try_and_keep(run, repository, pin);
	}
	hsm_secret_free(pin);
	return ret;
}

static int login_one(const run_t *run, const hsm_repository_t *repository)
{
	if (repository->replica_count > 0) {
		return DONE; /* Each of them is a repository. */
	}
	hsm_error_t err;
	bool needs = false;
	const bool named = run->count > 0;
	if (named && repository->asked) {
		if (hsm_token_needs_pin(repository, &needs, &err) != HSM_EOK) {
			return complain(&err);
		}
		if (needs) {
			return ask(run, repository);
		}
	}
	/* Who names the repository takes the risk. */
	if (hsm_login(run->hsm, repository->name, named, &err) != HSM_EOK) {
		return complain(&err);
	}
	printf("repository \"%s\": logged in\n", repository->name);
	return DONE;
}

int command_login(const run_t *run)
{
	return each_repository(run, login_one);
}

static int forget(void *ctx)
{
	return kept_remove(ctx);
}

static int logout_one(const run_t *run, const hsm_repository_t *repository)
{
	char user[64];
	if (!repository->asked) {
		if (run->count == 0 || repository->replica_count > 0) {
			return DONE;
		}
		fprintf(stderr, "ods-hsm: repository \"%s\": its PIN is not one that ods-hsm login has had "
		        "kept\n", repository->name);
		return FAILED;
	}
	const int why = owner_do(run->conf, forget, (void *)repository, user);
	if (why == ENOKEY) {
		printf("repository \"%s\": no PIN is kept\n", repository->name);
	} else if (why != 0) {
		return complain_of_keyring(repository, why, user);
	} else {
		printf("repository \"%s\": the PIN is forgotten; servers that are logged in stay so until "
		       "they are restarted\n", repository->name);
	}
	return DONE;
}

int command_logout(const run_t *run)
{
	return each_repository(run, logout_one);
}
