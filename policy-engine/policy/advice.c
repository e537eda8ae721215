/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/policy/advice.h"

#include "policy-engine/base/duration.h"

#define HOUR 3600
#define DAY 86400
#define DATECOUNTER_MAX 99 /* Serials a day: YYYYMMDDnn has two digits for them. */
#define WEEKEND (63 * HOUR) /* From Friday, six in the evening, to Monday, nine. */

static void advise_offset(const policy_check_t *c)
{
	const policy_t *p = c->policy;
	const xmlNode *node = place_of(c, "Signatures", "InceptionOffset", NULL);
	if (p->inception_offset > HOUR) {
		hsm_xml_warn(c->xml, node, "<InceptionOffset> (%u s) is more than an hour: no "
		             "resolver's clock is that slow, and the signatures are good for less "
		             "time", p->inception_offset);
	} else if (p->inception_offset < 300) {
		hsm_xml_warn(c->xml, node, "<InceptionOffset> (%u s) is less than five minutes: to "
		             "resolvers whose clock is slow new signatures are not valid yet; "
		             "PT1H is usual", p->inception_offset);
	}
}

static void advise_signatures(const policy_check_t *c)
{
	const policy_t *p = c->policy;
	const xmlNode *jitter = place_of(c, "Signatures", "Jitter", NULL);
	const struct {
		const char *name;
		uint32_t value;
	} validities[] = { { "Default", p->validity_default }, { "Denial", p->validity_denial },
	                   { "Keyset", p->validity_keyset } };
	for (size_t i = 0; i < 3; i++) {
		uint32_t validity = validities[i].value;
		if (validity == 0) {
			continue; /* Then it is as Default. */
		}
		if (p->jitter >= validity - p->refresh) {
			hsm_xml_warn(c->xml, jitter, "<Jitter> (%u s) reaches into the <Refresh> "
			             "time of <%s>: some signatures are made again at once",
			             p->jitter, validities[i].name);
		} else if (p->jitter > validity / 2) {
			hsm_xml_warn(c->xml, jitter, "<Jitter> (%u s) is more than half of <%s> "
			             "(%u s): signatures are good for very different times",
			             p->jitter, validities[i].name, validity);
		}
	}
	advise_offset(c);
	if (p->refresh - p->resign < WEEKEND) {
		char left[DURATION_TEXT_MAX];
		hsm_xml_warn(c->xml, place_of(c, "Signatures", "Refresh", NULL), "<Refresh> less "
		             "<Resign> is %s: if signing stops, signatures expire after that, "
		             "perhaps before a weekend is over", duration_text(
		             p->refresh - p->resign, left));
	}
}

static void advise_denial(const policy_check_t *c)
{
	const policy_t *p = c->policy;
	const xmlNode *resalt = place_of(c, "Denial", "NSEC3", "Resalt");
	if (!p->nsec3 || p->resalt == 0) {
		return;
	}
	if (p->salt_length == 0) {
		hsm_xml_warn(c->xml, resalt, "<Resalt> has no effect, the salt has length 0");
	} else if (p->resalt < p->resign) {
		hsm_xml_warn(c->xml, resalt, "<Resalt> (%u s) is shorter than <Resign> (%u s): the "
		             "chain is made anew more often than signatures; PT0S keeps the salt "
		             "(RFC 9276)", p->resalt, p->resign);
	}
}

/* A signature has to outlive any cache that took it just before it was replaced. */
static void advise_ttls(const policy_check_t *c)
{
	const policy_t *p = c->policy;
	if (p->max_zone_ttl > p->refresh - p->resign) {
		hsm_xml_warn(c->xml, place_of(c, "Signatures", "MaxZoneTTL", NULL),
		             "<MaxZoneTTL> (%u s) is longer than <Refresh> less <Resign> (%u s): "
		             "caches may hold records whose signatures have expired",
		             p->max_zone_ttl, p->refresh - p->resign);
	}
	if (p->keys_ttl > p->refresh - p->resign) {
		hsm_xml_warn(c->xml, place_of(c, "Keys", "TTL", NULL), "<TTL> of <Keys> (%u s) is "
		             "longer than <Refresh> less <Resign> (%u s): caches may hold keys "
		             "whose signatures have expired", p->keys_ttl, p->refresh - p->resign);
	}
	const struct {
		const char *name;
		uint32_t value;
	} safeties[] = { { "PublishSafety", p->publish_safety },
	                 { "RetireSafety", p->retire_safety } };
	for (size_t i = 0; i < 2; i++) {
		if ((uint64_t)safeties[i].value * 10 < p->keys_ttl ||
		    safeties[i].value > (uint64_t)p->keys_ttl * 5) {
			hsm_xml_warn(c->xml, place_of(c, "Keys", safeties[i].name, NULL),
			             "<%s> (%u s) is out of proportion to <TTL> of <Keys> (%u s)",
			             safeties[i].name, safeties[i].value, p->keys_ttl);
		}
	}
}

