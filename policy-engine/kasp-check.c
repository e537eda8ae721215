/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/kasp-check-internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400
#define DATECOUNTER_MAX 99 /* Serials a day with two digits. */

/* The element of that path below a policy, for its line; the policy itself if it is not there. */
const xmlNode *check_place(const check_t *c, const char *first, const char *second,
                            const char *third)
{
	const char *const path[] = { first, second, third };
	const xmlNode *node = c->node;
	for (size_t i = 0; i < 3 && path[i] != NULL; i++) {
		const xmlNode *child = node->children;
		while (child != NULL && (child->type != XML_ELEMENT_NODE ||
		                         strcmp((const char *)child->name, path[i]) != 0)) {
			child = child->next;
		}
		if (child == NULL) {
			return c->node;
		}
		node = child;
	}
	return node;
}

/* The element of a key: keys are in the order of the file. */
const xmlNode *check_key_place(const check_t *c, size_t index)
{
	const xmlNode *keys = check_place(c, "Keys", NULL, NULL);
	for (const xmlNode *child = keys->children; child != NULL; child = child->next) {
		const char *name = (const char *)child->name;
		if (child->type == XML_ELEMENT_NODE &&
		    (strcmp(name, "KSK") == 0 || strcmp(name, "ZSK") == 0 ||
		     strcmp(name, "CSK") == 0) && index-- == 0) {
			return child;
		}
	}
	return c->node;
}

const char *check_key_element(const policy_key_t *key)
{
	return key->role == KEYSET_KSK ? "KSK" : key->role == KEYSET_ZSK ? "ZSK" : "CSK";
}

static bool is_rsa(uint8_t algorithm)
{
	return algorithm == 8 || algorithm == 10;
}

static int check_signatures(const check_t *c)
{
	const policy_t *p = c->policy;
	if (p->refresh <= p->resign) {
		return hsm_xml_error(c->xml, check_place(c, "Signatures", "Refresh", NULL),
		                     "<Refresh> (%u s) has to be longer than <Resign> (%u s), or "
		                     "signatures expire between two runs", p->refresh, p->resign);
	}
	const struct {
		const char *name;
		uint32_t value;
	} validities[] = { { "Default", p->validity_default }, { "Denial", p->validity_denial },
	                   { "Keyset", p->validity_keyset } };
	for (size_t i = 0; i < 3; i++) {
		const xmlNode *node = check_place(c, "Signatures", "Validity", validities[i].name);
		if (i == 2 && validities[i].value == 0) {
			continue; /* Then it is as Default. */
		}
		if (validities[i].value <= p->refresh) {
			return hsm_xml_error(c->xml, node, "<%s> (%u s) has to be longer than "
			                     "<Refresh> (%u s), or each signature is due for "
			                     "refresh when it is made", validities[i].name,
			                     validities[i].value, p->refresh);
		}
		if (p->jitter > validities[i].value) {
			return hsm_xml_error(c->xml, check_place(c, "Signatures", "Jitter", NULL),
			                     "<Jitter> (%u s) is larger than the validity <%s> "
			                     "(%u s)", p->jitter, validities[i].name,
			                     validities[i].value);
		}
	}
	return HSM_EOK;
}

static int check_serial(const check_t *c)
{
	const policy_t *p = c->policy;
	if (p->serial == KEYSET_SERIAL_DATECOUNTER && p->resign > 0 &&
	    DAY / p->resign > DATECOUNTER_MAX) {
		return hsm_xml_error(c->xml, check_place(c, "Zone", "SOA", "Serial"), "<Serial> "
		                     "datecounter has room for %d versions a day, <Resign> (%u s) "
		                     "asks for %u; use unixtime, or a longer <Resign>",
		                     DATECOUNTER_MAX, p->resign, DAY / p->resign);
	}
	return HSM_EOK;
}

static int check_algorithm(const check_t *c, policy_key_t *key, const xmlNode *node)
{
	static const struct {
		uint8_t algorithm;
		unsigned bits;
	} curves[] = { { 13, 256 }, { 14, 384 }, { 15, 256 }, { 16, 456 } };

	if (c->policy->nsec3 && key->algorithm <= 5) {
		return hsm_xml_error(c->xml, node, "<Algorithm> %u of the <%s> cannot be used with "
		                     "<NSEC3> (RFC 5155); use 13", key->algorithm,
		                     check_key_element(key));
	}
	for (size_t i = 0; i < 4; i++) {
		if (curves[i].algorithm == key->algorithm) {
			key->bits = curves[i].bits; /* There is one size only. */
			return HSM_EOK;
		}
	}
	if (!is_rsa(key->algorithm)) {
		return hsm_xml_error(c->xml, node, "<Algorithm> %u of the <%s> is not supported; "
		                     "use 13 (recommended), 8, 10, 14, 15 or 16", key->algorithm,
		                     check_key_element(key));
	}
	if (key->bits > 4096 || key->bits < 1024) {
		return hsm_xml_error(c->xml, node, "<%s>: an RSA key has 1024 to 4096 bits, not %u",
		                     check_key_element(key), key->bits);
	}
	if (key->bits < 2048) {
		hsm_xml_warn(c->xml, node, "<%s>: RSA keys of less than 2048 bits are weak",
		             check_key_element(key));
	}
	return HSM_EOK;
}

