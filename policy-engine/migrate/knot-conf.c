/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/knot-conf.h"

#include <string.h>

/* A list of peers, and what it is in knot.conf. */
typedef struct {
	const char *name;                           /* Of its ids. */
	const peers_list_t *(*peers)(const peers_t *all);
	const char *action;                         /* NULL: these are remotes. */
} role_t;

static const peers_list_t *primaries(const peers_t *all) { return &all->primaries; }
static const peers_list_t *notified(const peers_t *all) { return &all->notified; }
static const peers_list_t *notifiers(const peers_t *all) { return &all->notifiers; }
static const peers_list_t *takers(const peers_t *all) { return &all->takers; }

static const role_t role_primary = { "primary", primaries, NULL };
static const role_t role_secondary = { "secondary", notified, NULL };
static const role_t role_notify = { "notify", notifiers, "notify" };
static const role_t role_transfer = { "transfer", takers, "transfer" };

/* Where knotd needs what a zone's input and output refer to before that. */
static size_t number_of(const layout_t *layout, const layout_file_t *file)
{
	return (size_t)(file - layout->files) + 1;
}

static void write_head(FILE *out, const layout_t *layout, const places_t *places)
{
	fprintf(out, "# Made by ods migrate: the zones of %s, as %s says.\n"
	        "# A knotd that has other zones, too, can include this file, without the sections\n"
	        "# server, log and database.\n\n"
	        "server:\n    rundir: \"%s\"\n", layout->signer, places->plan, places->run);
	if (!places->below) {
		fprintf(out, "    user: knot:knot\n");
	}
	fprintf(out, "    # Beside %s; say your own address when the secondaries are to "
	        "follow.\n    listen: %s\n\n"
	        "log:\n  - target: stderr\n    any: info\n\n"
	        "database:\n    storage: \"%s\"\n\n", layout->signer, places->listen, places->journal);
}

/* -- keys and remotes ---------------------------------------------------- */

static bool is_first_key(const layout_t *layout, size_t file, const char *name)
{
	for (size_t f = 0; f < file; f++) {
		if (layout->files[f].fault == NULL && peers_find_key(&layout->files[f].peers, name) != NULL) {
			return false;
		}
	}
	return true;
}

/* Writes the keys of all files, each once. \return Whether there are any. */
static bool write_each_key(FILE *out, const layout_t *layout, void (*write)(FILE *, const peers_key_t *, bool first))
{
	bool any = false;
	for (size_t f = 0; f < layout->file_count; f++) {
		const peers_t *peers = &layout->files[f].peers;
		for (size_t i = 0; layout->files[f].fault == NULL && i < peers->key_count; i++) {
			if (is_first_key(layout, f, peers->keys[i].name)) {
				write(out, &peers->keys[i], !any);
				any = true;
			}
		}
	}
	return any;
}

static void write_key(FILE *out, const peers_key_t *key, bool first)
{
	fprintf(out, "%s  - id: \"%s\"\n    algorithm: %s\n    secret: \"%s\"\n", first ? "key:\n" : "", key->name,
	        key->algorithm, key->secret);
}

static void write_keys(FILE *out, const layout_t *layout)
{
	if (write_each_key(out, layout, write_key)) {
		fprintf(out, "\n");
	}
}

/* Whether a peer is two items: for Knot, one without a key is about requests without one. */
static bool is_twofold(const layout_t *layout, const peers_peer_t *peer)
{
	bool keys = false;
	for (size_t f = 0; f < layout->file_count && peer->any_key; f++) {
		keys = keys || layout->files[f].peers.key_count > 0;
	}
	return keys;
}

static void write_key_name(FILE *out, const peers_key_t *key, bool first)
{
	fprintf(out, "%s\"%s\"", first ? "    key: [" : ", ", key->name);
}

static void write_all_keys(FILE *out, const layout_t *layout)
{
	write_each_key(out, layout, write_key_name);
	fprintf(out, "]\n");
}