static void advise_zero(const policy_check_t *c, uint32_t value, const xmlNode *node,
                        const char *what) {
	if (value == 0) {
		hsm_xml_warn(c->xml, node, "<%s> is 0: key timing assumes that %s",
		             (const char *)node->name, what);
	}
}

static void advise_zone(const policy_check_t *c)
{
	const policy_t *p = c->policy;
	advise_zero(c, p->zone_propagation, place_of(c, "Zone", "PropagationDelay", NULL),
	            "all name servers of the zone have a new version at once");
	advise_zero(c, p->parent_propagation, place_of(c, "Parent", "PropagationDelay", NULL),
	            "all name servers of the parent have a new DS at once");
	advise_zero(c, p->parent_ds_ttl, place_of(c, "Parent", "DS", "TTL"),
	            "no resolver keeps a DS");
	if (p->soa_minimum > DAY) {
		hsm_xml_warn(c->xml, place_of(c, "Zone", "SOA", "Minimum"), "<Minimum> (%u s) is "
		             "more than a day: for so long resolvers that asked before do not "
		             "see a new name (RFC 2308 advises one to three hours)",
		             p->soa_minimum);
	}
	if (p->serial == KEYSET_SERIAL_DATECOUNTER && p->resign > 0 &&
	    DAY / p->resign > DATECOUNTER_MAX) {
		hsm_xml_warn(c->xml, place_of(c, "Zone", "SOA", "Serial"), "<Serial> datecounter "
		             "has room for %d versions a day, <Resign> (%u s) asks for %u: the "
		             "serials may get ahead of the date; use unixtime, or a longer "
		             "<Resign>", DATECOUNTER_MAX, p->resign, DAY / p->resign);
	}
	if (p->serial == KEYSET_SERIAL_KEEP) {
		char left[DURATION_TEXT_MAX];
		hsm_xml_warn(c->xml, place_of(c, "Zone", "SOA", "Serial"), "<Serial> keep: "
		             "signatures and keys can change only when the unsigned zone has a "
		             "new serial; it needs one at least every %s",
		             duration_text(p->refresh - p->resign, left));
	}
}

/* How long a rollover of such a key takes if nothing holds it up: caches have to learn the new key,
 * then to forget the old one. */
static uint64_t rollover_time(const policy_t *p, const policy_key_t *key)
{
	uint64_t dnskey = (uint64_t)p->keys_ttl + p->zone_propagation;
	uint64_t ksk = (uint64_t)p->parent_registration + p->parent_propagation + p->parent_ds_ttl;
	uint64_t zsk = (uint64_t)p->max_zone_ttl + p->zone_propagation + p->validity_default -
	               p->refresh + p->resign;
	uint64_t change = key->role == KEYSET_KSK   ? ksk
	                  : key->role == KEYSET_ZSK ? zsk
	                  : ksk > zsk               ? ksk
	                                            : zsk;
	return dnskey + p->publish_safety + change + dnskey + p->retire_safety;
}

static void advise_lifetime(const policy_check_t *c, size_t index)
{
	const policy_t *p = c->policy;
	const policy_key_t *key = &p->keys[index];
	const xmlNode *node = place_of_key(c, index);
	char needed[DURATION_TEXT_MAX], has[DURATION_TEXT_MAX];
	if (key->manual_rollover) {
		return;
	}
	uint64_t least = rollover_time(p, key);
	if (key->lifetime < least) {
		hsm_xml_warn(c->xml, node, "<Lifetime> of the <%s> (%s) is shorter than a rollover "
		             "takes (%s): the next one is due before the last one is over, and "
		             "waits", policy_role_element(key->role),
		             duration_text(key->lifetime, has),
		             duration_text((int64_t)least, needed));
	}
	if (key->role == KEYSET_ZSK && key->lifetime < p->validity_default) {
		hsm_xml_warn(c->xml, node, "<Lifetime> of the <ZSK> (%s) is shorter than its "
		             "signatures are valid: they are replaced before they expire",
		             duration_text(key->lifetime, has));
	}
	for (size_t i = 0; key->role == KEYSET_KSK && i < p->key_count; i++) {
		const policy_key_t *zsk = &p->keys[i];
		if (zsk->role == KEYSET_ZSK && zsk->algorithm == key->algorithm &&
		    !zsk->manual_rollover && key->lifetime < zsk->lifetime) {
			hsm_xml_warn(c->xml, node, "<Lifetime> of the <KSK> (%s) is shorter than "
			             "that of the <ZSK>: each new KSK is work at the parent, a new "
			             "ZSK is not", duration_text(key->lifetime, has));
		}
	}
}

