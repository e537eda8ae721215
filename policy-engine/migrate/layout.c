/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/layout.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "policy-engine/base/when.h"
#include "policy-engine/core/plan.h"

#define ID_MAX 60 /* Bytes of a policy's name in an id. */

/* -- addns.xml ----------------------------------------------------------- */

/* The first file before that one that has a key of the same name and another secret. */
static const char *find_clash(const layout_t *layout, const peers_t *addns, const char **key)
{
	for (size_t f = 0; f < layout->file_count; f++) {
		const peers_t *other = &layout->files[f].peers;
		for (size_t i = 0; layout->files[f].fault == NULL && i < other->key_count; i++) {
			for (size_t k = 0; k < addns->key_count; k++) {
				const peers_key_t *a = &other->keys[i], *b = &addns->keys[k];
				if (strcmp(a->name, b->name) == 0 &&
				    (strcmp(a->secret, b->secret) != 0 ||
				     strcmp(a->algorithm, b->algorithm) != 0)) {
					*key = b->name;
					return layout->files[f].path;
				}
			}
		}
	}
	return NULL;
}

static int read_file(layout_t *layout, layout_file_t *file)
{
	hsm_error_t err = { 0 };
	const char *key = NULL;
	int ret = addns_read(file->path, &file->peers, &layout->left_out, &err);
	const char *clash = ret == HSM_EOK ? find_clash(layout, &file->peers, &key) : NULL;
	if (ret == HSM_ENOMEM) {
		return -1;
	}
	if (ret != HSM_EOK) {
		file->fault = strdup(err.text);
	} else if (clash != NULL &&
	           asprintf(&file->fault, "%s: its key %s has another secret in %s: give one of "
	                    "the two another name, at the other servers, too", file->path, key,
	                    clash) < 0) {
		file->fault = NULL;
	}
	return (ret != HSM_EOK || clash != NULL) && file->fault == NULL ? -1 : 0;
}

/* Makes room for all files that the zones name, so that none moves later. */
static int read_files(layout_t *layout, const ods_db_t *db)
{
	layout->files = calloc(2 * db->zone_count + 1, sizeof(*layout->files));
	if (layout->files == NULL) {
		return -1;
	}
	for (size_t i = 0; i < 2 * db->zone_count; i++) {
		const ods_zone_t *zone = &db->zones[i / 2];
		const ods_adapter_t *adapter = i % 2 == 0 ? &zone->input : &zone->output;
		size_t known = 0;
		while (adapter->dns && known < layout->file_count &&
		       strcmp(layout->files[known].path, adapter->path) != 0) {
			known++;
		}
		if (!adapter->dns || known < layout->file_count) {
			continue;
		}
		layout_file_t file = { .path = strdup(adapter->path) };
		int ret = file.path != NULL ? read_file(layout, &file) : -1;
		layout->files[layout->file_count++] = file;
		if (ret != 0) {
			return -1;
		}
	}
	return 0;
}

static const layout_file_t *find_file(const layout_t *layout, const ods_adapter_t *adapter)
{
	for (size_t i = 0; adapter->dns && i < layout->file_count; i++) {
		if (strcmp(layout->files[i].path, adapter->path) == 0) {
			return &layout->files[i];
		}
	}
	return NULL;
}

/* -- templates ----------------------------------------------------------- */

/* An id has only characters that need no quotes. */
static void form_id(const char *policy, char id[ID_MAX + 1])
{
	size_t len = 0;
	for (; policy[len] != '\0' && len < ID_MAX; len++) {
		char c = policy[len];
		id[len] = isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.' ? c : '-';
	}
	id[len] = '\0';
}

/* Names section and template by the policy and by what else makes them differ from others. */
static int name_template(const layout_t *layout, layout_template_t *t)
{
	char id[ID_MAX + 1], number[24] = "", source[40] = "", target[40] = "";
	form_id(t->policy, id);
	if (strcmp(id, t->policy) != 0) { /* Another policy may have the same id. */
		snprintf(number, sizeof(number), "-%zu", t->number);
	}
	if (t->from != NULL) {
		snprintf(source, sizeof(source), "-from-%s%zu", layout->group, t->from - layout->files + 1);
	}
	if (t->to != NULL) {
		snprintf(target, sizeof(target), "-to-%s%zu", layout->group, t->to - layout->files + 1);
	}
	if (asprintf(&t->section, "%s%s%s", id, number, source) < 0) {
		t->section = NULL;
		return -1;
	}
	if (asprintf(&t->id, "policy-%s%s", t->section, target) < 0) {
		t->id = NULL;
		return -1;
	}
	return 0;
}

