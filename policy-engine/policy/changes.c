/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/policy/changes.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "policy-engine/base/duration.h"

#define TEXT_MAX 256 /* Bytes of a value in words. */

/* What comes of a difference: as module/sign and policy-engine/core have it. */
#define AS_DUE "signatures get it as they come due; none is made anew for it"
#define AT_ONCE "signatures that expire within it are made anew at once"
#define CHAIN "all NSEC or NSEC3 records are made and signed anew at once; the old ones serve until the " \
	"new ones are whole"
#define SOA "the SOA, and if their TTL changes all NSEC or NSEC3 records, are signed anew at once"
#define PARAM "the NSEC3PARAM record is signed anew"
#define CAP "the whole zone is looked through; records whose TTL it limits are signed anew"
#define KEYS_TTL "the DNSKEY RRset is signed anew at once; rollovers wait for caches that have the old TTL"
#define WAIT "rollovers wait by it from now on"
#define NEXT "the next version has it"
#define CDS "the next version has it; a parent that reads it changes the DS by it"
#define CEREMONY "takes effect with the next ceremony: what was signed ahead stays until then"
#define PURGE "keys that no cache knows any more are removed by it"

/* An item with a number. */
typedef struct {
	const char *item;
	size_t offset;
	enum { SECONDS, NUMBER, OCTET, SWITCH } form;
	const char *effect;
} item_t;

#define ITEM(name, field, form, effect) { name, offsetof(policy_t, field), form, effect }

static const item_t items[] = {
	ITEM("Signatures/Resign", resign, SECONDS, "signatures are looked at so often"),
	ITEM("Signatures/Refresh", refresh, SECONDS, AT_ONCE),
	ITEM("Signatures/Validity/Default", validity_default, SECONDS, AS_DUE),
	ITEM("Signatures/Validity/Denial", validity_denial, SECONDS, AS_DUE),
	ITEM("Signatures/Validity/Keyset", validity_keyset, SECONDS, AS_DUE),
	ITEM("Signatures/Jitter", jitter, SECONDS, AS_DUE),
	ITEM("Signatures/InceptionOffset", inception_offset, SECONDS, AS_DUE),
	ITEM("Signatures/MaxZoneTTL", max_zone_ttl, SECONDS, CAP),
	ITEM("Denial/NSEC3", nsec3, SWITCH, CHAIN),
	ITEM("Denial/NSEC3/OptOut", optout, SWITCH, CHAIN),
	ITEM("Denial/NSEC3/TTL", nsec3_ttl, SECONDS, PARAM),
	ITEM("Denial/NSEC3/Resalt", resalt, SECONDS, "the next salt comes by it"),
	ITEM("Denial/NSEC3/Hash/Iterations", iterations, NUMBER, CHAIN),
	ITEM("Denial/NSEC3/Hash/Salt length", salt_length, OCTET, CHAIN),
	ITEM("Keys/TTL", keys_ttl, SECONDS, KEYS_TTL),
	ITEM("Keys/RetireSafety", retire_safety, SECONDS, WAIT),
	ITEM("Keys/PublishSafety", publish_safety, SECONDS, WAIT),
	ITEM("Keys/ShareKeys", share_keys, SWITCH, "keys that come from now on are shared by it"),
	ITEM("Keys/Purge", purge, SECONDS, PURGE),
	ITEM("Zone/PropagationDelay", zone_propagation, SECONDS, WAIT),
	ITEM("Zone/SOA/TTL", soa_ttl, SECONDS, SOA),
	ITEM("Zone/SOA/Minimum", soa_minimum, SECONDS, SOA),
	ITEM("Parent/PropagationDelay", parent_propagation, SECONDS, WAIT),
	ITEM("Parent/DS/TTL", parent_ds_ttl, SECONDS, WAIT),
	ITEM("Parent/RegistrationDelay", parent_registration, SECONDS, WAIT),
	ITEM("Parent/SOA/TTL", parent_soa_ttl, SECONDS, WAIT),
	ITEM("Parent/SOA/Minimum", parent_soa_minimum, SECONDS, WAIT),
	ITEM("Parent/CDS/Digest SHA-256", cds.sha256, SWITCH, CDS),
	ITEM("Parent/CDS/Digest SHA-384", cds.sha384, SWITCH, CDS),
	ITEM("Parent/CDS/CDNSKEY", cds.cdnskey, SWITCH, CDS),
	ITEM("Zone/ZONEMD", zonemd, SWITCH, NEXT),
	ITEM("Zone/ForeignKeys", foreign_keys, SWITCH, NEXT),
};

