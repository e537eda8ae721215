/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/control/handlers.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy-engine/base/event.h"
#include "policy-engine/control/argument.h"
#include "policy-engine/control/context.h"
#include "policy-engine/control/row.h"

#define GENERATE_MAX 100000 /* Of each key in one command: a slip must not fill a token. */

static bool is_meant(const ctl_unit_t *unit, const char *repository)
{
	return !argument_given(unit->type) || strcmp(unit->type, repository) == 0;
}

/* Refuses a repository that conf.xml does not have; under the lock. */
static bool check_repository(context_t *c, ctl_request_t *req, const ctl_unit_t *unit)
{
	char known[300] = "";
	for (size_t i = 0; i < c->desk->conf.tokens.count; i++) {
		const char *name = c->desk->conf.tokens.repositories[i].name;
		if (is_meant(unit, name)) {
			return true;
		}
		size_t used = strlen(known);
		snprintf(known + used, sizeof(known) - used, "%s%s", i > 0 ? ", " : "", name);
	}
	ctl_error(req, NULL, "conf.xml has no repository \"%.40s\"; it has: %s", unit->type, known);
	return false;
}

/* -- list ---------------------------------------------------------------- */

typedef struct {
	ctl_request_t *req;
	const context_t *c;
	const ctl_unit_t *unit;
} list_t;

static const char *state_name(const context_t *c, const db_token_key_t *key)
{
	const hsm_repository_t *repository =
		hsm_conf_repository(&c->desk->conf.tokens, key->repository);
	switch (key->backup) {
	case DB_BACKUP_DONE:
		return "done";
	case DB_BACKUP_REQUESTED:
		return "requested";
	default:
		return repository != NULL && repository->require_backup ? "required" : "none";
	}
}

static int list_key(void *ctx, const db_token_key_t *key)
{
	const list_t *list = ctx;
	if (!is_meant(list->unit, key->repository)) {
		return 0;
	}
	row_t row = { .req = list->req };
	row_column(&row, "repository", key->repository);
	row_column(&row, "cka-id", key->cka_id);
	row_number(&row, "algorithm", key->algorithm);
	row_number(&row, "bits", key->bits);
	row_number(&row, "zones", key->given);
	row_column(&row, "backup", state_name(list->c, key));
	return 0;
}

void control_backup_list(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	context_t *c = ctx;
	list_t list = { req, c, unit };
	pthread_mutex_lock(&c->desk->lock);
	if (check_repository(c, req, unit) && db_keys(c->desk->db, list_key, &list) != 0) {
		ctl_error(req, NULL, "%s", db_error(c->desk->db));
	}
	pthread_mutex_unlock(&c->desk->lock);
}

/* -- marks --------------------------------------------------------------- */

/* \return How many keys there were, -1 if the database failed. */
static int turn_all(context_t *c, const ctl_unit_t *unit, db_backup_t from, db_backup_t to)
{
	int count = 0;
	for (size_t i = 0; i < c->desk->conf.tokens.count; i++) {
		const char *name = c->desk->conf.tokens.repositories[i].name;
		int turned = is_meant(unit, name) ? db_backup_turn(c->desk->db, name, from, to) : 0;
		if (turned < 0) {
			return -1;
		}
		count += turned;
	}
	return count;
}

/* Turns marks, and answers. The change is in the database before the lock is free: the main thread
 * must not give a key away by a mark that can still be lost. */
static void turn(context_t *c, ctl_request_t *req, const ctl_unit_t *unit, db_backup_t from,
                 db_backup_t to, const char *what)
{
	pthread_mutex_lock(&c->desk->lock);
	if (!check_repository(c, req, unit)) {
		pthread_mutex_unlock(&c->desk->lock);
		return;
	}
	int count = db_begin(c->desk->db) == 0 ? turn_all(c, unit, from, to) : -1;
	if (count > 0 && to == DB_BACKUP_DONE &&
	    db_moment_put(c->desk->db, DB_MOMENT_BACKED_UP, time(NULL)) != 0) {
		count = -1;
	}
	if (count < 0 || db_commit(c->desk->db) != 0) {
		db_rollback(c->desk->db);
		ctl_error(req, NULL, "%s", db_error(c->desk->db));
	} else {
		char text[300];
		int len = snprintf(text, sizeof(text), "%d keys %s", count, what);
		if (to == DB_BACKUP_REQUESTED && c->keys->want_left > 0) {
			snprintf(text + len, sizeof(text) - (size_t)len, "; %u more are still being "
			         "generated, prepare again when backup list has them, so that one "
			         "backup does for all", c->keys->want_left);
		}
		log_about(LOG_INFO, (about_t){ .event = "backup" },
		          "backup: %s", text);
		ctl_reply(req, NULL, NULL, text);
		c->desk->wake_all = c->desk->wake_all || (count > 0 && to == DB_BACKUP_DONE);
	}
	pthread_mutex_unlock(&c->desk->lock);
	desk_wake(c->desk);
}

void control_backup_prepare(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	turn(ctx, req, unit, DB_BACKUP_NONE, DB_BACKUP_REQUESTED, "noted: back up the "
	     "token now, then commit");
}

void control_backup_commit(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	turn(ctx, req, unit, DB_BACKUP_REQUESTED, DB_BACKUP_DONE, "noted as backed up");
}

void control_backup_rollback(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	turn(ctx, req, unit, DB_BACKUP_REQUESTED, DB_BACKUP_NONE, "noted as not backed up");
}

/* -- generation ---------------------------------------------------------- */

void control_generate(void *ctx, ctl_request_t *req, const ctl_unit_t *unit)
{
	context_t *c = ctx;
	uint64_t count = 0;
	if (unit->type == NULL || !argument_number(unit->data, GENERATE_MAX, &count) ||
	    count == 0) {
		ctl_error(req, NULL, "name a policy, and how many of each of its keys: 1 to %d",
		          GENERATE_MAX);
		return;
	}
	pthread_mutex_lock(&c->desk->lock);
	const policy_t *policy = policies_find(&c->desk->policies, unit->type);
	if (policy == NULL) {
		ctl_error(req, NULL, "kasp.xml has no policy \"%.60s\"", unit->type);
	}
	for (size_t i = 0; policy != NULL && i < policy->key_count; i++) {
		const kind_t kind = kind_of(&policy->keys[i]);
		if (kind.repository[0] != '\0' && !wants_order(&c->keys->orders, &kind, (unsigned)count)) {
			ctl_error(req, NULL, "out of memory");
			break;
		}
	}
	if (policy != NULL) {
		char text[100];
		snprintf(text, sizeof(text), "%zu keys are being generated, see backup-list",
		         policy->key_count * (size_t)count);
		ctl_reply(req, NULL, NULL, text);
	}
	pthread_mutex_unlock(&c->desk->lock);
	desk_wake(c->desk);
}