/* Finds the template for a zone, or makes it. \return Its index; SIZE_MAX if out of memory. */
static size_t find_template(layout_t *layout, const layout_template_t *like)
{
	bool first = true;
	for (size_t i = 0; i < layout->template_count; i++) {
		const layout_template_t *t = &layout->templates[i];
		if (strcmp(t->policy, like->policy) == 0 && t->from == like->from) {
			first = false;
			if (t->to == like->to) {
				return i;
			}
		}
	}
	layout_template_t *grown = reallocarray(layout->templates, layout->template_count + 1,
	                                        sizeof(*grown));
	if (grown == NULL) {
		return SIZE_MAX;
	}
	layout->templates = grown;
	layout_template_t *fresh = &grown[layout->template_count++];
	*fresh = *like;
	fresh->first = first;
	return name_template(layout, fresh) == 0 ? layout->template_count - 1 : SIZE_MAX;
}

/* The folder of a file whose path is absolute. */
static void folder_of(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');
	snprintf(out, size, "%.*s", slash != NULL && slash != path ? (int)(slash - path) : 1, path);
}

layout_template_t *layout_template(layout_t *layout, layout_zone_t *zone, const layout_template_t *like)
{
	zone->template = find_template(layout, like);
	if (zone->template == SIZE_MAX) {
		return NULL;
	}
	layout_template_t *t = &layout->templates[zone->template];
	t->zones++;
	if (t->from == NULL && t->storage == NULL) {
		char folder[4096];
		folder_of(zone->file, folder, sizeof(folder));
		t->storage = strdup(folder);
	}
	return t->from != NULL || t->storage != NULL ? t : NULL;
}

/* Knot, before 3.3.5, takes two CSKs for KSKs without a ZSK; and a zone without keys has no signatures. */
static bool can_validate(const policy_t *policy)
{
	for (size_t i = 0; i < policy->key_count; i++) {
		if (policy->keys[i].role == KEYSET_CSK) {
			return false;
		}
	}
	return !policy_is_unsigned(policy);
}

static int put_in_template(const opendnssec_t *from, layout_t *layout, layout_zone_t *zone,
                           const ods_zone_t *ods, const policy_t *policy)
{
	const layout_template_t like = {
		.policy = policy->name, .number = (size_t)(policy - from->policies.policies) + 1,
		.validates = can_validate(policy),
		.from = find_file(layout, &ods->input), .to = find_file(layout, &ods->output),
	};
	return layout_template(layout, zone, &like) != NULL ? 0 : -1;
}

/* -- zones --------------------------------------------------------------- */

/* Appends when each key that is in use is to be replaced. */
static void list_dates(const core_zone_t *core, const policy_t *policy, int64_t now, char *out,
                       size_t size)
{
	for (size_t i = 0; i < policy->key_count; i++) {
		char when[WHEN_TEXT_MAX];
		const size_t used = strlen(out);
		const policy_key_t *entry = &policy->keys[i];
		const int64_t due = plan_due(core, entry);
		if (due != CORE_NEVER) {
			snprintf(out + used, size - used, "; the %s is replaced %s",
			         keyset_role_name(entry->role),
			         due <= now ? "as soon as it is thawed" : when_stamp(due, when));
		}
	}
}

bool layout_has_path(const char *path)
{
	return path[0] == '/' && strpbrk(path, "\"\\") == NULL && text_is_tame(path);
}

/* What of a zone's surroundings keeps it from moving. */
static const char *find_fault(const layout_t *layout, const ods_zone_t *zone, char *buf, size_t size)
{
	const ods_adapter_t *const adapters[] = { &zone->input, &zone->output };
	for (int i = 0; i < 2; i++) {
		const layout_file_t *file = find_file(layout, adapters[i]);
		if (file != NULL && file->fault != NULL) {
			return file->fault;
		}
	}
	const layout_file_t *from = find_file(layout, &zone->input);
	if (from != NULL && from->peers.primaries.count == 0) {
		snprintf(buf, size, "%s has no <RequestTransfer> that can be taken", from->path);
		return buf;
	}
	if (!zone->input.dns && !layout_has_path(zone->input.path)) {
		snprintf(buf, size, "knot.conf cannot have the path of its file, \"%s\"",
		         zone->input.path);
		return buf;
	}
	return NULL;
}

