/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/kinds.h"

#include <stdlib.h>
#include <string.h>

kind_t kind_of(const policy_key_t *entry)
{
	return (kind_t){ entry->repository, entry->algorithm, entry->bits };
}

bool kind_is_same(const kind_t *a, const kind_t *b)
{
	return a->algorithm == b->algorithm && a->bits == b->bits &&
	       strcmp(a->repository, b->repository) == 0;
}

void kinds_add(kinds_t *all, const kind_t *kind, uint64_t need)
{
	for (size_t i = 0; i < all->count; i++) {
		if (kind_is_same(&all->kinds[i].kind, kind)) {
			all->kinds[i].need += need;
			return;
		}
	}
	kind_need_t *kinds = reallocarray(all->kinds, all->count + 1, sizeof(*kinds));
	if (kinds != NULL) {
		all->kinds = kinds;
		kinds[all->count++] = (kind_need_t){ *kind, need };
	}
}
