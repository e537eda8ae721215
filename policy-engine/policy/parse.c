/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/policy/parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/duration.h"
#include "policy-engine/policy/duration-xml.h"

#define STANDBY_MAX 100  /* Keys on standby of one entry. */
#define NAME_MAX_LEN 255 /* Bytes of the name of a policy or a repository. */

/* Where a duration goes, by the names of its element and of the element around it. */
typedef struct {
	const char *parent, *name;
	size_t offset;
} duration_field_t;

static const duration_field_t policy_durations[] = {
	{ "Signatures", "Resign", offsetof(policy_t, resign) },
	{ "Signatures", "Refresh", offsetof(policy_t, refresh) },
	{ "Validity", "Default", offsetof(policy_t, validity_default) },
	{ "Validity", "Denial", offsetof(policy_t, validity_denial) },
	{ "Validity", "Keyset", offsetof(policy_t, validity_keyset) },
	{ "Signatures", "Jitter", offsetof(policy_t, jitter) },
	{ "Signatures", "InceptionOffset", offsetof(policy_t, inception_offset) },
	{ "Signatures", "MaxZoneTTL", offsetof(policy_t, max_zone_ttl) },
	{ "NSEC3", "TTL", offsetof(policy_t, nsec3_ttl) },
	{ "NSEC3", "Resalt", offsetof(policy_t, resalt) },
	{ "Keys", "TTL", offsetof(policy_t, keys_ttl) },
	{ "Keys", "RetireSafety", offsetof(policy_t, retire_safety) },
	{ "Keys", "PublishSafety", offsetof(policy_t, publish_safety) },
	{ "Keys", "Purge", offsetof(policy_t, purge) },
	{ "Zone", "PropagationDelay", offsetof(policy_t, zone_propagation) },
	{ "Parent", "PropagationDelay", offsetof(policy_t, parent_propagation) },
	{ "Parent", "RegistrationDelay", offsetof(policy_t, parent_registration) },
	{ "DS", "TTL", offsetof(policy_t, parent_ds_ttl) },
};

static const duration_field_t zone_soa_durations[] = {
	{ "SOA", "TTL", offsetof(policy_t, soa_ttl) },
	{ "SOA", "Minimum", offsetof(policy_t, soa_minimum) },
};

static const duration_field_t parent_soa_durations[] = {
	{ "SOA", "TTL", offsetof(policy_t, parent_soa_ttl) },
	{ "SOA", "Minimum", offsetof(policy_t, parent_soa_minimum) },
};

static const duration_field_t key_durations[] = {
	{ NULL, "Lifetime", offsetof(policy_key_t, lifetime) },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int duration_value(hsm_xml_t *xml, xmlNode *node, uint32_t *seconds)
{
	char *text = NULL;
	int ret = duration_read(xml, node, seconds, &text);
	if (ret == HSM_EOK && duration_has_calendar(text)) {
		hsm_xml_warn(xml, node, "\"%.40s\" in <%s> is taken for %u days: a year has 365 "
		             "here, a month 31, as in OpenDNSSEC; better say days (minutes "
		             "have a T before them)", text, (const char *)node->name,
		             *seconds / 86400);
	}
	free(text);
	return ret;
}

static int read_duration(hsm_xml_t *xml, xmlNode *node, const duration_field_t *fields,
                         size_t count, void *object)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, (const char *)node->name) == 0 &&
		    (fields[i].parent == NULL ||
		     strcmp(fields[i].parent, (const char *)node->parent->name) == 0)) {
			return duration_value(xml, node,
			                      (uint32_t *)((char *)object + fields[i].offset));
		}
	}
	return hsm_xml_error(xml, node, "<%s> has no place here", (const char *)node->name);
}

static int policy_duration(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return read_duration(xml, node, policy_durations, COUNT(policy_durations), ctx);
}

static int zone_soa_duration(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return read_duration(xml, node, zone_soa_durations, COUNT(zone_soa_durations), ctx);
}

static int parent_soa_duration(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return read_duration(xml, node, parent_soa_durations, COUNT(parent_soa_durations), ctx);
}

static int key_duration(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return read_duration(xml, node, key_durations, COUNT(key_durations), ctx);
}

