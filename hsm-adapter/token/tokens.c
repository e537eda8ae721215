/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/tokens.h"

#include <stdlib.h>
#include <string.h>

struct hsm {
	size_t count;
	hsm_token_t *tokens;
	size_t group_count;
	hsm_group_t *groups; /*!< One for each repository, in the order of conf.xml. */
};

static hsm_token_t *find_token(const hsm_t *hsm, const char *name)
{
	size_t i = 0;
	while (i < hsm->count && strcmp(hsm->tokens[i].conf.name, name) != 0) {
		i++;
	}
	return i < hsm->count ? &hsm->tokens[i] : NULL;
}

/*! Takes the tokens of conf.xml. */
static int take_tokens(hsm_t *hsm, const hsm_conf_t *conf, hsm_error_t *err)
{
	hsm->tokens = calloc(conf->count + 1, sizeof(*hsm->tokens));
	int ret = hsm->tokens != NULL ? HSM_EOK
	                              : hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	for (size_t i = 0; ret == HSM_EOK && i < conf->count; i++) {
		if (conf->repositories[i].replica_count > 0) {
			continue;
		}
		ret = hsm_token_init(&hsm->tokens[hsm->count], &conf->repositories[i], err);
		hsm->count += ret == HSM_EOK;
	}
	for (size_t i = 0; i < hsm->count; i++) {
		hsm->tokens[i].peers = hsm->tokens;
		hsm->tokens[i].peer_count = hsm->count;
	}
	return ret;
}

/*! Makes the group of a repository. \return Whether there was memory for it */
static bool make_group(const hsm_t *hsm, const hsm_repository_t *conf, hsm_group_t *group)
{
	const size_t count = conf->replica_count > 0 ? conf->replica_count : 1;
	group->name = strdup(conf->name);
	group->tokens = calloc(count, sizeof(hsm_token_t *));
	if (group->name == NULL || group->tokens == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = conf->replica_count > 0 ? conf->replicas[i] : conf->name;
		group->tokens[group->count++] = find_token(hsm, name);
	}
	return true;
}

static int make_groups(hsm_t *hsm, const hsm_conf_t *conf, hsm_error_t *err)
{
	hsm->groups = calloc(conf->count + 1, sizeof(*hsm->groups));
	bool made = hsm->groups != NULL;
	for (size_t i = 0; made && i < conf->count; i++) {
		hsm->group_count++;
		made = make_group(hsm, &conf->repositories[i], &hsm->groups[i]);
	}
	return made ? HSM_EOK : hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
}

int hsm_open(hsm_t **hsm, const hsm_conf_t *conf, hsm_error_t *err)
{
	hsm_t *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	int ret = take_tokens(opened, conf, err);
	if (ret == HSM_EOK) {
		ret = make_groups(opened, conf, err);
	}
	if (ret != HSM_EOK) {
		hsm_close(opened);
		return ret;
	}
	*hsm = opened;
	return HSM_EOK;
}

void hsm_close(hsm_t *hsm)
{
	if (hsm == NULL) {
		return;
	}
	for (size_t i = 0; i < hsm->count; i++) {
		hsm_token_await(&hsm->tokens[i]);
	}
	for (size_t i = 0; i < hsm->group_count; i++) {
		free(hsm->groups[i].name);
		free(hsm->groups[i].tokens);
	}
	free(hsm->groups);
	for (size_t i = 0; i < hsm->count; i++) {
		hsm_token_deinit(&hsm->tokens[i]);
	}
	free(hsm->tokens);
	free(hsm);
}

const hsm_group_t *hsm_group(hsm_t *hsm, const char *repository, hsm_error_t *err)
{
	for (size_t i = 0; i < hsm->group_count; i++) {
		if (strcmp(hsm->groups[i].name, repository) == 0) {
			return &hsm->groups[i];
		}
	}
	hsm_error_set(err, HSM_EREPOSITORY, 0, "there is no repository \"%s\" in conf.xml, add a "
	              "<Repository> to <RepositoryList>", repository);
	return NULL;
}

hsm_token_t *hsm_token_at(hsm_t *hsm, size_t index)
{
	return index < hsm->count ? &hsm->tokens[index] : NULL;
}

static bool was_asked(hsm_token_t *token)
{
	hsm_last_t last;
	tried_read(&token->tried, &last);
	return last.when != 0;
}

/*! \return Whether a token is one of a group's. */
static bool is_in(const hsm_group_t *group, const hsm_token_t *token)
{
	size_t i = 0;
	while (i < group->count && group->tokens[i] != token) {
		i++;
	}
	return i < group->count;
}

bool hsm_token_unseen(hsm_t *hsm, hsm_token_t *token)
{
	bool asked = false;
	for (size_t i = 0; i < hsm->group_count; i++) {
		const hsm_group_t *group = &hsm->groups[i];
		for (size_t k = 0; k < group->count && is_in(group, token); k++) {
			asked |= was_asked(group->tokens[k]);
		}
	}
	return asked && !was_asked(token);
}

int hsm_login(hsm_t *hsm, const char *repository, bool last_try, hsm_error_t *err)
{
	const hsm_group_t *group = hsm_group(hsm, repository, err);
	if (group == NULL) {
		return HSM_EREPOSITORY;
	}
	for (size_t i = 0; i < group->count; i++) {
		atomic_store(&group->tokens[i]->last_try, last_try);
	}
	hsm_token_t *token = NULL;
	int ret = hsm_group_lock(group, &token, err);
	if (ret == HSM_EOK) {
		hsm_token_unlock(token);
	}
	return ret;
}

bool hsm_works(hsm_t *hsm, const char *repository)
{
	const hsm_group_t *group = hsm_group(hsm, repository, NULL);
	bool works = false;
	for (size_t i = 0; group != NULL && i < group->count; i++) {
		works |= tried_works(&group->tokens[i]->tried);
	}
	return works;
}

/*! Adds what another replica says: while one works, all is well. */
static void add_last(hsm_last_t *last, const hsm_last_t *other)
{
	const uint64_t signatures = last->signatures + other->signatures;
	const uint64_t errors = last->errors + other->errors;
	const bool works = last->code == HSM_EOK && last->waits_since == 0 && last->when != 0;
	if (!works && other->code == HSM_EOK && other->waits_since == 0 && other->when != 0) {
		*last = *other;
	}
	last->signatures = signatures;
	last->errors = errors;
}

bool hsm_last(hsm_t *hsm, size_t index, hsm_last_t *last)
{
	if (index >= hsm->group_count) {
		return false;
	}
	const hsm_group_t *group = &hsm->groups[index];
	tried_read(&group->tokens[0]->tried, last);
	for (size_t i = 1; i < group->count; i++) {
		hsm_last_t other;
		tried_read(&group->tokens[i]->tried, &other);
		add_last(last, &other);
	}
	last->repository = group->name;
	return true;
}
