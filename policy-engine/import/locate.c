/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/locate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/zone/dnskey.h"

/* A key of a token. */
typedef struct {
	char *repository, *cka_id;
	uint8_t *public_key;
	size_t len;
} seen_t;

struct locate {
	hsm_t *hsm;
	locate_usable_f usable;
	void *ctx;
	char *repositories[POLICY_KEYS_MAX]; /* Each once. */
	size_t count;
	bool listed;
	seen_t *seen;
	size_t seen_count;
	size_t now;                          /* The repository that is listed. */
};

static bool has_repository(const locate_t *locate, const char *name)
{
	bool has = false;
	for (size_t i = 0; i < locate->count; i++) {
		has = has || strcmp(locate->repositories[i], name) == 0;
	}
	return has;
}

locate_t *locate_new(const policy_t *policy, hsm_t *hsm, locate_usable_f usable, void *ctx)
{
	locate_t *locate = calloc(1, sizeof(*locate));
	if (locate == NULL) {
		return NULL;
	}
	*locate = (locate_t){ .hsm = hsm, .usable = usable, .ctx = ctx };
	for (size_t i = 0; i < policy->key_count; i++) {
		const char *repository = policy->keys[i].repository;
		if (repository[0] != '\0' && !has_repository(locate, repository)) {
			char *name = strdup(repository);
			if (name == NULL) {
				locate_free(locate);
				return NULL;
			}
			locate->repositories[locate->count++] = name;
		}
	}
	return locate;
}

void locate_free(locate_t *locate)
{
	if (locate == NULL) {
		return;
	}
	for (size_t i = 0; i < locate->count; i++) {
		free(locate->repositories[i]);
	}
	for (size_t i = 0; i < locate->seen_count; i++) {
		free(locate->seen[i].repository);
		free(locate->seen[i].cka_id);
		free(locate->seen[i].public_key);
	}
	free(locate->seen);
	free(locate);
}

/* -- the keys of tokens -------------------------------------------------- */

static bool is_usable(const locate_t *locate, size_t i, char *why, size_t why_size)
{
	return locate->usable == NULL ||
	       locate->usable(locate->ctx, locate->repositories[i], why, why_size);
}

/* Notes a key. One that cannot be read is none that a zone can have. */
static int see(void *ctx, const hsm_key_info_t *info)
{
	locate_t *locate = ctx;
	hsm_key_t *key = NULL;
	hsm_error_t err = { 0 };
	const hsm_wanted_t wanted = { .repository = locate->repositories[locate->now],
	                              .cka_id = info->cka_id, .algorithm = info->algorithm };
	if (info->algorithm == 0 || hsm_key_find(locate->hsm, &wanted, &key, &err) != HSM_EOK) {
		return 0;
	}
	const dnssec_binary_t public_key = hsm_key_public(key);
	seen_t one = { strdup(wanted.repository), strdup(info->cka_id), malloc(public_key.size),
	               public_key.size };
	seen_t *grown = reallocarray(locate->seen, locate->seen_count + 1, sizeof(*grown));
	locate->seen = grown != NULL ? grown : locate->seen;
	const bool good = grown != NULL && one.repository != NULL && one.cka_id != NULL &&
	                  one.public_key != NULL;
	if (good) {
		memcpy(one.public_key, public_key.data, one.len);
		locate->seen[locate->seen_count++] = one;
	} else {
		free(one.repository);
		free(one.cka_id);
		free(one.public_key);
	}
	hsm_key_free(key);
	return good ? 0 : -1;
}

static int list_all(locate_t *locate, char *why, size_t why_size)
{
	hsm_error_t err = { 0 };
	for (locate->now = 0; locate->now < locate->count; locate->now++) {
		if (!is_usable(locate, locate->now, why, why_size)) {
			return -1;
		}
		if (hsm_key_list(locate->hsm, locate->repositories[locate->now], see, locate, &err) !=
		    HSM_EOK) {
			snprintf(why, why_size, "%s", err.text);
			return -1;
		}
	}
	locate->listed = true;
	return 0;
}

/* Whose key has that public half. \return NULL if nobody's, with why */
static const seen_t *find_public(locate_t *locate, const ods_pair_t *pair, char *why,
                                 size_t why_size)
{
	if (!locate->listed && list_all(locate, why, why_size) != 0) {
		return NULL;
	}
	for (size_t i = 0; i < locate->seen_count; i++) {
		const seen_t *seen = &locate->seen[i];
		if (seen->len == pair->public_len &&
		    memcmp(seen->public_key, pair->public_key, seen->len) == 0) {
			return seen;
		}
	}
	return NULL;
}

/* -- a pair -------------------------------------------------------------- */

/* What is known of a pair, and where to note why it is not found. */
typedef struct {
	const char *cka_id;
	uint8_t algorithm;
	hsm_key_t **key;
	char *why; /* Stays empty if tokens work, and do not have it. */
	size_t why_size;
} lookup_t;

static bool is_in(locate_t *locate, const char *repository, const lookup_t *what)
{
	hsm_error_t err = { 0 };
	const hsm_wanted_t wanted = { .repository = repository, .cka_id = what->cka_id,
	                              .algorithm = what->algorithm };
	const int ret = hsm_key_find(locate->hsm, &wanted, what->key, &err);
	if (ret != HSM_EOK && ret != HSM_ENOKEY) {
		snprintf(what->why, what->why_size, "%s", err.text);
	}
	return ret == HSM_EOK;
}

/* \return The repository that has it; NULL if none has, or one cannot be asked. */
static const char *find_id(locate_t *locate, const lookup_t *what)
{
	for (size_t i = 0; i < locate->count; i++) {
		if (!is_usable(locate, i, what->why, what->why_size)) {
			return NULL;
		}
		if (is_in(locate, locate->repositories[i], what)) {
			return locate->repositories[i];
		}
	}
	return NULL;
}

static const char *look(locate_t *locate, const ods_pair_t *pair, hsm_key_t **key, char *why,
                        size_t why_size)
{
	lookup_t what = { pair->locator, pair->algorithm, key, why, why_size };
	if (pair->locator != NULL) {
		return find_id(locate, &what);
	}
	const seen_t *seen = find_public(locate, pair, why, why_size);
	what.cka_id = seen != NULL ? seen->cka_id : NULL;
	return seen != NULL && is_in(locate, seen->repository, &what) ? seen->repository : NULL;
}

int locate_pair(locate_t *locate, ods_pair_t *pair, hsm_key_t **key, char *why, size_t why_size)
{
	why[0] = '\0';
	const char *repository = look(locate, pair, key, why, why_size);
	if (repository == NULL) {
		if (why[0] == '\0') {
			snprintf(why, why_size, "no repository of the policy has it: ods-hsm import");
		}
		return -1;
	}
	const dnssec_binary_t public_key = hsm_key_public(*key);
	char *where = strdup(repository), *id = strdup(hsm_key_id(*key));
	if (where == NULL || id == NULL) {
		snprintf(why, why_size, "out of memory");
		free(where);
		free(id);
		hsm_key_free(*key);
		return -1;
	}
	free(pair->repository);
	free(pair->locator);
	pair->repository = where;
	pair->locator = id;
	pair->bits = dnskey_bits(pair->algorithm, public_key.data, public_key.size);
	return 0;
}
