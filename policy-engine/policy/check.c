/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/policy/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/policy/advice.h"

static bool is_rsa(uint8_t algorithm)
{
	return algorithm == 8 || algorithm == 10;
}

/* Whether a part of the policy is there and could be read. */
static bool is_sound(const policy_check_t *c, const char *part)
{
	const xmlNode *node = place_of(c, part, NULL, NULL);
	return node != c->node && !hsm_xml_is_wrong(c->xml, node);
}

static void check_validity(const policy_check_t *c, const char *name, uint32_t validity)
{
	const policy_t *p = c->policy;
	if (validity <= p->refresh) {
		hsm_xml_error(c->xml, place_of(c, "Signatures", "Validity", name), "<%s> (%u s) "
		              "has to be longer than <Refresh> (%u s), or each signature is due "
		              "for refresh when it is made", name, validity, p->refresh);
	}
	if (p->jitter > validity) {
		hsm_xml_error(c->xml, place_of(c, "Signatures", "Jitter", NULL), "<Jitter> "
		              "(%u s) is larger than the validity <%s> (%u s)", p->jitter, name,
		              validity);
	}
}

static void check_signatures(const policy_check_t *c)
{
	const policy_t *p = c->policy;
	if (p->refresh <= p->resign) {
		hsm_xml_error(c->xml, place_of(c, "Signatures", "Refresh", NULL),
		              "<Refresh> (%u s) has to be longer than <Resign> (%u s), or "
		              "signatures expire between two runs", p->refresh, p->resign);
	}
	check_validity(c, "Default", p->validity_default);
	check_validity(c, "Denial", p->validity_denial);
	if (p->validity_keyset != 0) { /* Else it is as Default. */
		check_validity(c, "Keyset", p->validity_keyset);
	}
}

static void check_algorithm(const policy_check_t *c, policy_key_t *key, const xmlNode *node)
{
	unsigned bits = policy_key_bits(key->algorithm, 0);
	if (bits != 0) {
		key->bits = bits;
		return;
	}
	if (key->algorithm == 5 || key->algorithm == 7) {
		hsm_xml_error(c->xml, node, "<Algorithm> %u of the <%s> is RSA with SHA-1, which "
		              "must not sign any more (RFC 9905); use 13, or 8",
		              key->algorithm, policy_role_element(key->role));
		return;
	}
	if (!is_rsa(key->algorithm)) {
		hsm_xml_error(c->xml, node, "<Algorithm> %u of the <%s> is not supported; use 13 "
		              "(recommended), 8, 10, 14, 15 or 16", key->algorithm,
		              policy_role_element(key->role));
		return;
	}
	if (key->bits > 4096 || key->bits < 1024) {
		hsm_xml_error(c->xml, node, "<%s>: an RSA key has 1024 to 4096 bits, not %u",
		              policy_role_element(key->role), key->bits);
		return;
	}
	if (key->bits < 2048) {
		hsm_xml_warn(c->xml, node, "<%s>: RSA keys of less than 2048 bits are weak",
		             policy_role_element(key->role));
	}
}

/* A chain of trust needs, of each algorithm, a key for the DNSKEY RRset and one for the rest. */
static void check_partner(const policy_check_t *c, const policy_key_t *key, const xmlNode *node)
{
	const policy_t *p = c->policy;
	keyset_role_t partner = key->role == KEYSET_KSK ? KEYSET_ZSK : KEYSET_KSK;
	if (key->role == KEYSET_CSK) {
		return;
	}
	for (size_t i = 0; i < p->key_count; i++) {
		if (p->keys[i].algorithm == key->algorithm &&
		    (p->keys[i].role == partner || p->keys[i].role == KEYSET_CSK)) {
			return;
		}
	}
	hsm_xml_error(c->xml, node, "<%s> of algorithm %u, but no <%s> of the same algorithm",
	              policy_role_element(key->role), key->algorithm,
	              policy_role_element(partner));
}

static void check_twin(const policy_check_t *c, size_t index, const xmlNode *node)
{
	const policy_key_t *key = &c->policy->keys[index];
	for (size_t i = 0; i < index; i++) {
		const policy_key_t *other = &c->policy->keys[i];
		if (other->role == key->role && other->algorithm == key->algorithm &&
		    other->bits == key->bits && strcmp(other->repository, key->repository) == 0) {
			hsm_xml_error(c->xml, node, "a second <%s> with the same algorithm, length "
			              "and repository as on line %d; remove one",
			              policy_role_element(key->role), other->line);
			return;
		}
	}
}

static void check_repository(const policy_check_t *c, const policy_key_t *key, const xmlNode *node)
{
	const hsm_repository_t *repository =
		c->tokens != NULL ? hsm_conf_repository(c->tokens, key->repository) : NULL;
	if (key->repository[0] == '\0') {
		return;
	}
	if (repository != NULL && repository->replica_of != NULL) {
		hsm_xml_error(c->xml, node, "<Repository> of the <%s>: \"%.40s\" is a replica of "
		              "\"%.40s\"; name that", policy_role_element(key->role),
		              key->repository, repository->replica_of);
	}
	if (c->tokens == NULL || repository != NULL) {
		return;
	}
	char known[200] = "";
	for (size_t i = 0; i < c->tokens->count; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof(known) - used, "%s%s", i > 0 ? ", " : "",
		         c->tokens->repositories[i].name);
	}
	hsm_xml_error(c->xml, node, "<Repository> of the <%s>: conf.xml has no \"%.40s\"; it has: "
	              "%s", policy_role_element(key->role), key->repository,
	              known[0] != '\0' ? known : "none");
}

