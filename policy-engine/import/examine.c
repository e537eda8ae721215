/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/examine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/address.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/zone/dnskey.h"

void examine_refuse(examine_zone_t *zone, const char *format, ...)
{
	if (zone->why[0] != '\0') {
		return;
	}
	va_list args;
	va_start(args, format);
	vsnprintf(zone->why, sizeof(zone->why), format, args);
	va_end(args);
}

/* -- picked -------------------------------------------------------------- */

static int pick(examine_t *all, const char *zone)
{
	char *wanted = zone != NULL ? zone_name_canonical(zone) : NULL;
	int count = 0;
	for (size_t i = 0; i < all->db.zone_count; i++) {
		char *name = zone_name_canonical(all->db.zones[i].name);
		bool meant = zone == NULL ||
		             (wanted != NULL && name != NULL && strcmp(name, wanted) == 0);
		all->zones[i] = (examine_zone_t){
			.from = meant ? &all->db.zones[i] : NULL,
			.name = name,
		};
		count += meant;
	}
	free(wanted);
	return count;
}

int examine_places(examine_t *all, const policies_t *policies, char *err, size_t err_size)
{
	const source_t *source = &all->source;
	if (source->kind->has_policies) {
		return 0;
	}
	if (source->policy == NULL) {
		snprintf(err, err_size, "%s has no policies of ours: name one for its zones by --policy",
		         source->kind->name);
		return -1;
	}
	const policy_t *policy = policies_find(policies, source->policy);
	all->locate = policy != NULL ? locate_new(policy, all->hsm, all->usable, all->ctx) : NULL;
	if (all->locate == NULL) {
		snprintf(err, err_size, policy != NULL ? "out of memory" : "kasp.xml has no policy \"%.60s\"",
		         source->policy);
	}
	return all->locate != NULL ? 0 : -1;
}

int examine_read(examine_t *all, char *err, size_t err_size)
{
	const source_t *source = &all->source;
	if (source->kind->read(source, &all->db, err, err_size) != 0) {
		return -1;
	}
	all->zones = calloc(all->db.zone_count + 1, sizeof(*all->zones));
	all->found = calloc(all->db.pair_count + 1, sizeof(*all->found));
	if (all->zones == NULL || all->found == NULL) {
		snprintf(err, err_size, "out of memory");
		return -1;
	}
	for (size_t i = 0; i < all->db.zone_count; i++) {
		all->db.zones[i].kind = source->kind;
	}
	return pick(all, source->zone);
}

/* -- looked for ---------------------------------------------------------- */

/* Finds a pair that OpenDNSSEC has told of. \return NULL with why */
static hsm_key_t *find_key(examine_t *all, const ods_pair_t *pair, char *why, size_t why_size)
{
	hsm_key_t *key = NULL;
	hsm_error_t err = { 0 };
	const hsm_wanted_t wanted = { .repository = pair->repository, .cka_id = pair->locator,
		                      .algorithm = pair->algorithm };
	if (all->usable != NULL && !all->usable(all->ctx, pair->repository, why, why_size)) {
		return NULL;
	}
	if (hsm_key_find(all->hsm, &wanted, &key, &err) != HSM_EOK) {
		snprintf(why, why_size, "%s", err.text);
		return NULL;
	}
	return key;
}

const examine_pair_t *examine_pair(examine_t *all, size_t index)
{
	ods_pair_t *pair = &all->db.pairs[index];
	examine_pair_t *found = &all->found[index];
	if (found->tried) {
		return found;
	}
	char why[MAP_WHY_MAX];
	if (all->locate == NULL) {
		found->key = find_key(all, pair, why, sizeof(why));
	} else if (locate_pair(all->locate, pair, &found->key, why, sizeof(why)) != 0) {
		found->key = NULL;
	}
	found->why = found->key == NULL ? strdup(why) : NULL;
	found->tried = true;
	return found;
}