/* RFC 8624 and 9905 say what to use for signing, and what not. */
static void advise_algorithm(const policy_check_t *c, size_t index)
{
	const policy_key_t *key = &c->policy->keys[index];
	const xmlNode *node = place_of_key(c, index);
	if (key->algorithm == 10) {
		hsm_xml_warn(c->xml, node, "<Algorithm> 10 of the <%s> is not recommended for "
		             "signing (RFC 8624); use 13, or 8", policy_role_element(key->role));
	} else if (key->algorithm == 16) {
		hsm_xml_warn(c->xml, node, "<Algorithm> 16 of the <%s> is unknown to many "
		             "validators and registries, to whom the zone is unsigned; use 13, "
		             "or 15", policy_role_element(key->role));
	} else if (key->algorithm == 8 && key->role != KEYSET_KSK && key->bits > 2048) {
		hsm_xml_warn(c->xml, node, "<%s> of %u bits: each signature has %u bytes, and "
		             "answers may not fit into a UDP packet; use 2048, or <Algorithm> 13",
		             policy_role_element(key->role), key->bits, key->bits / 8);
	}
}

/* A common mistake: to change the algorithm, people add the new one beside the old one. */
static void advise_two_algorithms(const policy_check_t *c)
{
	const policy_t *p = c->policy;
	for (size_t i = 1; i < p->key_count; i++) {
		if (p->keys[i].algorithm != p->keys[0].algorithm) {
			hsm_xml_warn(c->xml, place_of_key(c, i), "keys of algorithm %u and of %u: "
			             "zones are signed twice for good; for a change of algorithm "
			             "replace the old entries, the engine does the rest",
			             p->keys[0].algorithm, p->keys[i].algorithm);
			return;
		}
	}
}

static void advise_capacity(const policy_check_t *c, size_t index)
{
	const policy_key_t *key = &c->policy->keys[index];
	const hsm_repository_t *repository =
	        c->tokens != NULL ? hsm_conf_repository(c->tokens, key->repository) : NULL;
	if (repository != NULL && repository->capacity > 0 && c->policy->purge == 0 &&
	    !key->manual_rollover) {
		hsm_xml_warn(c->xml, place_of_key(c, index), "no <Purge>: keys that were replaced "
		             "stay in repository %.40s, which conf.xml says has room for %zu",
		             key->repository, repository->capacity);
	}
}

/* Zones of such a policy may still be signed: those that had keys, until no cache has their DS. */
static void advise_unsigned(const policy_check_t *c)
{
	const policy_t *p = c->policy;
	if (!p->passthrough) {
		hsm_xml_warn(c->xml, place_of(c, "Keys", NULL, NULL), "<Keys> has no <KSK>, <ZSK> "
		             "or <CSK>: zones of policy \"%.60s\" are published unsigned, those "
		             "that were signed go insecure", p->name);
		return;
	}
	for (size_t i = 0; i < p->key_count; i++) {
		hsm_xml_warn(c->xml, place_of_key(c, i), "<%s> has no effect besides "
		             "<Passthrough/>: zones of policy \"%.60s\" are published unsigned, "
		             "those that were signed go insecure; remove one of the two",
		             policy_role_element(p->keys[i].role), p->name);
	}
	if (p->zonemd) {
		hsm_xml_warn(c->xml, place_of(c, "Zone", "Zonemd", NULL), "<Zonemd> has no effect "
		             "besides <Passthrough/>");
	}
	if (p->foreign_keys) {
		hsm_xml_warn(c->xml, place_of(c, "Zone", "ForeignKeys", NULL), "<ForeignKeys> has "
		             "no effect besides <Passthrough/>: such zones may bring all records");
	}
}

static void advise_cds(const policy_check_t *c)
{
	const keyset_cds_t *cds = &c->policy->cds;
	const xmlNode *node = place_of(c, "Parent", "CDS", NULL);
	const bool digest = cds->sha256 || cds->sha384;
	if (c->policy->foreign_keys && !(digest && cds->cdnskey)) {
		hsm_xml_warn(c->xml, node, "<CDS>: besides <ForeignKeys/>, the %s that other "
		             "operators bring %s left out, too", digest ? "CDNSKEY"
		             : cds->cdnskey ? "CDS" : "CDS and CDNSKEY",
		             digest || cds->cdnskey ? "is" : "are");
	} else if (digest != cds->cdnskey) {
		hsm_xml_warn(c->xml, node, "<CDS> has no %s: parents that read only that do not "
		             "see which DS they are to have (RFC 7344 advises both), and a "
		             "Knot that reads the zone from a file, with semantic-checks, "
		             "refuses it",
		             digest ? "<CDNSKEY/>" : "<Digest>");
	}
}

void kasp_advise(const policy_check_t *c)
{
	if (policy_is_unsigned(c->policy)) {
		advise_unsigned(c);
		return;
	}
	advise_signatures(c);
	advise_denial(c);
	advise_ttls(c);
	advise_zone(c);
	advise_cds(c);
	advise_two_algorithms(c);
	for (size_t i = 0; i < c->policy->key_count; i++) {
		advise_algorithm(c, i);
		advise_lifetime(c, i);
		advise_capacity(c, i);
	}
}
