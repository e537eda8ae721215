/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/* Any bytes as kasp.xml: they are refused with a reason, or give policies that a zone can be
 * signed by, so that the module takes the key set that follows. */

#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy-engine/policy/kasp.h"
#include "policy-engine/signer/compose.h"
#include "tests/fuzz/target.h"

/* Octets. For a comment full of "--" libxml2 takes time by the square of its length. */
#define INPUT_MAX 16384

static void add_key(kasp_zone_t *zone, const policy_key_t *want)
{
	core_key_t core;
	core_key_init(&core, want->role, want->algorithm, (uint16_t)zone->core.count, want->roll,
	              1000);
	zone_key_t info = { .repository = strdup(want->repository), .cka_id = strdup("00"),
	                    .public_key = calloc(1, 64), .public_key_len = 64 };
	demand(kasp_zone_add_key(zone, &core, &info) == 0, "there is memory");
}

/* A new zone of the policy, from its first day until it is secure. */
static void check_policy(const policy_t *policy)
{
	static const uint8_t salt[255];
	kasp_zone_t zone = { 0 };
	facts_t facts = { 0 };
	for (size_t i = 0; i < policy->key_count && !policy_is_unsigned(policy); i++) {
		add_key(&zone, &policy->keys[i]);
	}
	for (int64_t now = 1000; now < INT64_C(1) << 40; now *= 4) {
		uint64_t saved = zone.core.revision;
		core_observe(&zone.core, &facts);
		core_run(&zone.core, policy, &facts, now, NULL, NULL);
		const compose_t with = { .policy = policy, .salt = salt,
		                         .salt_len = policy->salt_length, .saved = saved };
		char *text = NULL;
		demand(publish(&zone, &with, &text) == 0 && text != NULL, "a key set has a text");
		keyset_t set;
		char err[256] = "";
		if (keyset_read(text, &set, err, sizeof(err)) != 0) {
			fprintf(stderr, "%s\n", err);
			abort();
		}
		keyset_deinit(&set);
		free(text);
		facts.revision = zone.core.revision;
		facts.revision_since = now;
		for (size_t i = 0; i < zone.core.count; i++) {
			core_ds_confirm(&zone.core.keys[i], true, now);
		}
	}
	for (size_t i = 0; i < zone.core.count; i++) {
		demand(core_next_record(&zone.core.keys[i]) < 0, "a key reaches its goal");
	}
	kasp_zone_deinit(&zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX) {
		return 0;
	}
	char path[TARGET_PATH_MAX];
	const int fd = make_file(data, size, path);

	policies_t policies = { 0 };
	hsm_error_t err = { 0 };
	if (kasp_read(path, NULL, &policies, NULL, NULL, &err) == HSM_EOK) {
		demand(policies.count > 0, "there is a policy");
	} else {
		demand(policies.count == 0 && strncmp(err.text, "/proc/", 6) == 0,
		       "an error names a file");
	}
	for (size_t i = 0; i < policies.count && i < 8; i++) {
		check_policy(&policies.policies[i]);
	}
	policies_deinit(&policies);
	close(fd);
	return 0;
}