static void look_for_keys(examine_t *all, examine_zone_t *zone)
{
	for (size_t i = 0; i < zone->from->key_count && zone->why[0] == '\0'; i++) {
		const ods_key_t *key = &zone->from->keys[i];
		if (map_is_past(key)) {
			continue;
		}
		const char *name = keyset_role_name(key->role);
		const examine_pair_t *found = examine_pair(all, key->pair);
		const char *locator = all->db.pairs[key->pair].locator;
		if (found->key == NULL) {
			examine_refuse(zone, "%s %u%s%s: %s", name, key->keytag,
			               locator != NULL ? ", CKA_ID " : "", locator != NULL ? locator : "",
			               found->why != NULL ? found->why : "out of memory");
			continue;
		}
		dnssec_binary_t public_key = hsm_key_public(found->key);
		int tag = dnskey_tag(key->role, key->algorithm, public_key.data, public_key.size);
		if (tag != key->keytag) {
			examine_refuse(zone, "%s %u, CKA_ID %s: the token has another key of that "
			               "CKA_ID, whose key tag is %d", name, key->keytag, locator,
			               tag);
		}
	}
}

/* Asks the signer's server, which has to serve the very keys that are taken over. */
static void see_server(examine_t *all, examine_zone_t *zone)
{
	served_t served;
	char why[200] = "does not answer, as it has not for the zone before", server[ADDRESS_TEXT_MAX];
	const int ret = all->silent ? -1 : served_ask(all->server, zone->name, &served, why, sizeof(why));
	address_text(all->server, server);
	all->silent = ret < 0;
	if (ret != 0) {
		examine_refuse(zone, "the server of %s, %s: %s", zone->from->kind->name, server, why);
	} else if (served_check_keys(&served, zone->from, why, sizeof(why)) != 0) {
		examine_refuse(zone, "the server of %s, %s: %s; if it is the right server, its keys have changed "
		               "since: make the list of them anew", zone->from->kind->name, server, why);
	} else {
		zone->serial = served.serial;
		zone->asked = true;
		zone->nsec3 = served.nsec3;
	}
}

/* The last serial, as a person or the signer's server says: there is nothing else that has it for certain. */
static void see_serial(examine_t *all, examine_zone_t *zone)
{
	if (all->serial != NULL) {
		zone->serial = *all->serial;
	} else if (all->server != NULL && zone->why[0] == '\0') {
		see_server(all, zone);
	} else {
		examine_refuse(zone, "its last serial is not known: name the server of %s, which is asked, by "
		               "--server, or the serial that it served last by --serial", zone->from->kind->name);
	}
}

/* The last serial, by what OpenDNSSEC's signer left behind or by what a person says. */
static void see_signer(examine_t *all, examine_zone_t *zone)
{
	ods_signer_t signer = { 0 };
	char why[MAP_WHY_MAX] = "";
	const ods_zone_t *from = zone->from;
	if (ods_signer_read(all->signer_dir, from->name, &signer, why, sizeof(why)) != 0 ||
	    (signer.state && map_check_signer(&all->db, from, &signer, why) != 0) ||
	    (!from->output.dns &&
	     ods_signer_read_zone(from->output.path, &signer, why, sizeof(why)) != 0)) {
		examine_refuse(zone, "%s", why);
	}
	zone->unchecked = !signer.state;
	if (zone->why[0] != '\0') {
		return;
	}
	if (all->serial != NULL) {
		zone->serial = *all->serial;
	} else if (signer.published) {
		zone->serial = signer.serial;
	} else {
		examine_refuse(zone, "its last serial is not known: %s has no %s.backup2; name the "
		               "signer's <WorkingDirectory> by --signer-dir, or the last serial by "
		               "--serial", all->signer_dir, from->name);
	}
}

static void examine(examine_t *all, examine_zone_t *zone)
{
	const ods_policy_t *policy = &all->db.policies[zone->from->policy];
	if (zone->name == NULL) {
		examine_refuse(zone, "this is no domain name");
	} else if (zone->from->fault[0] != '\0') {
		examine_refuse(zone, "%s", zone->from->fault);
	} else if (policy->fault[0] != '\0') {
		examine_refuse(zone, "policy %s: %s", policy->name, policy->fault);
	} else if (zone->from->key_count == 0) {
		examine_refuse(zone, "it has no keys; add it to knot.conf as a new one");
	} else {
		look_for_keys(all, zone);
		if (zone->from->kind->has_policies) {
			see_signer(all, zone);
		} else {
			see_serial(all, zone);
		}
	}
}

