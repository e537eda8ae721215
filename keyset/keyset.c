/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "keyset/keyset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "keyset/bundle.h"
#include "keyset/record.h"

static const char *const roles[] = { "ksk", "zsk", "csk", NULL };
static const char *const states[] = {
	"-", "hidden", "rumoured", "omnipresent", "unretentive", NULL
};
static const char *const records[] = { "DS", "DNSKEY", "RRSIG-DNSKEY", "RRSIG", NULL };
static const char *const serials[] = { "counter", "datecounter", "unixtime", "keep", NULL };

#define BOOL(name, field) { name, RECORD_BOOL, offsetof(OBJECT, field), 0, 0, 0, NULL, NULL }
#define UINT(name, field, max) { name, RECORD_UINT, offsetof(OBJECT, field), 0, \
                                 sizeof(((OBJECT *)0)->field), max, NULL, NULL }
#define TIME(name, field) { name, RECORD_TIME, offsetof(OBJECT, field), 0, 0, 0, NULL, NULL }
#define TEXT(name, field) { name, RECORD_TEXT, offsetof(OBJECT, field), 0, 0, 0, NULL, NULL }
#define NAME(name, field, names) { name, RECORD_NAME, offsetof(OBJECT, field), 0, 0, 0, names, NULL }
/* What not each earlier version has written, and the value that counts then. */
#define LATER(type, name, field, earlier) \
	{ name, RECORD_##type, offsetof(OBJECT, field), 0, 0, 0, NULL, earlier }

#define OBJECT keyset_t
static const record_item_t set_items[] = {
	UINT("revision", revision, UINT64_MAX),
	TEXT("policy", policy),
	BOOL("passthrough", passthrough),
	UINT("resign", resign, INT32_MAX),
	UINT("refresh", refresh, INT32_MAX),
	UINT("validity-default", validity_default, INT32_MAX),
	UINT("validity-denial", validity_denial, INT32_MAX),
	UINT("validity-keyset", validity_keyset, INT32_MAX),
	UINT("jitter", jitter, INT32_MAX),
	UINT("inception-offset", inception_offset, INT32_MAX),
	UINT("max-zone-ttl", max_zone_ttl, INT32_MAX),
	BOOL("nsec3", nsec3),
	BOOL("nsec3-optout", nsec3_optout),
	UINT("nsec3-iterations", nsec3_iterations, UINT16_MAX),
	{ "nsec3-salt", RECORD_OCTETS, offsetof(keyset_t, nsec3_salt),
	  offsetof(keyset_t, nsec3_salt_len), 0, 0, NULL, NULL },
	UINT("nsec3-ttl", nsec3_ttl, INT32_MAX),
	UINT("dnskey-ttl", dnskey_ttl, INT32_MAX),
	UINT("soa-ttl", soa_ttl, INT32_MAX),
	UINT("soa-minimum", soa_minimum, INT32_MAX),
	NAME("serial", serial, serials),
	BOOL("taken-over", taken_over),
	UINT("serial-before", serial_before, UINT32_MAX),
	BOOL("cds-delete", cds_delete),
	LATER(BOOL, "cds-sha256", cds.sha256, "yes"),
	LATER(BOOL, "cds-sha384", cds.sha384, "no"),
	LATER(BOOL, "cdnskey", cds.cdnskey, "yes"),
	BOOL("zonemd", zonemd),
	LATER(BOOL, "foreign-keys", foreign_keys, "no"),
	LATER(TEXT, "ds", ds, ""),
	LATER(TIME, "ds-seen", ds_seen, "0"),
	LATER(TEXT, "memory", memory, ""),
	LATER(TEXT, "bundle", bundle, ""),
};
#undef OBJECT

#define OBJECT keyset_key_t
static const record_item_t key_items[] = {
	TEXT("repository", repository),
	TEXT("id", cka_id),
	NAME("role", role, roles),
	UINT("algorithm", algorithm, UINT8_MAX),
	{ "public-key", RECORD_HEX, offsetof(keyset_key_t, public_key),
	  offsetof(keyset_key_t, public_key_len), 0, 0, NULL, NULL },
	UINT("keytag", keytag, UINT16_MAX),
	BOOL("publish", publish),
	BOOL("sign-dnskey", sign_dnskey),
	BOOL("sign-zone", sign_zone),
	BOOL("replace", replace),
	BOOL("cds", cds),
	NAME("state-ds", state[KEYSET_DS], states),
	NAME("state-dnskey", state[KEYSET_DNSKEY], states),
	NAME("state-rrsig-dnskey", state[KEYSET_RRSIG_DNSKEY], states),
	NAME("state-rrsig", state[KEYSET_RRSIG], states),
	TEXT("step", step),
	TIME("step-time", step_time),
	LATER(TEXT, "memory", memory, ""),
};
#undef OBJECT

static const char *const titles_before[] = { "keyset 1", "keyset 2", "keyset 3", NULL };

static const record_form_t form = {
	.title = "keyset 4",
	.titles_before = titles_before,
	.items = set_items,
	.item_count = sizeof(set_items) / sizeof(set_items[0]),
	.sub = "key",
	.sub_items = key_items,
	.sub_item_count = sizeof(key_items) / sizeof(key_items[0]),
	.sub_size = sizeof(keyset_key_t),
	.sub_array = offsetof(keyset_t, keys),
	.sub_count = offsetof(keyset_t, key_count),
	.sub_max = KEYSET_KEYS_MAX,
};

char *keyset_write(const keyset_t *set)
{
	char *text = record_write(&form, set);
	if (text != NULL && strlen(text) > KEYSET_TEXT_MAX) {
		free(text);
		text = NULL;
	}
	return text;
}

static bundle_key_t key_of(const keyset_key_t *key)
{
	return (bundle_key_t) {
		.sep = key->role != KEYSET_ZSK, .algorithm = key->algorithm, .keytag = key->keytag,
		.public_key = key->public_key, .public_key_len = key->public_key_len,
	};
}

/*! Checks that a bundle and the keys fit each other. \return As check(). */
static const char *check_bundle(const keyset_t *set)
{
	const char *text = set->bundle;
	bundle_record_t record;
	size_t published = 0;
	int ret;
	while ((ret = bundle_next(&text, &record)) == 1) {
		if (record.type == KNOT_RRTYPE_DNSKEY && record.ttl != set->dnskey_ttl) {
			return "the bundle's DNSKEY RRset has another TTL";
		}
	}
	if (ret != 0) {
		return "the bundle is malformed";
	}
	for (size_t i = 0; i < set->key_count; i++) {
		const keyset_key_t *key = &set->keys[i];
		const bool away = key->repository[0] == '\0';
		if (away ? key->role != KEYSET_KSK : key->sign_dnskey) {
			return "a key signs what the bundle has, or is in no repository and no KSK";
		}
		const bundle_key_t dnskey = key_of(key);
		if (bundle_has_key(set->bundle, KNOT_RRTYPE_DNSKEY, &dnskey) != key->publish ||
		    (away && bundle_signed_by(set->bundle, &dnskey) != key->sign_dnskey)) {
			return "the bundle has not the keys that are published, or that sign";
		}
		published += key->publish;
	}
	return published != bundle_count(set->bundle, KNOT_RRTYPE_DNSKEY)
	       ? "the bundle has keys that are not the set's"
	       : set->foreign_keys || set->cds_delete
	       ? "a bundle, and yet keys of others, or CDS that asks for no DS" : NULL;
}

/*! Checks what the tables cannot. \return Why the set is refused; NULL if it is good. */
static const char *check(const keyset_t *set)
{
	bool dnskey_signed = false, zone_signed = false;
	for (size_t i = 0; i < set->key_count; i++) {
		const keyset_key_t *key = &set->keys[i];
		if (key->sign_dnskey && !key->publish) {
			return "a key signs the DNSKEY RRset and is not in it";
		}
		if ((key->repository[0] == '\0' && !keyset_has_bundle(set)) ||
		    key->cka_id[0] == '\0') {
			return "a key has no repository or id";
		}
		if (key->replace && key->sign_zone) {
			return "a key signs the zone, and yet its signatures are to be replaced";
		}
		if (key->cds && set->cds_delete) {
			return "a key has CDS, and yet CDS asks for no DS";
		}
		dnskey_signed |= key->sign_dnskey;
		zone_signed |= key->sign_zone && key->publish;
	}
	if (set->passthrough) {
		return set->key_count > 0 || keyset_has_bundle(set)
		       ? "passthrough, and yet there are keys" : NULL;
	}
	if (!dnskey_signed || !zone_signed) {
		return !zone_signed ? "no published key signs the zone"
		                    : "no key signs the DNSKEY RRset";
	}
	if (set->validity_default == 0 || set->validity_denial == 0 ||
	    set->refresh >= set->validity_default || set->refresh >= set->validity_denial) {
		return "signatures would be due for refresh when they are made";
	}
	return keyset_has_bundle(set) ? check_bundle(set) : NULL;
}

int keyset_read(const char *text, keyset_t *set, char *err, size_t err_size)
{
	keyset_t fresh;
	if (record_read(&form, text, &fresh, sizeof(fresh), err, err_size) != 0) {
		return -1;
	}
	const char *fault = check(&fresh);
	if (fault != NULL) {
		snprintf(err, err_size, "%s", fault);
		keyset_deinit(&fresh);
		return -1;
	}
	*set = fresh;
	return 0;
}

void keyset_drop_notes(keyset_t *set)
{
	free(set->memory);
	set->memory = NULL;
	for (size_t i = 0; i < set->key_count; i++) {
		free(set->keys[i].memory);
		set->keys[i].memory = NULL;
	}
}

void keyset_deinit(keyset_t *set)
{
	record_deinit(&form, set, sizeof(*set));
}

bool keyset_signs(const keyset_key_t *key, uint16_t type)
{
	switch (type) {
	case KNOT_RRTYPE_DNSKEY:
		return key->sign_dnskey;
	case KNOT_RRTYPE_CDS:
	case KNOT_RRTYPE_CDNSKEY:
		return key->sign_dnskey || key->sign_zone;
	default:
		return key->sign_zone;
	}
}

bool keyset_has_bundle(const keyset_t *set)
{
	return set->bundle != NULL && set->bundle[0] != '\0';
}

bool keyset_same_key(const keyset_key_t *a, const keyset_key_t *b)
{
	return a->algorithm == b->algorithm && a->public_key_len == b->public_key_len &&
	       memcmp(a->public_key, b->public_key, a->public_key_len) == 0;
}

bool keyset_state_is_open(keyset_state_t state)
{
	return state == KEYSET_RUMOURED || state == KEYSET_UNRETENTIVE;
}

const char *keyset_role_name(keyset_role_t role)
{
	return roles[role];
}

const char *keyset_state_name(keyset_state_t state)
{
	return states[state];
}

const char *keyset_record_name(keyset_record_t record)
{
	return records[record];
}

const char *keyset_serial_name(keyset_serial_t serial)
{
	return serials[serial];
}

static int parse(const char *name, const char *const *names)
{
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(name, names[i]) == 0) {
			return i;
		}
	}
	return -1;
}

int keyset_role_parse(const char *name, keyset_role_t *role)
{
	int value = parse(name, roles);
	if (value >= 0) {
		*role = value;
	}
	return value >= 0 ? 0 : -1;
}

int keyset_state_parse(const char *name, keyset_state_t *state)
{
	int value = parse(name, states);
	if (value >= 0) {
		*state = value;
	}
	return value >= 0 ? 0 : -1;
}

int keyset_record_parse(const char *name, keyset_record_t *record)
{
	int value = parse(name, records);
	if (value >= 0) {
		*record = value;
	}
	return value >= 0 ? 0 : -1;
}

int keyset_serial_parse(const char *name, keyset_serial_t *serial)
{
	int value = parse(name, serials);
	if (value >= 0) {
		*serial = value;
	}
	return value >= 0 ? 0 : -1;
}