/* Reads a word out of a list. The value is its place in the list. */
static int read_word(hsm_xml_t *xml, xmlNode *node, const char *const *words, size_t count,
                     size_t *value)
{
	char *text = NULL;
	int ret = hsm_xml_text(xml, node, &text);
	if (ret != HSM_EOK) {
		return ret;
	}
	char known[200] = "";
	size_t i = 0;
	while (i < count && strcmp(words[i], text) != 0) {
		strncat(known, i > 0 ? ", " : "", sizeof(known) - strlen(known) - 1);
		strncat(known, words[i], sizeof(known) - strlen(known) - 1);
		i++;
	}
	if (i == count) {
		ret = hsm_xml_error(xml, node, "\"%.40s\" in <%s> is none of %s", text,
		                    (const char *)node->name, known);
	} else {
		*value = i;
	}
	free(text);
	return ret;
}

static int read_passthrough(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_switch(xml, node, &((policy_t *)ctx)->passthrough);
}

static int read_description(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	policy_t *policy = ctx;
	if (node->children == NULL) {
		return HSM_EOK;
	}
	return hsm_xml_text(xml, node, &policy->description);
}

static int read_optout(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_switch(xml, node, &((policy_t *)ctx)->optout);
}

static int read_hash_algorithm(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	(void)ctx;
	uint64_t number = 0;
	int ret = hsm_xml_number(xml, node, 0, 255, &number);
	if (ret == HSM_EOK && number != 1) {
		ret = hsm_xml_error(xml, node, "<Algorithm> of NSEC3 is %u, but 1 (SHA-1) is the "
		                    "only one that exists", (unsigned)number);
	}
	return ret;
}

static int read_iterations(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	policy_t *policy = ctx;
	uint64_t number = 0;
	int ret = hsm_xml_number(xml, node, 0, UINT16_MAX, &number);
	policy->iterations = (uint16_t)number;
	if (ret == HSM_EOK && number > 0) {
		hsm_xml_warn(xml, node, "<Iterations>: %u adds no security and may make validators "
		             "treat the zone as insecure; use 0 (RFC 9276)", (unsigned)number);
	}
	return ret;
}

/* Reads the attribute "length", which is a number. */
static int read_length(hsm_xml_t *xml, xmlNode *node, uint64_t min, uint64_t max, uint64_t *number)
{
	char *text = NULL;
	int ret = hsm_xml_attribute(xml, node, "length", &text);
	if (ret != HSM_EOK) {
		return ret;
	}
	char *end = NULL;
	unsigned long value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < min || value > max) {
		ret = hsm_xml_error(xml, node, "length=\"%.40s\" of <%s> is not a number from %lu "
		                    "to %lu", text, (const char *)node->name, (unsigned long)min,
		                    (unsigned long)max);
	} else {
		*number = value;
	}
	free(text);
	return ret;
}

static int read_salt(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	policy_t *policy = ctx;
	uint64_t number = 0;
	int ret = read_length(xml, node, 0, 255, &number);
	policy->salt_length = (uint8_t)number;
	if (ret == HSM_EOK && number > 0) {
		hsm_xml_warn(xml, node, "<Salt>: a salt adds no security, use length=\"0\" "
		             "(RFC 9276)");
	}
	return ret;
}