/* A chain of trust needs a key of each algorithm for the DNSKEY RRset and one for the rest. */
static int check_partner(const check_t *c, const policy_key_t *key, const xmlNode *node)
{
	const policy_t *p = c->policy;
	keyset_role_t partner = key->role == KEYSET_KSK ? KEYSET_ZSK : KEYSET_KSK;
	if (key->role == KEYSET_CSK) {
		return HSM_EOK;
	}
	for (size_t i = 0; i < p->key_count; i++) {
		if (p->keys[i].algorithm == key->algorithm &&
		    (p->keys[i].role == partner || p->keys[i].role == KEYSET_CSK)) {
			return HSM_EOK;
		}
	}
	return hsm_xml_error(c->xml, node, "<%s> of algorithm %u, but no <%s> of the same "
	                     "algorithm",
	                     check_key_element(key), key->algorithm,
	                     partner == KEYSET_ZSK ? "ZSK" : "KSK");
}

static int check_twin(const check_t *c, size_t index, const xmlNode *node)
{
	const policy_key_t *key = &c->policy->keys[index];
	for (size_t i = 0; i < index; i++) {
		const policy_key_t *other = &c->policy->keys[i];
		if (other->role == key->role && other->algorithm == key->algorithm &&
		    other->bits == key->bits && strcmp(other->repository, key->repository) == 0) {
			return hsm_xml_error(c->xml, node, "a second <%s> with the same algorithm, "
			                     "length and repository as on line %d; remove one",
			                     check_key_element(key), other->line);
		}
	}
	return HSM_EOK;
}

static int check_repository(const check_t *c, const policy_key_t *key, const xmlNode *node)
{
	if (c->tokens == NULL || hsm_conf_repository(c->tokens, key->repository) != NULL) {
		return HSM_EOK;
	}
	char known[200] = "";
	for (size_t i = 0; i < c->tokens->count; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof(known) - used, "%s%s", i > 0 ? ", " : "",
		         c->tokens->repositories[i].name);
	}
	return hsm_xml_error(c->xml, node, "<Repository> of the <%s>: conf.xml has no \"%.40s\"; "
	                     "it has: %s",
	                     check_key_element(key), key->repository, known[0] != '\0' ? known : "none");
}

/* A key has to be known everywhere before the next one starts to take its place. */
static int check_lifetime(const check_t *c, const policy_key_t *key, const xmlNode *node)
{
	policy_t *p = c->policy;
	if (key->manual_rollover || p->defect != NULL) {
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
	char text[300];
	snprintf(text, sizeof(text), "policy %.60s: <Lifetime> of the <%s> (%u s) has to be longer "
	         "than <TTL> of <Keys> plus %s (%llu s); no key is made for its zones", p->name,
	         check_key_element(key), key->lifetime,
	         least == ksk && key->role != KEYSET_ZSK ? "<TTL> of the parent's <DS>"
	                                                 : "<MaxZoneTTL>",
	         (unsigned long long)least);
	hsm_xml_warn(c->xml, node, "%s", text);
	p->defect = strdup(text);
	return p->defect != NULL ? HSM_EOK
	                         : hsm_error_set(c->xml->err, HSM_ENOMEM, 0, "out of memory");
}

static int check_key(const check_t *c, size_t index)
{
	policy_key_t *key = &c->policy->keys[index];
	const xmlNode *node = check_key_place(c, index);
	int ret = check_algorithm(c, key, node);
	if (ret == HSM_EOK) {
		ret = check_twin(c, index, node);
	}
	if (ret == HSM_EOK) {
		ret = check_partner(c, key, node);
	}
	if (ret == HSM_EOK) {
		ret = check_repository(c, key, node);
	}
	return ret == HSM_EOK ? check_lifetime(c, key, node) : ret;
}

int kasp_check(hsm_xml_t *xml, const xmlNode *node, policy_t *policy, const hsm_conf_t *tokens)
{
	check_t c = { xml, node, policy, tokens };
	if (policy->passthrough) {
		return HSM_EOK; /* Nothing of the rest is used. */
	}
	int ret = check_signatures(&c);
	if (ret == HSM_EOK) {
		ret = check_serial(&c);
	}
	for (size_t i = 0; ret == HSM_EOK && i < policy->key_count; i++) {
		ret = check_key(&c, i);
	}
	if (ret == HSM_EOK) {
		kasp_advise(&c);
	}
	return ret;
}