/* An item; with_keys: of the two the one about requests with a key. */
static void write_peer(FILE *out, const layout_t *layout, const layout_file_t *file, const role_t *role,
                       size_t index, bool with_keys)
{
	const peers_peer_t *peer = &role->peers(&file->peers)->peers[index];
	fprintf(out, "  - id: %s%zu-%s%zu%s\n", layout->group, number_of(layout, file), role->name, index + 1,
	        with_keys ? "-signed" : "");
	if (peer->address != NULL) {
		fprintf(out, "    address: \"%s\"\n", peer->address);
	}
	if (peer->key != NULL) {
		fprintf(out, "    key: \"%s\"\n", peer->key);
	} else if (with_keys) {
		write_all_keys(out, layout);
	}
	if (role->action != NULL) {
		fprintf(out, "    action: %s\n%s", role->action, peer->deny ? "    deny: on\n" : "");
	}
}

/* Writes each peer of a role as an item, with an id of its own. */
static void write_peers(FILE *out, const layout_t *layout, const role_t *role)
{
	for (size_t f = 0; f < layout->file_count; f++) {
		const layout_file_t *file = &layout->files[f];
		const peers_list_t *list = role->peers(&file->peers);
		for (size_t i = 0; file->fault == NULL && i < list->count; i++) {
			write_peer(out, layout, file, role, i, false);
			if (is_twofold(layout, &list->peers[i])) {
				write_peer(out, layout, file, role, i, true);
			}
		}
	}
}

/* Writes the ids of a role's peers. \return How many there are, with those before. */
static size_t write_ids(FILE *out, const layout_t *layout, const layout_file_t *file,
                        const role_t *role, size_t before)
{
	const peers_list_t *list = role->peers(&file->peers);
	for (size_t i = 0; i < list->count; i++) {
		for (int form = 0; form <= is_twofold(layout, &list->peers[i]); form++) {
			fprintf(out, "%s%s%zu-%s%zu%s", before + i > 0 || form > 0 ? ", " : "", layout->group,
			        number_of(layout, file), role->name, i + 1, form > 0 ? "-signed" : "");
		}
	}
	return before + list->count;
}

/* -- sections and templates ---------------------------------------------- */

/* Text in quotes, between which Knot knows an escaped quotation mark, and takes any other backslash as it is. What
 * cannot be there has been refused, but for policies. */
static void write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"') {
			fputc('\\', out);
		}
		fputc(*text, out);
	}
	fputc('"', out);
}

static void write_sections(FILE *out, const layout_t *layout, const places_t *places)
{
	fprintf(out, "mod-opendnssec:\n");
	for (size_t i = 0; i < layout->template_count; i++) {
		const layout_template_t *t = &layout->templates[i];
		if (!t->first) {
			continue;
		}
		fprintf(out, "  - id: %s\n    policy: ", t->section);
		write_quoted(out, t->policy);
		fprintf(out, "\n    conf: \"%s\"\n    storage: \"%s\"\n    transfer-socket: \"%s\"\n"
		        "    control-socket: \"%s\"\n", places->conf, places->store,
		        places->transfer_socket, places->control_socket);
		if (t->from != NULL) {
			fprintf(out, "    remote: [");
			write_ids(out, layout, t->from, &role_primary, 0);
			fprintf(out, "]\n");
		}
	}
	fprintf(out, "\n");
}

static void write_file_name(FILE *out, const char *path)
{
	fputc('"', out);
	for (; *path != '\0'; path++) {
		fprintf(out, *path == '%' ? "%%%%" : "%c", *path);
	}
	fputc('"', out);
}