typedef struct {
	policy_change_f call;
	void *ctx;
	bool found;
} reporter_t;

static void report(reporter_t *to, const policy_change_t *change)
{
	to->found = true;
	if (to->call != NULL) {
		to->call(to->ctx, change);
	}
}

static uint32_t value_of(const policy_t *policy, const item_t *item)
{
	const char *field = (const char *)policy + item->offset;
	uint32_t number;
	uint16_t half;
	switch (item->form) {
	case SECONDS:
		memcpy(&number, field, sizeof(number));
		return number;
	case NUMBER:
		memcpy(&half, field, sizeof(half));
		return half;
	case OCTET:
		return *(const uint8_t *)field;
	default:
		return *(const bool *)field;
	}
}

_Static_assert(sizeof(((policy_t *)0)->iterations) == sizeof(uint16_t), "NUMBER");

static void value_text(const item_t *item, uint32_t value, char buf[TEXT_MAX])
{
	char span[DURATION_TEXT_MAX];
	switch (item->form) {
	case SECONDS:
		snprintf(buf, TEXT_MAX, "%s", value == 0 ? "0" : duration_text(value, span));
		break;
	case SWITCH:
		snprintf(buf, TEXT_MAX, "%s", value != 0 ? "yes" : "no");
		break;
	default:
		snprintf(buf, TEXT_MAX, "%u", value);
	}
}

/* Whether a ceremony signs what the item is of. */
static bool is_signed_ahead(const policy_t *policy, const item_t *item)
{
	return policy_is_offline(policy) && item->offset == offsetof(policy_t, keys_ttl);
}

static void compare_items(reporter_t *to, const policy_t *from, const policy_t *after)
{
	char texts[2][TEXT_MAX];
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		const item_t *item = &items[i];
		const uint32_t a = value_of(from, item), b = value_of(after, item);
		value_text(item, a, texts[0]);
		value_text(item, b, texts[1]);
		if (a != b && strcmp(texts[0], texts[1]) == 0) { /* They differ by seconds. */
			snprintf(texts[0], TEXT_MAX, "%us", a);
			snprintf(texts[1], TEXT_MAX, "%us", b);
		}
		if (a != b) {
			const bool ahead = is_signed_ahead(after, item);
			report(to, &(policy_change_t){ item->item, texts[0], texts[1],
			                               ahead ? CEREMONY : item->effect });
		}
	}
}

/* -- keys ---------------------------------------------------------------- */

static bool same_kind(const policy_key_t *a, const policy_key_t *b)
{
	return a->role == b->role && a->algorithm == b->algorithm && a->bits == b->bits &&
	       strcmp(a->repository, b->repository) == 0;
}

/* \return The entry of the same kind, the nth of them if there are more; NULL if there is none. */
static const policy_key_t *find_same(const policy_t *policy, const policy_key_t *key, size_t nth)
{
	for (size_t i = 0; i < policy->key_count; i++) {
		if (same_kind(&policy->keys[i], key) && nth-- == 0) {
			return &policy->keys[i];
		}
	}
	return NULL;
}

/* \return How many entries before that one are of its kind. */
static size_t number_of(const policy_t *policy, const policy_key_t *key)
{
	size_t number = 0;
	for (const policy_key_t *other = policy->keys; other < key; other++) {
		number += same_kind(other, key);
	}
	return number;
}

