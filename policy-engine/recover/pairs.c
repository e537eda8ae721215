/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/recover/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pairs_open(pairs_t *pairs, const hsm_conf_t *conf, hsm_error_t *err)
{
	*pairs = (pairs_t){ 0 };
	pairs->repositories =
		calloc(conf->count > 0 ? conf->count : 1, sizeof(*pairs->repositories));
	bool copied = pairs->repositories != NULL;
	for (size_t i = 0; copied && i < conf->count; i++) {
		if (conf->repositories[i].replica_of != NULL) {
			continue; /* Its keys are those of the repository that it is a replica of. */
		}
		char *name = strdup(conf->repositories[i].name);
		copied = name != NULL;
		pairs->repositories[pairs->repository_count] = name;
		pairs->repository_count += copied;
	}
	if (!copied) {
		return hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
	}
	return hsm_open(&pairs->hsm, conf, err);
}

/* A token that is being read. */
typedef struct {
	pairs_t *pairs;
	const char *repository;
} reading_t;

/* Takes a key over. \return 0, or -1 if out of memory. */
static int add(pairs_t *pairs, const char *repository, const hsm_key_t *key)
{
	pair_t *all = reallocarray(pairs->pairs, pairs->count + 1, sizeof(*all));
	if (all == NULL) {
		return -1;
	}
	pairs->pairs = all;
	dnssec_binary_t public_key = hsm_key_public(key);
	pair_t *pair = &all[pairs->count];
	*pair = (pair_t){ strdup(repository), strdup(hsm_key_id(key)), malloc(public_key.size),
		          public_key.size };
	pairs->count++;
	if (pair->repository == NULL || pair->cka_id == NULL || pair->public_key == NULL) {
		return -1;
	}
	memcpy(pair->public_key, public_key.data, public_key.size);
	return 0;
}

static int take(void *ctx, const hsm_key_info_t *info)
{
	reading_t *reading = ctx;
	hsm_error_t err = { 0 };
	hsm_key_t *key = NULL;
	const hsm_wanted_t wanted = { .repository = reading->repository, .cka_id = info->cka_id,
		                      .algorithm = info->algorithm };
	if (info->algorithm == 0 ||
	    hsm_key_find(reading->pairs->hsm, &wanted, &key, &err) != HSM_EOK) {
		return 0; /* None that signs zones. */
	}
	int ret = add(reading->pairs, reading->repository, key);
	hsm_key_free(key);
	return ret;
}

static void note(pairs_t *pairs, const char *repository, const char *why)
{
	char *text = NULL;
	if (asprintf(&text, "%s%srepository %s: %s", pairs->problem != NULL ? pairs->problem : "",
	             pairs->problem != NULL ? "; " : "", repository, why) >= 0) {
		free(pairs->problem);
		pairs->problem = text;
	}
}

static void read_all(pairs_t *pairs)
{
	for (size_t i = 0; i < pairs->repository_count && !pairs->read; i++) {
		reading_t reading = { pairs, pairs->repositories[i] };
		hsm_error_t err = { 0 };
		if (hsm_key_list(pairs->hsm, reading.repository, take, &reading, &err) != HSM_EOK) {
			note(pairs, reading.repository, err.text);
		}
	}
	pairs->read = true;
}

const pair_t *pairs_find(pairs_t *pairs, const uint8_t *public_key, size_t len)
{
	read_all(pairs);
	for (size_t i = 0; i < pairs->count; i++) {
		const pair_t *pair = &pairs->pairs[i];
		if (pair->len == len && pair->repository != NULL && pair->cka_id != NULL &&
		    pair->public_key != NULL && memcmp(pair->public_key, public_key, len) == 0) {
			return pair;
		}
	}
	return NULL;
}

void pairs_close(pairs_t *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->pairs[i].repository);
		free(pairs->pairs[i].cka_id);
		free(pairs->pairs[i].public_key);
	}
	for (size_t i = 0; i < pairs->repository_count; i++) {
		free(pairs->repositories[i]);
	}
	free(pairs->repositories);
	free(pairs->pairs);
	free(pairs->problem);
	hsm_close(pairs->hsm);
	*pairs = (pairs_t){ 0 };
}
