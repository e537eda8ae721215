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

bool hsm_repository_copy(hsm_repository_t *copy, const hsm_repository_t *repository)
{
	hsm_repository_t made = {
		.in_slot = repository->in_slot,
		.slot = repository->slot,
		.sessions = repository->sessions,
		.capacity = repository->capacity,
		.require_backup = repository->require_backup,
		.skip_public_key = repository->skip_public_key,
		.allow_extraction = repository->allow_extraction,
	};
	if (!copy_text(&made.name, repository->name) ||
	    !copy_text(&made.module, repository->module) ||
	    !copy_text(&made.token_label, repository->token_label) ||
	    !copy_text(&made.arguments, repository->arguments) ||
	    !copy_pin(&made.pin, repository->pin) ||
	    !copy_text(&made.pin_file, repository->pin_file)) {
		hsm_repository_deinit(&made);
		return false;
	}
	*copy = made;
	return true;
}

void hsm_repository_deinit(hsm_repository_t *repository)
{
	free(repository->name);
	free(repository->module);
	free(repository->token_label);
	free(repository->arguments);
	hsm_secret_free(repository->pin);
	free(repository->pin_file);
}