static void key_text(const policy_key_t *key, char buf[TEXT_MAX])
{
	static const char *const rolls[] = {
		[POLICY_ROLL_PRE_PUBLICATION] = "pre-publication",
		[POLICY_ROLL_DOUBLE_SIGNATURE] = "double signature",
		[POLICY_ROLL_DOUBLE_RRSET] = "double RRset",
		[POLICY_ROLL_DOUBLE_DS] = "double DS",
		[POLICY_ROLL_SINGLE_SIGNATURE] = "single signature",
	};
	char span[DURATION_TEXT_MAX];
	snprintf(buf, TEXT_MAX, "lifetime %s, %u on standby, %s, %s%s",
	         key->lifetime == 0 ? "without end" : duration_text(key->lifetime, span),
	         key->standby, key->manual_rollover ? "rolled by hand" : "rolled by age",
	         rolls[key->roll], key->rfc5011 ? ", RFC 5011" : "");
}

static void kind_text(const policy_key_t *key, char buf[TEXT_MAX])
{
	const bool offline = key->repository[0] == '\0';
	snprintf(buf, TEXT_MAX, "Keys/%s, algorithm %u, %u bits, %s%.100s",
	         policy_role_element(key->role), key->algorithm, key->bits,
	         offline ? "offline" : "repository ", key->repository);
}

static void compare_keys(reporter_t *to, const policy_t *from, const policy_t *after)
{
	char kind[TEXT_MAX], texts[2][TEXT_MAX];
	const bool offline = policy_is_offline(after);
	for (size_t i = 0; i < from->key_count; i++) {
		const policy_key_t *key = &from->keys[i];
		const policy_key_t *other = find_same(after, key, number_of(from, key));
		kind_text(key, kind);
		key_text(key, texts[0]);
		texts[1][0] = '\0';
		if (other == NULL) {
			report(to, &(policy_change_t){ kind, texts[0], "", offline ? CEREMONY
			                               : "zones lose such a key when they can do "
			                                 "without" });
			continue;
		}
		key_text(other, texts[1]);
		if (strcmp(texts[0], texts[1]) != 0 || key->lifetime != other->lifetime) {
			report(to, &(policy_change_t){ kind, texts[0], texts[1],
			                               offline ? CEREMONY
			                               : "keys are replaced by it; see their dates" });
		}
	}
	for (size_t i = 0; i < after->key_count; i++) {
		const policy_key_t *key = &after->keys[i];
		if (find_same(from, key, number_of(after, key)) == NULL) {
			kind_text(key, kind);
			key_text(key, texts[1]);
			report(to, &(policy_change_t){ kind, "", texts[1],
			                               offline ? CEREMONY : "zones get such a key" });
		}
	}
}

bool policy_changes(const policy_t *from, const policy_t *to, policy_change_f call, void *ctx)
{
	reporter_t reporter = { .call = call, .ctx = ctx };
	if (policy_is_unsigned(from) != policy_is_unsigned(to)) {
		report(&reporter, &(policy_change_t){
			"whether zones are signed", policy_is_unsigned(from) ? "no" : "yes",
			policy_is_unsigned(to) ? "no" : "yes",
			policy_is_unsigned(to) ? "the DS go first; when no cache has one any more, the zone "
			                         "is published as it is, without signatures"
			                       : "the zone is signed at once; it is secure when the parent "
			                         "has its DS" });
	}
	compare_items(&reporter, from, to);
	if (from->serial != to->serial) {
		report(&reporter, &(policy_change_t){ "Zone/SOA/Serial", keyset_serial_name(from->serial),
		                                      keyset_serial_name(to->serial), NEXT });
	}
	compare_keys(&reporter, from, to);
	return reporter.found;
}

static void find_ceremony(void *ctx, const policy_change_t *change)
{
	bool *found = ctx;
	const bool is_ksk = strncmp(change->item, "Keys/KSK", 8) == 0; /* Whoever holds it rolls it. */
	*found = *found || (strcmp(change->effect, CEREMONY) == 0 && !is_ksk);
}

bool policy_wants_ceremony(const policy_t *from, const policy_t *to)
{
	bool found = false;
	(void)policy_changes(from, to, find_ceremony, &found);
	return found && policy_is_offline(from);
}
