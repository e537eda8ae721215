/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/repository.h"

#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/secret.h"

static bool copy_text(char **to, const char *from)
{
	*to = (from != NULL) ? strdup(from) : NULL;
	return from == NULL || *to != NULL;
}

static bool copy_pin(char **to, const char *from)
{
	*to = (from != NULL) ? hsm_secret_copy(from) : NULL;
	return from == NULL || *to != NULL;
}

static bool copy_replicas(hsm_repository_t *copy, const hsm_repository_t *repository)
{
	if (repository->replica_count == 0) {
		return true;
	}
	copy->replicas = calloc(repository->replica_count, sizeof(*copy->replicas));
	for (size_t i = 0; copy->replicas != NULL && i < repository->replica_count; i++) {
		if (!copy_text(&copy->replicas[i], repository->replicas[i])) {
			return false;
		}
		copy->replica_count++;
	}
	return copy->replicas != NULL;
}

bool hsm_repository_copy(hsm_repository_t *copy, const hsm_repository_t *repository)
{
	hsm_repository_t made = {
		.folder = repository->folder,
		.asked = repository->asked,
		.user_type = repository->user_type,
		.in_slot = repository->in_slot,
		.slot = repository->slot,
		.sessions = repository->sessions,
		.capacity = repository->capacity,
		.require_backup = repository->require_backup,
		.skip_public_key = repository->skip_public_key,
		.allow_extraction = repository->allow_extraction,
	};
	if (!copy_text(&made.name, repository->name) || !copy_replicas(&made, repository) ||
	    !copy_text(&made.replica_of, repository->replica_of) ||
	    !copy_text(&made.module, repository->module) ||
	    !copy_text(&made.token_label, repository->token_label) ||
	    !copy_text(&made.arguments, repository->arguments) ||
	    !copy_pin(&made.pin, repository->pin) ||
	    !copy_text(&made.pin_file, repository->pin_file) ||
	    !copy_text(&made.pin_variable, repository->pin_variable)) {
		hsm_repository_deinit(&made);
		return false;
	}
	*copy = made;
	return true;
}

void hsm_repository_deinit(hsm_repository_t *repository)
{
	free(repository->name);
	for (size_t i = 0; i < repository->replica_count; i++) {
		free(repository->replicas[i]);
	}
	free(repository->replicas);
	free(repository->replica_of);
	free(repository->module);
	free(repository->token_label);
	free(repository->arguments);
	hsm_secret_free(repository->pin);
	free(repository->pin_file);
	free(repository->pin_variable);
}