static void write_acl(FILE *out, const layout_t *layout, const layout_template_t *t)
{
	const size_t before = t->from != NULL ? t->from->peers.notifiers.count : 0;
	if (t->to != NULL && before + t->to->peers.takers.count == 0) {
		return;
	}
	size_t count = 0;
	fprintf(out, "    acl: [");
	if (t->from != NULL) {
		count = write_ids(out, layout, t->from, &role_notify, count);
	}
	if (t->to != NULL) {
		count = write_ids(out, layout, t->to, &role_transfer, count);
	} else {
		fprintf(out, "%slocal", count > 0 ? ", " : "");
	}
	fprintf(out, "]\n");
}

static void write_template(FILE *out, const layout_t *layout, const layout_template_t *t)
{
	fprintf(out, "  - id: %s\n    module: mod-opendnssec/%s\n    master: opendnssec\n"
	        "    retry-min-interval: 10m\n",
	        t->id, t->section);
	if (t->from == NULL) {
		fprintf(out, "    storage: \"%s\"\n    file: \"%%s\"\n", t->storage);
	}
	fprintf(out, "    zonefile-load: none\n    zonefile-sync: -1\n    journal-content: all\n"
	        "    journal-max-usage: 2G\n    dnssec-validation: %s\n",
	        t->validates ? "on" : "off");
	write_acl(out, layout, t);
	if (t->to != NULL && t->to->peers.notified.count > 0) {
		fprintf(out, "    notify: [");
		write_ids(out, layout, t->to, &role_secondary, 0);
		fprintf(out, "]\n");
	}
}

static void write_templates(FILE *out, const layout_t *layout)
{
	fprintf(out, "template:\n  - id: default\n    global-module: mod-opendnssec/%s\n",
	        layout->templates[0].section);
	for (size_t i = 0; i < layout->template_count; i++) {
		write_template(out, layout, &layout->templates[i]);
	}
	fprintf(out, "\n");
}

/* -- zones --------------------------------------------------------------- */

/* Whether the template's storage and "%s" lead to the zone's file. */
static bool is_usual(const layout_template_t *t, const layout_zone_t *zone)
{
	const char *path = zone->file, *name = zone->name;
	size_t folder = strlen(t->storage), len = strlen(name);
	len -= len > 1 && name[len - 1] == '.';
	return strncmp(path, t->storage, folder) == 0 && path[folder] == '/' &&
	       strncmp(path + folder + 1, name, len) == 0 && path[folder + 1 + len] == '\0' &&
	       strpbrk(name, "\\/") == NULL;
}

static void write_zones(FILE *out, const layout_t *layout)
{
	fprintf(out, "zone:\n");
	for (size_t i = 0; i < layout->zone_count; i++) {
		const layout_zone_t *zone = &layout->zones[i];
		if (!zone->moves) {
			continue;
		}
		const layout_template_t *t = &layout->templates[zone->template];
		fprintf(out, "  - domain: ");
		write_quoted(out, zone->name);
		fprintf(out, "\n    template: %s\n", t->id);
		if (t->from == NULL && !is_usual(t, zone)) {
			fprintf(out, "    file: ");
			write_file_name(out, zone->file);
			fprintf(out, "\n");
		}
	}
}

void knot_conf_write(FILE *out, const layout_t *layout, const places_t *places)
{
	write_head(out, layout, places);
	write_keys(out, layout);
	fprintf(out, "remote:\n  # The module, as knotd sees it: the primary of the signed zones.\n"
	        "  - id: opendnssec\n    address: \"%s\"\n", places->transfer_socket);
	write_peers(out, layout, &role_primary);
	write_peers(out, layout, &role_secondary);
	fprintf(out, "\n");
	write_sections(out, layout, places);
	fprintf(out, "acl:\n  # For zones of which %s did not say who may have them: say it here.\n"
	        "  - id: local\n    address: [127.0.0.1, ::1]\n    action: transfer\n", layout->signer);
	write_peers(out, layout, &role_notify);
	write_peers(out, layout, &role_transfer);
	fprintf(out, "\n");
	write_templates(out, layout);
	write_zones(out, layout);
}