void examine_zones(examine_t *all)
{
	for (size_t i = 0; i < all->db.zone_count; i++) {
		if (all->zones[i].from != NULL) {
			examine(all, &all->zones[i]);
		}
	}
}

/* -- mapped -------------------------------------------------------------- */

static const policy_t *find_policy(const examine_t *all, examine_zone_t *zone,
                                   const policies_t *policies)
{
	const char *name = all->db.policies[zone->from->policy].name;
	const policy_t *policy = policies_find(policies, name);
	if (policy == NULL) {
		examine_refuse(zone, "kasp.xml has no policy \"%s\"; use the kasp.xml of OpenDNSSEC",
		               name);
	} else if (policy->defect != NULL) {
		examine_refuse(zone, "%s", policy->defect);
	} else {
		return policy;
	}
	return NULL;
}

/* Whether a policy keeps the denial that the signer's server has, if it was asked. */
static bool keeps_denial(examine_zone_t *zone, const policy_t *policy)
{
	if (zone->asked && zone->nsec3 != policy->nsec3) {
		examine_refuse(zone, "policy %s of kasp.xml has %s, and %s signs with %s; have it be the same, and "
		               "change it after the import", policy->name, policy->nsec3 ? "NSEC3" : "NSEC",
		               zone->from->kind->name, zone->nsec3 ? "NSEC3" : "NSEC");
	}
	return zone->why[0] == '\0';
}

const policy_t *examine_map(const examine_t *all, examine_zone_t *zone, const policies_t *policies,
                            int64_t now, core_zone_t *core)
{
	char why[MAP_WHY_MAX] = "";
	const policy_t *policy = zone->why[0] == '\0' ? find_policy(all, zone, policies) : NULL;
	if (policy != NULL && keeps_denial(zone, policy) && map_zone(&all->db, zone->from, policy, now, core, why) != 0) {
		examine_refuse(zone, "%s", why);
	}
	return zone->why[0] == '\0' ? policy : NULL;
}

/* Whether all of a key is there: if its signer does not say what caches know, it can be there for long. */
static bool is_whole(const core_key_t *key)
{
	bool whole = true;
	for (int r = 0; r < KEYSET_RECORDS; r++) {
		whole = whole && key->record[r].state != KEYSET_HIDDEN;
	}
	return whole;
}

void examine_list(const examine_t *all, const examine_zone_t *zone, const core_zone_t *core, char *out,
                  size_t size)
{
	const size_t past = zone->from->key_count - core->count;
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < core->count && used < size; i++) {
		const core_key_t *key = &core->keys[i];
		bool waits = key->goal_in && (zone->from->kind->has_policies ? !core_is_settled(key)
		                                                             : !is_whole(key));
		used += (size_t)snprintf(out + used, size - used, "%s%s %u%s", i > 0 ? ", " : "",
		                         keyset_role_name(key->role), key->keytag,
		                         !key->goal_in ? " (going)" : waits ? " (coming)" : "");
	}
	if (past > 0 && used < size) {
		used += (size_t)snprintf(out + used, size - used, "; %zu past, left in the token", past);
	}
	if (zone->unchecked && used < size) {
		snprintf(out + used, size - used, "; not checked whether OpenDNSSEC's signer signed with "
		         "them: %s has no %s.backup2, see --signer-dir", all->signer_dir, zone->from->name);
	}
}

void examine_deinit(examine_t *all)
{
	for (size_t i = 0; all->zones != NULL && i < all->db.zone_count; i++) {
		free(all->zones[i].name);
	}
	for (size_t i = 0; all->found != NULL && i < all->db.pair_count; i++) {
		hsm_key_free(all->found[i].key);
		free(all->found[i].why);
	}
	free(all->zones);
	free(all->found);
	locate_free(all->locate);
	ods_db_deinit(&all->db);
	*all = (examine_t){ 0 };
}
