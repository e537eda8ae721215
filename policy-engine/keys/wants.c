/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/wants.h"

#include <stdlib.h>
#include <string.h>

/* The entry for such keys, made if there is none; NULL if out of memory. */
static want_t *find(wants_t *all, const kind_t *kind, bool ordered)
{
	for (size_t i = 0; i < all->count; i++) {
		want_t *want = &all->wants[i];
		if (want->ordered == ordered && kind_is_same(&want->kind, kind)) {
			return want;
		}
	}
	want_t *wants = reallocarray(all->wants, all->count + 1, sizeof(*wants));
	char *name = strdup(kind->repository);
	all->wants = wants != NULL ? wants : all->wants;
	if (wants == NULL || name == NULL) {
		free(name);
		return NULL;
	}
	want_t *want = &wants[all->count++];
	*want = (want_t){ .kind = { name, kind->algorithm, kind->bits }, .ordered = ordered };
	return want;
}

bool wants_set(wants_t *all, const kind_t *kind, unsigned count)
{
	want_t *want = find(all, kind, false);
	if (want != NULL) {
		want->count = count;
	}
	return want != NULL;
}

bool wants_order(wants_t *all, const kind_t *kind, unsigned count)
{
	want_t *want = find(all, kind, true);
	if (want != NULL) {
		want->count += count;
	}
	return want != NULL;
}

uint64_t wants_ordered(const wants_t *all, const kind_t *kind)
{
	uint64_t count = 0;
	for (size_t i = 0; i < all->count; i++) {
		const want_t *want = &all->wants[i];
		count += want->ordered && kind_is_same(&want->kind, kind) ? want->count : 0;
	}
	return count;
}

bool wants_left(const wants_t *all, const char *repository)
{
	for (size_t i = 0; i < all->count; i++) {
		const want_t *want = &all->wants[i];
		if (!want->ordered && want->count > 0 &&
		    (repository == NULL || strcmp(want->kind.repository, repository) == 0)) {
			return true;
		}
	}
	return false;
}

unsigned wants_drop(wants_t *all, bool *failed)
{
	size_t kept = 0;
	unsigned left = 0;
	for (size_t i = 0; i < all->count; i++) {
		want_t *want = &all->wants[i];
		*failed = *failed || (want->failed && !want->ordered);
		if (!want->failed && want->count > 0) {
			left += want->count;
			all->wants[kept++] = *want;
		} else {
			free((char *)want->kind.repository);
		}
	}
	all->count = kept;
	return left;
}

void wants_deinit(wants_t *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free((char *)all->wants[i].kind.repository);
	}
	free(all->wants);
	*all = (wants_t){ 0 };
}
