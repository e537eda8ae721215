/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/token/tokens.h"

#include <stdlib.h>
#include <string.h>

struct hsm {
	size_t count;
	hsm_token_t tokens[];
};

int hsm_open(hsm_t **hsm, const hsm_conf_t *conf, hsm_error_t *err)
{
	hsm_t *opened = calloc(1, sizeof(*opened) + conf->count * sizeof(opened->tokens[0]));
	if (opened == NULL) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	for (size_t i = 0; i < conf->count; i++) {
		int ret = hsm_token_init(&opened->tokens[i], &conf->repositories[i], err);
		if (ret != HSM_EOK) {
			hsm_close(opened);
			return ret;
		}
		opened->count++;
	}
	for (size_t i = 0; i < opened->count; i++) {
		opened->tokens[i].peers = opened->tokens;
		opened->tokens[i].peer_count = opened->count;
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
		hsm_token_deinit(&hsm->tokens[i]);
	}
	free(hsm);
}

hsm_token_t *hsm_token(hsm_t *hsm, const char *repository, hsm_error_t *err)
{
	for (size_t i = 0; i < hsm->count; i++) {
		if (strcmp(hsm->tokens[i].conf.name, repository) == 0) {
			return &hsm->tokens[i];
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

int hsm_login(hsm_t *hsm, const char *repository, bool last_try, hsm_error_t *err)
{
	hsm_token_t *token = hsm_token(hsm, repository, err);
	if (token == NULL) {
		return HSM_EREPOSITORY;
	}
	atomic_store(&token->last_try, last_try);
	int ret = hsm_token_lock(token, err);
	if (ret == HSM_EOK) {
		hsm_token_unlock(token);
	}
	return ret;
}

bool hsm_last(hsm_t *hsm, size_t index, hsm_last_t *last)
{
	if (index >= hsm->count) {
		return false;
	}
	tried_read(&hsm->tokens[index].tried, last);
	last->repository = hsm->tokens[index].conf.name;
	return true;
}