static void judge_states(opendnssec_t *from, examine_zone_t *zone, int64_t now, layout_zone_t *to)
{
	core_key_t keys[CORE_KEYS_MAX];
	core_zone_t core = { .keys = keys };
	const policy_t *policy = examine_map(&from->zones, zone, &from->policies, now, &core);
	to->moves = policy != NULL;
	if (!to->moves) {
		snprintf(to->why, sizeof(to->why), "%s", zone->why);
		return;
	}
	examine_list(&from->zones, zone, &core, to->keys, sizeof(to->keys));
	list_dates(&core, policy, now, to->keys, sizeof(to->keys));
}

/* Decides whether a zone moves. */
static void judge(opendnssec_t *from, const layout_t *layout, examine_zone_t *zone, int64_t now,
                  layout_zone_t *to)
{
	const ods_zone_t *ods = zone->from;
	const char *name = ods->fault[0] == '\0' ? from->zones.db.policies[ods->policy].name : NULL;
	const policy_t *policy = name != NULL ? policies_find(&from->policies, name) : NULL;
	char buf[LAYOUT_TEXT_MAX];
	const char *fault = find_fault(layout, ods, buf, sizeof(buf));
	*to = (layout_zone_t){
		.name = zone->name != NULL ? zone->name : ods->name, .serial = zone->serial,
		.file = ods->input.dns ? NULL : ods->input.path,
	};
	if (fault != NULL) {
		snprintf(to->why, sizeof(to->why), "%s", fault);
	} else if (name != NULL && policy == NULL) {
		snprintf(to->why, sizeof(to->why), opendnssec_has_policy(from, name)
		         ? "its policy \"%s\" is left out, see above"
		         : "kasp.xml has no policy \"%s\", which kasp.db has for it", name);
	} else if (policy != NULL && zone->name != NULL && ods->key_count == 0) {
		to->moves = to->fresh = true;
		snprintf(to->keys, sizeof(to->keys), "%s", policy_is_unsigned(policy)
		         ? "its policy wants no keys" : "it has no keys yet, and gets new ones");
	} else {
		judge_states(from, zone, now, to);
	}
}

static int place(opendnssec_t *from, int64_t now, layout_t *layout)
{
	const ods_db_t *db = &from->zones.db;
	layout->zones = calloc(db->zone_count, sizeof(*layout->zones));
	if (layout->zones == NULL) {
		return -1;
	}
	for (size_t i = 0; i < db->zone_count; i++) {
		layout_zone_t *zone = &layout->zones[layout->zone_count++];
		judge(from, layout, &from->zones.zones[i], now, zone);
		const char *name = db->policies[db->zones[i].policy].name;
		if (zone->moves && put_in_template(from, layout, zone, &db->zones[i],
		                                   policies_find(&from->policies, name)) != 0) {
			return -1;
		}
	}
	return 0;
}

int layout_make(opendnssec_t *from, int64_t now, layout_t *layout)
{
	*layout = (layout_t){
		.signer = "OpenDNSSEC", .group = "addns",
		.untold = "Zones that OpenDNSSEC wrote to files: no such file is written any more. Servers that "
		          "loaded\n  them become secondaries of knotd; say them in the template's acl and notify.",
	};
	return read_files(layout, &from->zones.db) == 0 ? place(from, now, layout) : -1;
}

void layout_deinit(layout_t *layout)
{
	for (size_t i = 0; i < layout->file_count; i++) {
		peers_deinit(&layout->files[i].peers);
		free(layout->files[i].path);
		free(layout->files[i].fault);
	}
	for (size_t i = 0; i < layout->template_count; i++) {
		free(layout->templates[i].id);
		free(layout->templates[i].section);
		free(layout->templates[i].storage);
	}
	free(layout->files);
	free(layout->templates);
	free(layout->zones);
	notes_deinit(&layout->left_out);
	*layout = (layout_t){ 0 };
}
