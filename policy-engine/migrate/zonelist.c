/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/zonelist.h"

#include <stdlib.h>
#include <string.h>

#include "hsm-adapter/xml.h"
#include "policy-engine/base/zone-name.h"

/* A <Zone>. */
typedef struct {
	char *name; /* As zone_name_canonical() makes it. */
	char *policy;
	ods_adapter_t input, output;
	long line;
} entry_t;

/* A zone of kasp.db. */
typedef struct {
	char *name;
	const ods_zone_t *zone;
	bool listed;
} known_t;

typedef struct {
	const ods_db_t *db;
	known_t *known; /* Sorted by name. */
	notes_t *notes;
	entry_t entry;  /* That is being read. */
} reader_t;

static void entry_deinit(entry_t *entry)
{
	free(entry->name);
	free(entry->policy);
	free(entry->input.path);
	free(entry->output.path);
	*entry = (entry_t){ .name = NULL };
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const known_t *)a)->name, ((const known_t *)b)->name);
}

/* -- a zone -------------------------------------------------------------- */

static int read_policy(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	return hsm_xml_text(xml, node, &((reader_t *)ctx)->entry.policy);
}

static int read_adapter(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	ods_adapter_t *adapter = ctx;
	char *type = NULL;
	int ret = hsm_xml_attribute(xml, node, "type", &type);
	if (ret == HSM_EOK) {
		adapter->dns = strcmp(type, "DNS") == 0;
		ret = hsm_xml_text(xml, node, &adapter->path);
	}
	free(type);
	return ret;
}

static const hsm_xml_rule_t rules_direction[] = {
	{ .name = "Adapter", .read = read_adapter, .required = true },
	{ .name = NULL },
};

static int read_direction(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	entry_t *entry = &((reader_t *)ctx)->entry;
	const bool input = strcmp((const char *)node->name, "Input") == 0;
	return hsm_xml_children(xml, node, rules_direction, input ? &entry->input : &entry->output);
}

static const hsm_xml_rule_t rules_adapters[] = {
	{ .name = "Input", .read = read_direction, .required = true },
	{ .name = "Output", .read = read_direction, .required = true },
	{ .name = NULL },
};

static const hsm_xml_rule_t rules_zone[] = {
	{ .name = "Policy", .read = read_policy, .required = true },
	{ .name = "SignerConfiguration" },
	{ .name = "Adapters", .children = rules_adapters, .required = true },
	{ .name = NULL },
};

static void compare_adapter(const reader_t *reader, const hsm_xml_t *xml, const char *what,
                            const ods_adapter_t *file, const ods_adapter_t *db)
{
	if (file->dns != db->dns || strcmp(file->path, db->path) != 0) {
		notes_add(reader->notes, "%s:%ld: %s: its %s is %s, and %s in kasp.db", xml->path,
		          reader->entry.line, reader->entry.name, what, file->path, db->path);
	}
}

static void compare(const reader_t *reader, const hsm_xml_t *xml, const ods_zone_t *zone)
{
	const entry_t *entry = &reader->entry;
	if (zone->fault[0] != '\0') {
		return; /* The plan says what is wrong with it. */
	}
	const char *policy = reader->db->policies[zone->policy].name;
	if (strcmp(entry->policy, policy) != 0) {
		notes_add(reader->notes, "%s:%ld: %s: its policy is \"%s\", and \"%s\" in kasp.db", xml->path,
		          entry->line, entry->name, entry->policy, policy);
	}
	compare_adapter(reader, xml, "input", &entry->input, &zone->input);
	compare_adapter(reader, xml, "output", &entry->output, &zone->output);
}

static int take_entry(reader_t *reader, hsm_xml_t *xml, const xmlNode *node, const char *text)
{
	entry_t *entry = &reader->entry;
	entry->name = zone_name_canonical(text);
	if (entry->name == NULL) {
		return hsm_xml_error(xml, node, "\"%s\" is no zone name", text);
	}
	const known_t wanted = { .name = entry->name };
	known_t *known = bsearch(&wanted, reader->known, reader->db->zone_count, sizeof(wanted),
	                         compare_names);
	if (known == NULL) {
		notes_add(reader->notes, "%s:%ld: %s: kasp.db does not have it: it was never imported "
		          "there, and does not move", xml->path, entry->line, entry->name);
		return HSM_EOK;
	}
	known->listed = true;
	compare(reader, xml, known->zone);
	return HSM_EOK;
}

static int read_zone(hsm_xml_t *xml, xmlNode *node, void *ctx)
{
	reader_t *reader = ctx;
	char *name = NULL;
	reader->entry.line = xmlGetLineNo(node);
	int ret = hsm_xml_attribute(xml, node, "name", &name);
	ret = ret == HSM_EOK ? hsm_xml_children(xml, node, rules_zone, reader) : ret;
	ret = ret == HSM_EOK ? take_entry(reader, xml, node, name) : ret;
	free(name);
	entry_deinit(&reader->entry);
	return ret;
}

static const hsm_xml_rule_t rules_list[] = {
	{ .name = "Zone", .read = read_zone, .repeated = true },
	{ .name = NULL },
};

/* -- all ----------------------------------------------------------------- */

static void warn(void *ctx, const char *text)
{
	notes_add(((reader_t *)ctx)->notes, "%s", text);
}

/* \return 0, or -1 if out of memory. */
static int know(reader_t *reader)
{
	const ods_db_t *db = reader->db;
	reader->known = calloc(db->zone_count + 1, sizeof(*reader->known));
	for (size_t i = 0; reader->known != NULL && i < db->zone_count; i++) {
		char *name = zone_name_canonical(db->zones[i].name);
		reader->known[i] = (known_t){ .name = name != NULL ? name : strdup(db->zones[i].name),
		                              .zone = &db->zones[i] };
		if (reader->known[i].name == NULL) {
			return -1;
		}
	}
	if (reader->known == NULL) {
		return -1;
	}
	qsort(reader->known, db->zone_count, sizeof(*reader->known), compare_names);
	return 0;
}

static void note_unlisted(const reader_t *reader, const char *path)
{
	for (size_t i = 0; i < reader->db->zone_count; i++) {
		if (!reader->known[i].listed) {
			notes_add(reader->notes, "%s: %s is not in it, and in kasp.db", path,
			          reader->known[i].name);
		}
	}
}

static int read_list(reader_t *reader, const char *path, hsm_error_t *err)
{
	hsm_xml_t xml;
	int ret = hsm_xml_open(&xml, path, "ZoneList", warn, reader, err);
	if (ret == HSM_EOK) {
		xml.go_on = true;
		xml.error = warn;
		xml.error_ctx = reader;
		ret = hsm_xml_children(&xml, hsm_xml_root(&xml), rules_list, reader);
		const bool whole = ret == HSM_EOK && xml.errors == 0;
		hsm_xml_close(&xml);
		if (whole) {
			note_unlisted(reader, path);
		}
	} else if (ret == HSM_ECONF) {
		notes_add(reader->notes, "%s", err->text);
	}
	return ret;
}

int zonelist_compare(const char *path, const ods_db_t *db, notes_t *notes)
{
	hsm_error_t err = { 0 };
	reader_t reader = { .db = db, .notes = notes };
	int ret = know(&reader) == 0 ? read_list(&reader, path, &err) : HSM_ENOMEM;
	for (size_t i = 0; reader.known != NULL && i < db->zone_count; i++) {
		free(reader.known[i].name);
	}
	free(reader.known);
	return ret == HSM_ENOMEM ? HSM_ENOMEM : HSM_EOK;
}