static int note_defect(const policy_check_t *c, const xmlNode *node, const policy_key_t *key,
                       const char *what, uint64_t least)
{
	hsm_error_t text;
	hsm_error_set(&text, HSM_ECONF, 0, "%s:%ld: policy %.60s: <Lifetime> of the <%s> (%u s) "
	              "has to be longer than <TTL> of <Keys> plus %s (%llu s); no key is made for "
	              "its zones", c->xml->path, xmlGetLineNo(node), c->policy->name,
	              policy_role_element(key->role), key->lifetime, what,
	              (unsigned long long)least);
	if (c->report != NULL) {
		c->report(c->ctx, KASP_DEFECT, text.text);
	}
	if (c->policy->defect == NULL) {
		c->policy->defect = strdup(text.text);
	}
	return c->policy->defect != NULL
	               ? HSM_EOK
	               : hsm_error_set(c->xml->err, HSM_ENOMEM, 0, "out of memory");
}

/* A key has to be known everywhere before the next one starts to take its place. */
static int check_lifetime(const policy_check_t *c, const policy_key_t *key, const xmlNode *node)
{
	const policy_t *p = c->policy;
	if (key->manual_rollover) {
		return HSM_EOK;
	}
	uint64_t ksk = (uint64_t)p->parent_ds_ttl + p->keys_ttl;
	uint64_t zsk = (uint64_t)p->max_zone_ttl + p->keys_ttl;
	uint64_t least = key->role == KEYSET_KSK   ? ksk
	                 : key->role == KEYSET_ZSK ? zsk
	                 : ksk > zsk               ? ksk
	                                           : zsk;
	if (key->lifetime > least) {
		return HSM_EOK;
	}
	return note_defect(c, node, key, least == ksk && key->role != KEYSET_ZSK
	                                         ? "<TTL> of the parent's <DS>"
	                                         : "<MaxZoneTTL>", least);
}

/* Checks what a key says of itself. */
static int check_key(const policy_check_t *c, size_t index)
{
	policy_key_t *key = &c->policy->keys[index];
	const xmlNode *node = place_of_key(c, index);
	if (hsm_xml_is_wrong(c->xml, node)) {
		return HSM_EOK;
	}
	check_algorithm(c, key, node);
	check_repository(c, key, node);
	bool known = is_sound(c, "Signatures") && is_sound(c, "Parent") &&
	             !hsm_xml_is_wrong(c->xml, place_of(c, "Keys", "TTL", NULL));
	return known ? check_lifetime(c, key, node) : HSM_EOK;
}

/* Checks the keys against each other. */
static void check_keys(const policy_check_t *c)
{
	for (size_t i = 0; i < c->policy->key_count; i++) {
		const xmlNode *node = place_of_key(c, i);
		if (!hsm_xml_is_wrong(c->xml, node)) {
			check_twin(c, i, node);
			check_partner(c, &c->policy->keys[i], node);
		}
	}
}

/* A DNSKEY RRset that is signed ahead has one algorithm, and what has been asked for alone. */
static void check_offline(const policy_check_t *c, size_t index)
{
	const policy_t *p = c->policy;
	const policy_key_t *offline = &p->keys[index];
	const xmlNode *node = place_of_key(c, index);
	bool alone = !p->share_keys && !p->foreign_keys, early = true;
	for (size_t i = 0; i < p->key_count; i++) {
		const policy_key_t *key = &p->keys[i];
		const bool zsk = key->role == KEYSET_ZSK && key->algorithm == offline->algorithm;
		alone = alone && (zsk || i == index) && key->standby == 0;
		early = early && key->roll != POLICY_ROLL_DOUBLE_DS &&
		        key->roll != POLICY_ROLL_DOUBLE_RRSET;
	}
	if (!alone) {
		hsm_xml_error(c->xml, node, "<Offline/> wants a policy with this <KSK>, <ZSK> of the "
		              "same algorithm, and no other keys: no <Standby>, no <ShareKeys/>, no "
		              "<ForeignKeys/>");
	}
	if (!early) {
		hsm_xml_error(c->xml, node, "<Offline/> wants rollovers that begin with a DNSKEY: "
		              "ZskPrePublication or ZskDoubleSignature, KskDoubleSignature");
	}
}

int kasp_check(const policy_check_t *c)
{
	const policy_t *policy = c->policy;
	if (is_sound(c, "Signatures")) {
		check_signatures(c);
	}
	bool all_read = is_sound(c, "Keys") && !policy->passthrough;
	for (size_t i = 0; i < policy->key_count && !policy->passthrough; i++) {
		if (check_key(c, i) != HSM_EOK) {
			return HSM_ENOMEM;
		}
	}
	if (all_read) {
		check_keys(c);
	}
	for (size_t i = 0; i < policy->key_count && all_read; i++) {
		if (policy->keys[i].repository[0] == '\0') {
			check_offline(c, i);
		}
	}
	if (hsm_xml_is_wrong(c->xml, c->node)) {
		return HSM_ECONF;
	}
	kasp_advise(c);
	return HSM_EOK;
}
