/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "module/knotd/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "module/zonefile/path.h"

#define SECTION_ACL     "\x03""acl"
#define SECTION_KEY     "\x03""key"
#define SECTION_REMOTE  "\x06""remote"
#define SECTION_REMOTES "\x07""remotes"
#define ITEM_ADDRESS    "\x07""address"
#define ITEM_ALGORITHM  "\x09""algorithm"
#define ITEM_SECRET     "\x06""secret"
#define ITEM_VIA        "\x03""via"

/* Value of journal-content: all in knotd's configuration. */
#define JOURNAL_ALL 2

char *knotconf_socket(knotd_mod_t *mod)
{
	/* From Knot 3.5 on there can be several: one is as good as another. */
	knotd_conf_t sockets = knotd_conf(mod, "\x07""control", "\x06""listen", NULL);
	const char *path = sockets.multi != NULL && sockets.count > 0 ? sockets.multi[0].string
	                                                              : sockets.single.string;
	const char *rundir = knotd_conf(mod, "\x06""server", "\x06""rundir", NULL).single.string;
	char *full = NULL;
	int ret = path != NULL && path[0] == '/'
	          ? asprintf(&full, "%s", path)
	          : asprintf(&full, "%s/%s", rundir != NULL ? rundir : "/run/knot",
	                     path != NULL ? path : "knot.sock");
	knotd_conf_free(&sockets);
	return ret >= 0 ? full : NULL;
}

/*! Whether one of the zone's masters is the transfer socket. */
static bool fetches_from(knotd_mod_t *mod, const knot_dname_t *zone, const char *socket)
{
	bool found = false;
	knotd_conf_t masters = knotd_conf_zone(mod, "\x06""master", zone);
	for (size_t i = 0; i < masters.count; i++) {
		const knotd_conf_t id = { .single = masters.multi[i], .count = 1 };
		knotd_conf_t addresses = knotd_conf(mod, SECTION_REMOTE, ITEM_ADDRESS, &id);
		for (size_t n = 0; n < addresses.count; n++) {
			const struct sockaddr_un *addr =
				(struct sockaddr_un *)&addresses.multi[n].addr;
			found |= addr->sun_family == AF_UNIX && strcmp(addr->sun_path, socket) == 0;
		}
		knotd_conf_free(&addresses);
	}
	knotd_conf_free(&masters);
	return found;
}

int knotconf_check_zone(knotd_mod_t *mod, const knot_dname_t *zone, const char *socket)
{
	if (knotd_conf_zone(mod, "\x0E""dnssec-signing", zone).single.boolean) {
		knotd_mod_log(mod, LOG_ERR,
		              "dnssec-signing is on: knotd would sign over our signatures; "
		              "set it off");
		return KNOT_EINVAL;
	}
	if (knotd_conf_zone(mod, "\x0D""zonefile-load", zone).single.option != 0) {
		knotd_mod_log(
			mod, LOG_ERR,
			"zonefile-load is not none: knotd would publish the unsigned "
			"file; set zonefile-load: none, zonefile-sync: -1, journal-content: all");
		return KNOT_EINVAL;
	}
	if (knotd_conf_zone(mod, "\x0D""zonefile-sync", zone).single.integer >= 0) {
		knotd_mod_log(mod, LOG_ERR,
		              "zonefile-sync is not -1: knotd would write the signed zone over "
		              "the unsigned file; set zonefile-sync: -1");
		return KNOT_EINVAL;
	}
	if (!fetches_from(mod, zone, socket)) {
		knotd_mod_log(mod, LOG_ERR,
		              "none of the zone's masters is the transfer-socket %s; add a "
		              "remote with that address and name it as the zone's master",
		              socket);
		return KNOT_EINVAL;
	}
	return KNOT_EOK;
}

char *knotconf_zone_file(knotd_mod_t *mod, const knot_dname_t *zone)
{
	knotd_conf_t file = knotd_conf_zone(mod, "\x04""file", zone);
	knotd_conf_t storage = knotd_conf_zone(mod, "\x07""storage", zone);
	return zonefile_path(file.single.string, storage.single.string, zone);
}

/*** Keys. ***/

