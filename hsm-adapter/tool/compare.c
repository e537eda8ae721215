/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "hsm-adapter/tool/compare.h"

#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/key/proof.h"

/*! A key that some replica has. */
typedef struct {
	char *cka_id;
	uint8_t algorithm;
} entry_t;

typedef struct {
	entry_t *entries;
	size_t count;
	bool failed;
} entries_t;

static int add(void *ctx, const hsm_key_info_t *info)
{
	entries_t *all = ctx;
	entry_t *grown = reallocarray(all->entries, all->count + 1, sizeof(*grown));
	if (grown != NULL) {
		all->entries = grown;
		grown[all->count] = (entry_t){ strdup(info->cka_id), info->algorithm };
	}
	all->failed = grown == NULL || grown[all->count].cka_id == NULL;
	all->count += !all->failed;
	return all->failed;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const entry_t *)a)->cka_id, ((const entry_t *)b)->cka_id);
}

/*! Leaves one of the entries of each CKA_ID. */
static void unite(entries_t *all)
{
	size_t kept = 0;
	qsort(all->entries, all->count, sizeof(*all->entries), by_id);
	for (size_t i = 0; i < all->count; i++) {
		if (kept > 0 && by_id(&all->entries[i], &all->entries[kept - 1]) == 0) {
			free(all->entries[i].cka_id);
		} else {
			all->entries[kept++] = all->entries[i];
		}
	}
	all->count = kept;
}

static int list_all(hsm_t *hsm, const hsm_repository_t *repository, entries_t *all,
                    hsm_error_t *err)
{
	int ret = HSM_EOK;
	for (size_t i = 0; ret == HSM_EOK && i < repository->replica_count; i++) {
		ret = hsm_key_list(hsm, repository->replicas[i], add, all, err);
		if (ret == HSM_EOK && all->failed) {
			ret = hsm_error_set(err, HSM_ENOMEM, 0, "out of memory");
		}
	}
	if (ret == HSM_EOK && all->count > 0) {
		unite(all);
	}
	return ret;
}

static bool same(const hsm_key_t *a, const hsm_key_t *b)
{
	const dnssec_binary_t public = hsm_key_public(a), other = hsm_key_public(b);
	return dnssec_binary_cmp(&public, &other) == 0;
}

/*! Compares the replicas for one key. \return Whether all have it */
static bool alike(hsm_t *hsm, const hsm_repository_t *repository, const entry_t *entry,
                  compare_f unlike)
{
	bool all_alike = true;
	hsm_key_t *first = NULL;
	for (size_t i = 0; i < repository->replica_count; i++) {
		hsm_error_t err = { 0 };
		hsm_key_t *key = NULL;
		const hsm_wanted_t wanted = { .repository = repository->replicas[i],
			                      .cka_id = entry->cka_id,
			                      .algorithm = entry->algorithm };
		int ret = hsm_key_find(hsm, &wanted, &key, &err);
		if (ret == HSM_EOK && first != NULL && !same(first, key)) {
			ret = hsm_error_set(&err, HSM_EDEVICE, 0, "it is another key");
		}
		if (ret == HSM_EOK) {
			ret = hsm_key_prove(hsm, wanted.repository, key, &err);
		}
		if (ret != HSM_EOK) {
			unlike(entry->cka_id, wanted.repository, err.text);
			all_alike = false;
		}
		if (ret == HSM_EOK && first == NULL) {
			first = key;
		} else {
			hsm_key_free(key);
		}
	}
	hsm_key_free(first);
	return all_alike;
}

int compare_replicas(hsm_t *hsm, const hsm_repository_t *repository, compare_f unlike,
                     compare_t *result, hsm_error_t *err)
{
	entries_t all = { 0 };
	int ret = list_all(hsm, repository, &all, err);
	if (ret == HSM_EOK) {
		*result = (compare_t){ .keys = all.count };
		for (size_t i = 0; i < all.count; i++) {
			result->unlike += !alike(hsm, repository, &all.entries[i], unlike);
		}
	}
	for (size_t i = 0; i < all.count; i++) {
		free(all.entries[i].cka_id);
	}
	free(all.entries);
	return ret;
}
