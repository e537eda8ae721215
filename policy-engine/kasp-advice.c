/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/duration.h"
#include "policy-engine/kasp-check-internal.h"

static void advise_signatures(const check_t *c)
{
	const policy_t *p = c->policy;
	const xmlNode *jitter = check_place(c, "Signatures", "Jitter", NULL);
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
	if (p->inception_offset > 3600) {
		hsm_xml_warn(c->xml, check_place(c, "Signatures", "InceptionOffset", NULL),
		             "<InceptionOffset> (%u s) is more than an hour: no resolver's clock "
		             "is that slow, and the signatures are good for less time",
		             p->inception_offset);
	}
	if (p->nsec3 && p->resalt > 0 && p->resalt < p->resign) {
		hsm_xml_warn(c->xml, check_place(c, "Denial", "NSEC3", "Resalt"), "<Resalt> (%u s) "
		             "is shorter than <Resign> (%u s): the chain is made anew more often "
		             "than signatures; PT0S keeps the salt (RFC 9276)", p->resalt,
		             p->resign);
	}
}

/* A signature has to outlive any cache that took it just before it was replaced. */
static void advise_ttls(const check_t *c)
{
	const policy_t *p = c->policy;
	if (p->max_zone_ttl > p->refresh - p->resign) {
		hsm_xml_warn(c->xml, check_place(c, "Signatures", "MaxZoneTTL", NULL),
		             "<MaxZoneTTL> (%u s) is longer than <Refresh> less <Resign> (%u s): "
		             "caches may hold records whose signatures have expired",
		             p->max_zone_ttl, p->refresh - p->resign);
	}
	if (p->keys_ttl > p->refresh - p->resign) {
		hsm_xml_warn(c->xml, check_place(c, "Keys", "TTL", NULL), "<TTL> of <Keys> (%u s) is "
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
			hsm_xml_warn(c->xml, check_place(c, "Keys", safeties[i].name, NULL),
			             "<%s> (%u s) is out of proportion to <TTL> of <Keys> (%u s)",
			             safeties[i].name, safeties[i].value, p->keys_ttl);
		}
	}
}

/* How long a rollover of such a key takes if nothing holds it up: the new one has to be known, the
 * old one to be forgotten. */
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

static void advise_lifetime(const check_t *c, size_t index)
{
	const policy_t *p = c->policy;
	const policy_key_t *key = &p->keys[index];
	const xmlNode *node = check_key_place(c, index);
	char needed[DURATION_TEXT_MAX], has[DURATION_TEXT_MAX];
	if (key->manual_rollover) {
		return;
	}
	uint64_t least = rollover_time(p, key);
	if (key->lifetime < least) {
		hsm_xml_warn(c->xml, node, "<Lifetime> of the <%s> (%s) is shorter than a rollover "
		             "takes (%s): the next one is due before the last one is over, and "
		             "waits", check_key_element(key), duration_text(key->lifetime, has),
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

void kasp_advise(const check_t *c)
{
	advise_signatures(c);
	advise_ttls(c);
	for (size_t i = 0; i < c->policy->key_count; i++) {
		advise_lifetime(c, i);
	}
}