/*! Reads a key. \param id  Of its section. \return Whether there is one. */
static bool read_key(knotd_mod_t *mod, const knotd_conf_val_t *id, knot_tsig_key_t *key)
{
	const knotd_conf_t ref = { .single = *id, .count = 1 };
	knotd_conf_t secret = knotd_conf(mod, SECTION_KEY, ITEM_SECRET, &ref);
	*key = (knot_tsig_key_t) {
		.algorithm = knotd_conf(mod, SECTION_KEY, ITEM_ALGORITHM, &ref).single.option,
		.name = (knot_dname_t *)id->data, /* The id of a section "key" is a name. */
		.secret = { secret.single.data_len, (uint8_t *)secret.single.data },
	};
	return id->data != NULL && secret.count > 0;
}

static int add_key(knotd_mod_t *mod, const knotd_conf_val_t *id, tsig_keys_t *keys)
{
	knot_tsig_key_t key;
	return read_key(mod, id, &key) ? tsig_add(keys, &key) : KNOT_EOK;
}

/*! Adds the key of a remote, or of all remotes of a group. */
static int add_remote_keys(knotd_mod_t *mod, const knotd_conf_val_t *id, tsig_keys_t *keys)
{
	const knotd_conf_t ref = { .single = *id, .count = 1 };
	knotd_conf_t key = knotd_conf(mod, SECTION_REMOTE, SECTION_KEY, &ref);
	int ret = key.count > 0 ? add_key(mod, &key.single, keys) : KNOT_EOK;
	knotd_conf_t group = knotd_conf(mod, SECTION_REMOTES, SECTION_REMOTE, &ref);
	for (size_t i = 0; ret == KNOT_EOK && i < group.count; i++) {
		const knotd_conf_t member = { .single = group.multi[i], .count = 1 };
		key = knotd_conf(mod, SECTION_REMOTE, SECTION_KEY, &member);
		ret = key.count > 0 ? add_key(mod, &key.single, keys) : KNOT_EOK;
	}
	knotd_conf_free(&group);
	return ret;
}

static int add_acl_keys(knotd_mod_t *mod, const knotd_conf_val_t *id, tsig_keys_t *keys)
{
	const knotd_conf_t ref = { .single = *id, .count = 1 };
	knotd_conf_t own = knotd_conf(mod, SECTION_ACL, SECTION_KEY, &ref);
	knotd_conf_t remotes = knotd_conf(mod, SECTION_ACL, SECTION_REMOTE, &ref);
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < own.count; i++) {
		ret = add_key(mod, &own.multi[i], keys);
	}
	for (size_t i = 0; ret == KNOT_EOK && i < remotes.count; i++) {
		ret = add_remote_keys(mod, &remotes.multi[i], keys);
	}
	knotd_conf_free(&own);
	knotd_conf_free(&remotes);
	return ret;
}

int knotconf_update_keys(knotd_mod_t *mod, const knot_dname_t *zone, tsig_keys_t *keys)
{
	knotd_conf_t acls = knotd_conf_zone(mod, SECTION_ACL, zone);
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < acls.count; i++) {
		ret = add_acl_keys(mod, &acls.multi[i], keys);
	}
	knotd_conf_free(&acls);
	return ret;
}

/*** Primaries. ***/

/*! Adds all addresses of a remote, each with the first "via" of its family. */
static int add_remote(knotd_mod_t *mod, const knotd_conf_val_t *id, primaries_t *primaries)
{
	const knotd_conf_t ref = { .single = *id, .count = 1 };
	knotd_conf_t addresses = knotd_conf(mod, SECTION_REMOTE, ITEM_ADDRESS, &ref);
	knotd_conf_t vias = knotd_conf(mod, SECTION_REMOTE, ITEM_VIA, &ref);
	knotd_conf_t key_id = knotd_conf(mod, SECTION_REMOTE, SECTION_KEY, &ref);
	knot_tsig_key_t key;
	const bool has_key = key_id.count > 0 && read_key(mod, &key_id.single, &key);
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < addresses.count; i++) {
		const struct sockaddr_storage *addr = &addresses.multi[i].addr;
		struct sockaddr_storage via = { .ss_family = AF_UNSPEC };
		for (size_t n = vias.count; n > 0; n--) {
			if (vias.multi[n - 1].addr.ss_family == addr->ss_family) {
				via = vias.multi[n - 1].addr;
			}
		}
		ret = primaries_add(primaries, (const char *)id->data, addr, &via,
		                    has_key ? &key : NULL);
	}
	knotd_conf_free(&addresses);
	knotd_conf_free(&vias);
	return ret;
}

