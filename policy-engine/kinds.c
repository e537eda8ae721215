/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/kinds.h"

#include <stdlib.h>
#include <string.h>

static bool is_same(const policy_key_t *a, const policy_key_t *b)
{
	return a->algorithm == b->algorithm && a->bits == b->bits &&
	       strcmp(a->repository, b->repository) == 0;
}

void kinds_add(kinds_t *all, const policy_key_t *key, uint64_t need)
{
	for (size_t i = 0; i < all->count; i++) {
		if (is_same(all->kinds[i].key, key)) {
			all->kinds[i].need += need;
			return;
		}
	}
	kind_t *kinds = reallocarray(all->kinds, all->count + 1, sizeof(*kinds));
	if (kinds != NULL) {
		all->kinds = kinds;
		kinds[all->count++] = (kind_t){ key, need };
	}
}