static const hsm_xml_rule_t rules_hash[] = {
	{ .name = "Algorithm", .read = read_hash_algorithm, .required = true },
	{ .name = "Iterations", .read = read_iterations, .required = true },
	{ .name = "Salt", .read = read_salt, .required = true },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_nsec3[] = {
	{ .name = "TTL", .read = policy_duration },
	{ .name = "OptOut", .read = read_optout },
	{ .name = "Resalt", .read = policy_duration, .required = true },
	{ .name = "Hash", .children = rules_hash, .required = true },
	{ .name = NULL },
};

static int read_nsec3(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	((policy_t *)ctx)->nsec3 = true;
	return hsm_xml_children(xml, node, rules_nsec3, ctx);
}

/* An element that says all by being there. */
static int read_mark(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	(void)ctx;
	bool on;
	return hsm_xml_switch(xml, node, &on);
}

static const hsm_xml_rule_t rules_denial[] = {
	{ .name = "NSEC", .read = read_mark },
	{ .name = "NSEC3", .read = read_nsec3 },
	{ .name = NULL },
};

static bool has_child(const xmlNode *node, const char *name)
{
	const xmlNode *child = node->children;
	while (child != NULL && (child->type != XML_ELEMENT_NODE ||
	                         strcmp((const char *)child->name, name) != 0)) {
		child = child->next;
	}
	return child != NULL;
}

static int read_denial(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	int ret = hsm_xml_children(xml, node, rules_denial, ctx);
	if (ret != HSM_EOK) {
		return ret;
	}
	const int chains = has_child(node, "NSEC") + has_child(node, "NSEC3");
	return chains == 1 ? HSM_EOK
	                   : hsm_xml_error(xml, node, "<Denial> has to hold one of <NSEC/> and "
	                                   "<NSEC3>, it holds %s", chains == 0 ? "none" : "both");
}

static const hsm_xml_rule_t rules_validity[] = {
	{ .name = "Default", .read = policy_duration, .required = true },
	{ .name = "Denial", .read = policy_duration, .required = true },
	{ .name = "Keyset", .read = policy_duration },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_signatures[] = {
	{ .name = "Resign", .read = policy_duration, .required = true },
	{ .name = "Refresh", .read = policy_duration, .required = true },
	{ .name = "Validity", .children = rules_validity, .required = true },
	{ .name = "Jitter", .read = policy_duration, .required = true },
	{ .name = "InceptionOffset", .read = policy_duration, .required = true },
	{ .name = "MaxZoneTTL", .read = policy_duration },
	{ .name = NULL },
};

static int read_key_algorithm(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	policy_key_t *key = ctx;
	uint64_t number = 0;
	int ret = hsm_xml_number(xml, node, 0, 255, &number);
	if (ret != HSM_EOK) {
		return ret;
	}
	key->algorithm = (uint8_t)number;
	ret = read_length(xml, node, 1, 65535, &number);
	key->bits = (unsigned)number;
	return ret;
}

int kasp_check_name(hsm_xml_t *xml, const xmlNode *node, const char *name)
{
	for (const char *c = name; *c != '\0'; c++) {
		if (iscntrl((unsigned char)*c)) {
			return hsm_xml_error(xml, node, "the name in <%s> has control characters",
			                     (const char *)node->name);
		}
	}
	return strlen(name) <= NAME_MAX_LEN
	               ? HSM_EOK
	               : hsm_xml_error(xml, node, "the name in <%s> is longer than %d bytes",
	                               (const char *)node->name, NAME_MAX_LEN);
}

static int read_key_repository(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	policy_key_t *key = ctx;
	if (key->repository != NULL) {
		return hsm_xml_error(xml, node, "a <KSK> has <Repository> or <Offline/>, not both");
	}
	int ret = hsm_xml_text(xml, node, &key->repository);
	return ret == HSM_EOK ? kasp_check_name(xml, node, key->repository) : ret;
}

static int read_offline(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	policy_key_t *key = ctx;
	bool on;
	if (key->repository != NULL) {
		return hsm_xml_error(xml, node, "a <KSK> has <Repository> or <Offline/>, not both");
	}
	int ret = hsm_xml_switch(xml, node, &on);
	if (ret == HSM_EOK) {
		key->repository = strdup("");
	}
	return key->repository != NULL || ret != HSM_EOK
	               ? ret : hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
}

static int read_standby(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	uint64_t number = 0;
	int ret = hsm_xml_number(xml, node, 0, STANDBY_MAX, &number);
	((policy_key_t *)ctx)->standby = (unsigned)number;
	return ret;
}

static int read_manual(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_switch(xml, node, &((policy_key_t *)ctx)->manual_rollover);
}

static int read_rfc5011(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	hsm_xml_warn(xml, node, "<RFC5011> has no effect, here as in OpenDNSSEC");
	return hsm_xml_switch(xml, node, &((policy_key_t *)ctx)->rfc5011);
}

static int read_roll(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	static const char *const ksk[] = { "KskDoubleSignature", "KskDoubleRRset",
	                                   "KskDoubleDS" };
	static const policy_roll_t ksk_values[] = { POLICY_ROLL_DOUBLE_SIGNATURE,
	                                            POLICY_ROLL_DOUBLE_RRSET,
	                                            POLICY_ROLL_DOUBLE_DS };
	static const char *const zsk[] = { "ZskPrePublication", "ZskDoubleSignature",
	                                   "ZskDoubleRRsig" };
	static const policy_roll_t zsk_values[] = { POLICY_ROLL_PRE_PUBLICATION,
	                                            POLICY_ROLL_DOUBLE_SIGNATURE,
	                                            POLICY_ROLL_DOUBLE_RRSET };
	static const char *const csk[] = { "CskPrePublication", "CskDoubleSignature",
	                                   "CskDoubleRRset", "CskDoubleDS",
	                                   "CskSingleSignature" };
	static const policy_roll_t csk_values[] = { POLICY_ROLL_PRE_PUBLICATION,
	                                            POLICY_ROLL_DOUBLE_SIGNATURE,
	                                            POLICY_ROLL_DOUBLE_RRSET,
	                                            POLICY_ROLL_DOUBLE_DS,
	                                            POLICY_ROLL_SINGLE_SIGNATURE };
	static const struct {
		const char *const *words;
		const policy_roll_t *values;
		size_t count;
	} roles[] = {
		[KEYSET_KSK] = { ksk, ksk_values, COUNT(ksk) },
		[KEYSET_ZSK] = { zsk, zsk_values, COUNT(zsk) },
		[KEYSET_CSK] = { csk, csk_values, COUNT(csk) },
	};
	policy_key_t *key = ctx;
	size_t word = 0;
	int ret = read_word(xml, node, roles[key->role].words, roles[key->role].count, &word);
	if (ret == HSM_EOK) {
		key->roll = roles[key->role].values[word];
	}
	return ret;
}

#define RULES_ANY_KEY \
	{ .name = "Algorithm", .read = read_key_algorithm, .required = true }, \
	{ .name = "Lifetime", .read = key_duration, .required = true }, \
	{ .name = "Standby", .read = read_standby }, \
	{ .name = "ManualRollover", .read = read_manual }

static const hsm_xml_rule_t rules_ksk[] = {
	RULES_ANY_KEY,
	{ .name = "Repository", .read = read_key_repository },
	{ .name = "Offline", .read = read_offline },
	{ .name = "KskRollType", .read = read_roll },
	{ .name = "RFC5011", .read = read_rfc5011 },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_zsk[] = {
	RULES_ANY_KEY,
	{ .name = "Repository", .read = read_key_repository, .required = true },
	{ .name = "ZskRollType", .read = read_roll },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_csk[] = {
	RULES_ANY_KEY,
	{ .name = "Repository", .read = read_key_repository, .required = true },
	{ .name = "CskRollType", .read = read_roll },
	{ .name = "RFC5011", .read = read_rfc5011 },
	{ .name = NULL },
};

static int read_key(hsm_xml_t *xml, xmlNode *node, policy_t *policy, policy_key_t key,
                    const hsm_xml_rule_t *rules)
{
	if (policy->key_count == POLICY_KEYS_MAX) {
		return hsm_xml_error(xml, node, "more than %d keys in one policy", POLICY_KEYS_MAX);
	}
	policy_key_t *keys = reallocarray(policy->keys, policy->key_count + 1, sizeof(*keys));
	if (keys == NULL) {
		return hsm_error_set(xml->err, HSM_ENOMEM, 0, "out of memory");
	}
	policy->keys = keys;
	key.line = (int)xmlGetLineNo(node);
	keys[policy->key_count] = key;
	return hsm_xml_children(xml, node, rules, &keys[policy->key_count++]);
}

static int read_ksk(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	policy_key_t key = { .role = KEYSET_KSK, .roll = POLICY_ROLL_DOUBLE_SIGNATURE };
	int ret = read_key(xml, node, ctx, key, rules_ksk);
	return has_child(node, "Repository") || has_child(node, "Offline")
	               ? ret : hsm_xml_error(xml, node, "<KSK> has no <Repository>, add one; or "
	                                     "<Offline/>, if the key is where no network is");
}

static int read_zsk(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	policy_key_t key = { .role = KEYSET_ZSK, .roll = POLICY_ROLL_PRE_PUBLICATION };
	return read_key(xml, node, ctx, key, rules_zsk);
}

static int read_csk(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	policy_key_t key = { .role = KEYSET_CSK, .roll = POLICY_ROLL_PRE_PUBLICATION };
	return read_key(xml, node, ctx, key, rules_csk);
}

static int read_share(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_switch(xml, node, &((policy_t *)ctx)->share_keys);
}

static const hsm_xml_rule_t rules_keys[] = {
	{ .name = "TTL", .read = policy_duration, .required = true },
	{ .name = "RetireSafety", .read = policy_duration, .required = true },
	{ .name = "PublishSafety", .read = policy_duration, .required = true },
	{ .name = "ShareKeys", .read = read_share },
	{ .name = "Purge", .read = policy_duration },
	{ .name = "KSK", .read = read_ksk, .repeated = true },
	{ .name = "ZSK", .read = read_zsk, .repeated = true },
	{ .name = "CSK", .read = read_csk, .repeated = true },
	{ .name = NULL },
};

static int read_serial(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	static const char *const words[] = {
		[KEYSET_SERIAL_COUNTER] = "counter",
		[KEYSET_SERIAL_DATECOUNTER] = "datecounter",
		[KEYSET_SERIAL_UNIXTIME] = "unixtime",
		[KEYSET_SERIAL_KEEP] = "keep",
	};
	size_t word = 0;
	int ret = read_word(xml, node, words, COUNT(words), &word);
	((policy_t *)ctx)->serial = (keyset_serial_t)word;
	return ret;
}

static int read_zonemd(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_switch(xml, node, &((policy_t *)ctx)->zonemd);
}

static int read_foreign_keys(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_switch(xml, node, &((policy_t *)ctx)->foreign_keys);
}

static const hsm_xml_rule_t rules_zone_soa[] = {
	{ .name = "TTL", .read = zone_soa_duration, .required = true },
	{ .name = "Minimum", .read = zone_soa_duration, .required = true },
	{ .name = "Serial", .read = read_serial, .required = true },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_zone[] = {
	{ .name = "PropagationDelay", .read = policy_duration, .required = true },
	{ .name = "SOA", .children = rules_zone_soa, .required = true },
	{ .name = "Zonemd", .read = read_zonemd },
	{ .name = "ForeignKeys", .read = read_foreign_keys },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_ds[] = {
	{ .name = "TTL", .read = policy_duration, .required = true },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_parent_soa[] = {
	{ .name = "TTL", .read = parent_soa_duration, .required = true },
	{ .name = "Minimum", .read = parent_soa_duration, .required = true },
	{ .name = NULL },
};

static int read_digest(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	static const char *const words[] = { "SHA-256", "SHA-384" };
	policy_t *policy = ctx;
	bool *const places[] = { &policy->cds.sha256, &policy->cds.sha384 };
	size_t word = 0;
	int ret = read_word(xml, node, words, COUNT(words), &word);
	if (ret == HSM_EOK && *places[word]) {
		ret = hsm_xml_error(xml, node, "<Digest> %s is there twice", words[word]);
	}
	if (ret == HSM_EOK) {
		*places[word] = true;
	}
	return ret;
}

static int read_cdnskey(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_switch(xml, node, &((policy_t *)ctx)->cds.cdnskey);
}

static const hsm_xml_rule_t rules_cds[] = {
	{ .name = "None", .read = read_mark },
	{ .name = "Digest", .read = read_digest, .repeated = true },
	{ .name = "CDNSKEY", .read = read_cdnskey },
	{ .name = NULL },
};

static int read_cds(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	((policy_t *)ctx)->cds = (keyset_cds_t){ 0 };
	int ret = hsm_xml_children(xml, node, rules_cds, ctx);
	if (ret == HSM_EOK &&
	    has_child(node, "None") == (has_child(node, "Digest") || has_child(node, "CDNSKEY"))) {
		ret = hsm_xml_error(xml, node, "<CDS> has to hold either <None/>, or what is "
		                    "published: <Digest>SHA-256</Digest>, <CDNSKEY/>");
	}
	return ret;
}

static const hsm_xml_rule_t rules_parent[] = {
	{ .name = "PropagationDelay", .read = policy_duration, .required = true },
	{ .name = "DS", .children = rules_ds, .required = true },
	{ .name = "SOA", .children = rules_parent_soa, .required = true },
	{ .name = "RegistrationDelay", .read = policy_duration },
	{ .name = "CDS", .read = read_cds },
	{ .name = NULL },
};

const hsm_xml_rule_t kasp_policy_rules[] = {
	{ .name = "Passthrough", .read = read_passthrough },
	{ .name = "Description", .read = read_description },
	{ .name = "Signatures", .children = rules_signatures, .required = true },
	{ .name = "Denial", .read = read_denial, .required = true },
	{ .name = "Keys", .children = rules_keys, .required = true },
	{ .name = "Zone", .children = rules_zone, .required = true },
	{ .name = "Parent", .children = rules_parent, .required = true },
	{ .name = NULL },
};