int knotconf_primaries(knotd_mod_t *mod, const yp_name_t *remotes, primaries_t *primaries)
{
	knotd_conf_t ids = knotd_conf_mod(mod, remotes);
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < ids.count; i++) {
		ret = add_remote(mod, &ids.multi[i], primaries);
	}
	knotd_conf_free(&ids);
	return ret;
}

/*! Adds a remote, or all remotes of a group. */
static int add_remote_or_group(knotd_mod_t *mod, const knotd_conf_val_t *id,
                               primaries_t *primaries)
{
	const knotd_conf_t ref = { .single = *id, .count = 1 };
	int ret = add_remote(mod, id, primaries);
	knotd_conf_t group = knotd_conf(mod, SECTION_REMOTES, SECTION_REMOTE, &ref);
	for (size_t i = 0; ret == KNOT_EOK && i < group.count; i++) {
		ret = add_remote(mod, &group.multi[i], primaries);
	}
	knotd_conf_free(&group);
	return ret;
}

int knotconf_secondaries(knotd_mod_t *mod, const knot_dname_t *zone, primaries_t *secondaries)
{
	knotd_conf_t ids = knotd_conf_zone(mod, "\x06""notify", zone);
	int ret = KNOT_EOK;
	for (size_t i = 0; ret == KNOT_EOK && i < ids.count; i++) {
		ret = add_remote_or_group(mod, &ids.multi[i], secondaries);
	}
	knotd_conf_free(&ids);
	return ret;
}

bool knotconf_validates(knotd_mod_t *mod, const knot_dname_t *zone)
{
	return knotd_conf_zone(mod, "\x11""dnssec-validation", zone).single.boolean;
}

size_t knotconf_journal_max(knotd_mod_t *mod, const knot_dname_t *zone)
{
	if (knotd_conf_zone(mod, "\x0F""journal-content", zone).single.option != JOURNAL_ALL) {
		return SIZE_MAX;
	}
	return knotd_conf_zone(mod, "\x11""journal-max-usage", zone).single.integer;
}

size_t knotconf_size_max(knotd_mod_t *mod, const knot_dname_t *zone, size_t journal)
{
	knotd_conf_t size = knotd_conf_zone(mod, "\x0D""zone-max-size", zone);
	return size.count > 0 && size.single.integer > 0 && (size_t)size.single.integer < journal
	       ? (size_t)size.single.integer : journal;
}

/*** Modules. ***/

/*! \return Whether a module's reference is to that module. \param name  With the octet of its length. */
static bool is_module(const knotd_conf_val_t *val, const yp_name_t *name)
{
	return val->data != NULL && val->data_len >= 1u + name[0] &&
	       memcmp(val->data, name, 1 + name[0]) == 0;
}

/*! \return Whether a module makes answers at the stage at which these are signed. */
static bool makes_answers(const knotd_conf_val_t *val)
{
	return is_module(val, "\x0F""mod-synthrecord") || is_module(val, "\x0A""mod-whoami") ||
	       is_module(val, "\x0E""mod-authsignal");
}

void knotconf_check_order(knotd_mod_t *mod, const knot_dname_t *zone)
{
	bool behind = false;
	knotd_conf_t modules = knotd_conf_zone(mod, "\x06""module", zone);
	for (size_t i = 0; i < modules.count; i++) {
		const knotd_conf_val_t *at = &modules.multi[i];
		if (behind && makes_answers(at)) {
			knotd_mod_log(mod, LOG_ERR, "online is on, but %.*s stands behind mod-opendnssec in "
			              "'module:', and so makes no answers; name mod-opendnssec last",
			              at->data[0], at->data + 1);
		}
		if (is_module(at, "\x0E""mod-onlinesign")) {
			knotd_mod_log(mod, LOG_ERR, "online is on, and mod-onlinesign signs the same answers "
			              "with other keys: take it out of 'module:'");
		}
		behind |= is_module(at, "\x0E""mod-opendnssec");
	}
	knotd_conf_free(&modules);
}
