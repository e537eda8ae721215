/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/signer/query.h"

#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "policy-engine/base/zone-name.h"

#define TIMEOUT_MS 5000 /* Of one socket operation; the module answers at once unless busy. */

typedef struct {
	query_keyset_t *sets;
	size_t count;
} answer_t;

static void replace(char **text, const char *by)
{
	free(*text);
	*text = strdup(by);
}

static int take(void *ctx, const ctl_unit_t *unit, const char *error, int first)
{
	(void)first;
	answer_t *answer = ctx;
	char *name = unit->zone != NULL ? zone_name_canonical(unit->zone) : NULL;
	bool keyset = unit->type != NULL && strcmp(unit->type, "keyset") == 0;
	for (size_t i = 0; i < answer->count; i++) {
		query_keyset_t *set = &answer->sets[i];
		bool meant = name != NULL && strcmp(name, set->zone) == 0;
		if (error != NULL && (meant || name == NULL)) {
			replace(&set->problem, error);
		} else if (meant && keyset && unit->data != NULL) {
			replace(&set->text, unit->data);
		}
	}
	free(name);
	return 0;
}

int query_keysets(const char *path, query_keyset_t *sets, size_t count, char *err, size_t err_size)
{
	ctl_unit_t units[QUERY_MAX];
	answer_t answer = { sets, count };
	for (size_t i = 0; i < count; i++) {
		units[i] = (ctl_unit_t){ .cmd = "zone-keyset-read", .zone = sets[i].zone };
		sets[i].text = sets[i].problem = NULL;
	}
	const ctl_call_t call = { .path = path, .timeout_ms = TIMEOUT_MS, .units = units,
	                          .count = count, .answer = take, .ctx = &answer };
	return ctl_client_call(&call, err, err_size) == 0 ? 0 : -1;
}

void query_keysets_deinit(query_keyset_t *sets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(sets[i].text);
		free(sets[i].problem);
	}
}
