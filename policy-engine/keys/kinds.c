/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/keys/kinds.h"

#include <stdlib.h>
#include <string.h>

bool kind_is(const policy_key_t *key, const char *repository, uint8_t algorithm, unsigned bits)
{
	return key->algorithm == algorithm && key->bits == bits &&
	       strcmp(key->repository, repository) == 0;
}

void kinds_add(kinds_t *all, const policy_key_t *key, uint64_t need)
{
	for (size_t i = 0; i < all->count; i++) {
		if (kind_is(all->kinds[i].key, key->repository, key->algorithm, key->bits)) {
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
