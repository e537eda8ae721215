/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const policy_t *policies_find(const policies_t *policies, const char *name)
{
	for (size_t i = 0; i < policies->count; i++) {
		if (strcmp(policies->policies[i].name, name) == 0) {
			return &policies->policies[i];
		}
	}
	return NULL;
}

unsigned policy_key_bits(uint8_t algorithm, unsigned bits)
{
	static const unsigned curves[] = { [13] = 256, [14] = 384, [15] = 256, [16] = 456 };
	bool curve = algorithm < sizeof(curves) / sizeof(curves[0]) && curves[algorithm] != 0;
	return curve ? curves[algorithm] : bits;
}

const char *policy_role_element(keyset_role_t role)
{
	static const char *const names[] = {
		[KEYSET_KSK] = "KSK", [KEYSET_ZSK] = "ZSK", [KEYSET_CSK] = "CSK",
	};
	return names[role];
}

bool policy_is_unsigned(const policy_t *policy)
{
	return policy->passthrough || policy->key_count == 0;
}

/* Whether each kind of key that the one policy wants is wanted by the other, too. */
static bool has_kinds(const policy_t *policy, const policy_t *other)
{
	for (size_t i = 0; i < policy->key_count; i++) {
		const policy_key_t *key = &policy->keys[i];
		bool found = false;
		for (size_t k = 0; k < other->key_count && !found; k++) {
			const policy_key_t *like = &other->keys[k];
			found = key->role == like->role && key->algorithm == like->algorithm &&
			        key->bits == like->bits &&
			        strcmp(key->repository, like->repository) == 0;
		}
		if (!found) {
			return false;
		}
	}
	return true;
}

bool policy_is_offline(const policy_t *policy)
{
	for (size_t i = 0; i < policy->key_count && !policy->passthrough; i++) {
		if (policy->keys[i].repository[0] == '\0') {
			return true;
		}
	}
	return false;
}

bool policy_has_cds(const policy_t *policy)
{
	return policy->cds.sha256 || policy->cds.sha384 || policy->cds.cdnskey;
}

static bool has_other_nsec3(const policy_t *a, const policy_t *b)
{
	return a->nsec3 && b->nsec3 && (a->iterations != b->iterations || a->salt_length != b->salt_length ||
	                                a->optout != b->optout);
}

const char *policy_difference(const policy_t *from, const policy_t *to)
{
	return policy_is_unsigned(from) != policy_is_unsigned(to) ? "whether it is signed"
	       : from->nsec3 != to->nsec3 ? "its denial of existence, NSEC or NSEC3"
	       : has_other_nsec3(from, to) ? "its NSEC3: opt-out, iterations or the salt's length"
	       : !has_kinds(from, to) || !has_kinds(to, from)
	               ? "its keys' roles, algorithms, sizes or repositories"
	               : NULL;
}

char *policy_form(const policy_t *policy)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL) {
		return NULL;
	}
	if (policy_is_unsigned(policy)) {
		fprintf(out, "unsigned");
	} else if (policy->nsec3) {
		fprintf(out, "NSEC3, %u iterations, salt of %u bytes%s", policy->iterations,
		        policy->salt_length, policy->optout ? ", opt-out" : "");
	} else {
		fprintf(out, "NSEC");
	}
	for (size_t i = 0; i < policy->key_count && !policy_is_unsigned(policy); i++) {
		const policy_key_t *key = &policy->keys[i];
		fprintf(out, ", %s of algorithm %u, %u bits, in %s", policy_role_element(key->role),
		        key->algorithm, key->bits, key->repository);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void policy_deinit(policy_t *policy)
{
	for (size_t i = 0; i < policy->key_count; i++) {
		free(policy->keys[i].repository);
	}
	free(policy->keys);
	free(policy->defect);
	free(policy->description);
	free(policy->name);
}

void policies_drop(policies_t *policies)
{
	policy_deinit(&policies->policies[--policies->count]);
}

void policies_deinit(policies_t *policies)
{
	while (policies->count > 0) {
		policies_drop(policies);
	}
	free(policies->policies);
	*policies = (policies_t){ 0 };
}
