/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/named-conf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy-engine/base/text-file.h"
#include "policy-engine/base/zone-name.h"
#include "policy-engine/migrate/named-match.h"
#include "policy-engine/migrate/named-text.h"

/* 100,000 zones of some lines each. Who may transfer them, and the secrets, are believed as they are. */
static const text_file_t what_file = { .most = 256 << 20, .decides = true };

typedef struct {
	named_conf_t conf;
	named_scope_t scope;      /* Its zone and view are those that are read. */
	const char *view;         /* The name of scope.view; NULL: none. */
	bool failed;              /* Memory ran out. */
} reader_t;

/* -- what is not taken ---------------------------------------------------- */

static const struct {
	const char *word, *why;
} unused[] = {
	{ "allow-query", "knotd answers all; its module queryacl can refuse some" },
	{ "blackhole", "knotd has no such list" },
	{ "rate-limit", "knotd's module rrl does so" },
	{ "transfer-source", "in knot.conf it is \"via\" of a remote" },
	{ "transfer-source-v6", "in knot.conf it is \"via\" of a remote" },
	{ "notify-source", "in knot.conf it is \"via\" of a remote" },
	{ "notify-source-v6", "in knot.conf it is \"via\" of a remote" },
	{ "serial-update-method", "<Serial> of the policy counts" },
	{ "listen-on", "knot.conf's \"listen\" says where knotd does" },
	{ "listen-on-v6", "knot.conf's \"listen\" says where knotd does" },
	{ "catalog-zones", "zones of a catalogue are not in the file, and have to be put into knot.conf by hand" },
};

static void note_unused(reader_t *reader, const named_block_t *block)
{
	for (size_t i = 0; block != NULL && i < sizeof(unused) / sizeof(unused[0]); i++) {
		char line[300];
		snprintf(line, sizeof(line), "%s: %s", unused[i].word, unused[i].why);
		if (named_find(block, unused[i].word) != NULL) {
			notes_once(&reader->conf.left_out, line);
		}
	}
}

/* -- keys ----------------------------------------------------------------- */

static char *copy_of(const named_block_t *block, const char *word)
{
	const named_statement_t *statement = named_find(block, word);
	const char *text = statement != NULL ? named_word(statement, 1) : NULL;
	return strdup(text != NULL ? text : "");
}

static void take_key(reader_t *reader, const named_statement_t *statement)
{
	const named_block_t *block = named_block_of(statement);
	const char *name = named_word(statement, 1);
	peers_t *keys = &reader->conf.keys;
	if (block == NULL || name == NULL) {
		return;
	}
	peers_key_t key = { .name = strdup(name), .algorithm = copy_of(block, "algorithm"),
		            .secret = copy_of(block, "secret") };
	peers_key_t *grown = reallocarray(keys->keys, keys->key_count + 1, sizeof(*grown));
	keys->keys = grown != NULL ? grown : keys->keys;
	const char *why = grown == NULL || key.name == NULL || key.algorithm == NULL || key.secret == NULL
	                          ? "out of memory" : peers_form_key(&key);
	if (why == NULL && peers_find_key(keys, key.name) != NULL) {
		why = "there is another key of that name, in another view: give one of them another name";
	}
	if (why == NULL) {
		keys->keys[keys->key_count++] = key;
		return;
	}
	notes_add(&reader->conf.left_out, "line %u: key %.100s: %s", statement->line, name, why);
	peers_key_deinit(&key);
}

static void take_keys(reader_t *reader, const named_block_t *block)
{
	for (size_t i = 0; i < block->count; i++) {
		if (named_is(&block->statements[i], 0, "key")) {
			take_key(reader, &block->statements[i]);
		}
	}
}

/* -- groups --------------------------------------------------------------- */

static void write_list(FILE *out, const char *what, const peers_list_t *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const peers_peer_t *peer = &list->peers[i];
		fprintf(out, "%s %s%s%s%s; ", what, peer->deny ? "not " : "", peer->address != NULL ? peer->address : "any",
		        peer->key != NULL ? " key " : "", peer->key != NULL ? peer->key : "");
	}
}

static char *text_of(const peers_t *peers)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL) {
		return NULL;
	}
	write_list(out, "primary", &peers->primaries);
	write_list(out, "allow-notify", &peers->notifiers);
	write_list(out, "allow-transfer", &peers->takers);
	write_list(out, "also-notify", &peers->notified);
	fclose(out);
	return text;
}

/* Finds the group that is like these peers, or makes it of them. Takes them over. \return Its index */
static size_t group_of(reader_t *reader, peers_t *peers)
{
	named_conf_t *conf = &reader->conf;
	char *text = text_of(peers);
	for (size_t i = 0; text != NULL && i < conf->group_count; i++) {
		if (strcmp(conf->groups[i].text, text) == 0) {
			free(text);
			peers_deinit(peers);
			return i;
		}
	}
	named_group_t *groups = reallocarray(conf->groups, conf->group_count + 1, sizeof(*groups));
	conf->groups = groups != NULL ? groups : conf->groups;
	if (groups == NULL || text == NULL) {
		reader->failed = true;
		free(text);
		peers_deinit(peers);
		return SIZE_MAX;
	}
	groups[conf->group_count] = (named_group_t){ .text = text, .peers = *peers };
	return conf->group_count++;
}

/* -- a zone --------------------------------------------------------------- */

/* What counts for the zone: what it says itself, its view, or all. */
static const named_statement_t *option(const reader_t *reader, const char *word)
{
	const named_block_t *const where[] = { reader->scope.zone, reader->scope.view, reader->scope.options };
	const named_statement_t *found = NULL;
	for (int i = 0; i < 3 && found == NULL; i++) {
		found = where[i] != NULL ? named_find(where[i], word) : NULL;
	}
	return found;
}

static bool says(const reader_t *reader, const char *word, const char *text)
{
	const named_statement_t *statement = option(reader, word);
	return statement != NULL && named_is(statement, 1, text);
}

static bool says_yes(const reader_t *reader, const char *word)
{
	return says(reader, word, "yes") || says(reader, word, "true") || says(reader, word, "1");
}

static void leave_out(named_zone_t *zone, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first reason counts. */
static void leave_out(named_zone_t *zone, const char *format, ...)
{
	if (zone->why[0] != '\0') {
		return;
	}
	va_list args;
	va_start(args, format);
	vsnprintf(zone->why, sizeof(zone->why), format, args);
	va_end(args);
}

/* \return The path, absolute, to be freed; NULL if that cannot be known. */
static char *absolute(const reader_t *reader, const char *path)
{
	const named_statement_t *directory = named_find(reader->scope.options, "directory");
	const char *dir = directory != NULL ? named_word(directory, 1) : NULL;
	char *out = NULL;
	if (path[0] == '/') {
		return strdup(path);
	}
	return dir != NULL && dir[0] == '/' && asprintf(&out, "%s/%s", dir, path) >= 0 ? out : NULL;
}

/* Whether everybody is refused by a list of who may. */
static bool is_none(const named_statement_t *statement)
{
	const named_block_t *block = named_block_of(statement);
	return block != NULL && (block->count == 0 || named_is(&block->statements[0], 0, "none"));
}

static bool is_dynamic(const reader_t *reader)
{
	const named_statement_t *update = option(reader, "allow-update");
	return named_find(reader->scope.zone, "update-policy") != NULL || (update != NULL && !is_none(update));
}

static void take_file(reader_t *reader, named_zone_t *zone)
{
	const named_statement_t *file = named_find(reader->scope.zone, "file");
	const char *path = file != NULL ? named_word(file, 1) : NULL;
	if (path == NULL) {
		leave_out(zone, "named has it from no file");
	} else if (is_dynamic(reader)) {
		leave_out(zone, "it takes DNS UPDATE: its file may be behind, and signed; write the unsigned zone to a "
		          "file by hand, with an acl of action update, see the manual");
	} else if (says(reader, "masterfile-format", "raw") || says(reader, "masterfile-format", "map")) {
		leave_out(zone, "its file is in a form of named's: named-compilezone makes text of it");
	} else {
		zone->file = absolute(reader, path);
	}
	if (zone->why[0] == '\0' && zone->file == NULL) {
		leave_out(zone, "its file, %.200s, is no absolute path, and directory is not said", path);
	}
}

static void take_primaries(reader_t *reader, named_zone_t *zone)
{
	peers_t peers = { .keys = NULL };
	const named_statement_t *notify = option(reader, "allow-notify");
	const named_statement_t *primaries = named_find(reader->scope.zone, "primaries");
	primaries = primaries != NULL ? primaries : named_find(reader->scope.zone, "masters");
	if (primaries != NULL) {
		named_match_servers(&reader->scope, primaries, &peers.primaries);
	}
	named_match_hosts(&reader->scope, &peers.primaries, &peers.notifiers);
	if (notify != NULL) {
		named_match_list(&reader->scope, notify, &peers.notifiers);
	}
	if (peers.primaries.count > 0) {
		zone->from = group_of(reader, &peers);
	} else {
		peers_deinit(&peers);
		leave_out(zone, "it has no primary that can be taken");
	}
}

/* Who is notified without being named: the zone's name servers. */
static void note_notify(reader_t *reader)
{
	const named_statement_t *notify = option(reader, "notify");
	if (notify == NULL || says_yes(reader, "notify")) {
		notes_once(&reader->conf.left_out, "notify: named notifies the name servers of a zone's NS records, too; "
		           "knotd only those of \"notify\" in knot.conf: add them");
	}
}

static void take_targets(reader_t *reader, named_zone_t *zone, bool secondary)
{
	peers_t peers = { .keys = NULL };
	const named_statement_t *transfer = option(reader, "allow-transfer"), *also = option(reader, "also-notify");
	const bool silent = says(reader, "notify", "no") || says(reader, "notify", "false") ||
	                    (secondary && (says(reader, "notify", "primary-only") ||
	                                   says(reader, "notify", "master-only")));
	if (transfer != NULL) {
		named_match_list(&reader->scope, transfer, &peers.takers);
	} else {
		notes_once(&reader->conf.left_out, "allow-transfer: where it is not said, named before 9.20 lets everybody "
		           "transfer; knotd nobody but acl \"local\" of knot.conf, if that");
	}
	if (!silent && also != NULL) {
		named_match_servers(&reader->scope, also, &peers.notified);
	}
	if (!silent) {
		note_notify(reader);
	}
	if (transfer != NULL || peers.notified.count > 0) {
		zone->to = group_of(reader, &peers);
	} else {
		peers_deinit(&peers);
	}
}

static bool is_told_to_sign(const reader_t *reader)
{
	const named_statement_t *policy = option(reader, "dnssec-policy");
	return (policy != NULL && !named_is(policy, 1, "none") && !named_is(policy, 1, "insecure")) ||
	       says(reader, "auto-dnssec", "maintain") || says(reader, "auto-dnssec", "allow");
}

static void take_zone(reader_t *reader, named_zone_t *zone, bool secondary)
{
	const named_statement_t *key_dir = option(reader, "key-directory");
	const char *dir = key_dir != NULL ? named_word(key_dir, 1) : NULL;
	zone->signs = is_told_to_sign(reader);
	zone->key_dir = dir != NULL ? absolute(reader, dir) : NULL;
	note_unused(reader, reader->scope.zone);
	note_unused(reader, reader->scope.view);
	if (secondary) {
		take_primaries(reader, zone);
	} else {
		take_file(reader, zone);
	}
	take_targets(reader, zone, secondary);
}

static bool has_type(const named_block_t *block, const char *one, const char *other)
{
	const named_statement_t *type = named_find(block, "type");
	return type != NULL && (named_is(type, 1, one) || named_is(type, 1, other));
}

static void read_zone(reader_t *reader, const named_statement_t *statement)
{
	const char *name = named_word(statement, 1), *class = named_word(statement, 2);
	const named_block_t *block = named_block_of(statement);
	const bool primary = block != NULL && has_type(block, "primary", "master");
	const bool secondary = block != NULL && has_type(block, "secondary", "slave");
	named_conf_t *conf = &reader->conf;
	if (name == NULL || (class != NULL && strcasecmp(class, "IN") != 0) || (!primary && !secondary)) {
		if (block != NULL && named_find(block, "template") != NULL) {
			notes_add(&conf->left_out, "line %u: zone %.255s: it has a template, of which we know nothing",
			          statement->line, name != NULL ? name : "");
		}
		return; /* Nothing that can be signed. */
	}
	if ((conf->zone_count & (conf->zone_count - 1)) == 0) {
		const size_t room = conf->zone_count > 0 ? 2 * conf->zone_count : 1;
		named_zone_t *grown = reallocarray(conf->zones, room, sizeof(*grown));
		conf->zones = grown != NULL ? grown : conf->zones;
		reader->failed = reader->failed || grown == NULL;
	}
	char *canonical = zone_name_canonical(name), *view = reader->view != NULL ? strdup(reader->view) : NULL;
	if (canonical == NULL || reader->failed) {
		notes_add(&conf->left_out, "line %u: zone %.255s: this is no domain name", statement->line, name);
		free(canonical);
		free(view);
		return;
	}
	named_zone_t *zone = &conf->zones[conf->zone_count++];
	*zone = (named_zone_t){ .name = canonical, .view = view, .from = SIZE_MAX, .to = SIZE_MAX,
	                        .line = statement->line };
	reader->scope.zone = block;
	take_zone(reader, zone, secondary);
	reader->scope.zone = NULL;
}

/* -- all ------------------------------------------------------------------ */

static void read_zones(reader_t *reader, const named_block_t *block)
{
	for (size_t i = 0; i < block->count; i++) {
		if (named_is(&block->statements[i], 0, "zone")) {
			read_zone(reader, &block->statements[i]);
		}
	}
}

/* Views, or those of that name. \return How many there are. */
static size_t read_views(reader_t *reader, const named_block_t *all, const char *wanted,
                         void (*read)(reader_t *, const named_block_t *))
{
	size_t count = 0;
	for (size_t i = 0; i < all->count; i++) {
		const named_statement_t *view = &all->statements[i];
		const named_block_t *block = named_block_of(view);
		const char *name = named_word(view, 1);
		if (!named_is(view, 0, "view") || block == NULL || name == NULL ||
		    (wanted != NULL && strcmp(name, wanted) != 0)) {
			continue;
		}
		reader->view = name;
		reader->scope.view = block;
		read(reader, block);
		count++;
	}
	reader->view = NULL;
	reader->scope.view = NULL;
	return count;
}

static int compare_zones(const void *a, const void *b)
{
	const named_zone_t *one = a, *other = b;
	const int ret = strcmp(one->name, other->name);
	return ret != 0 ? ret : (one->line > other->line) - (one->line < other->line);
}

/* knotd has a name once. */
static void refuse_twins(named_conf_t *conf)
{
	if (conf->zone_count > 0) {
		qsort(conf->zones, conf->zone_count, sizeof(*conf->zones), compare_zones);
	}
	for (size_t i = 1; i < conf->zone_count; i++) {
		named_zone_t *one = &conf->zones[i - 1], *other = &conf->zones[i];
		if (strcmp(one->name, other->name) == 0) {
			one->why[0] = other->why[0] = '\0';
			leave_out(one, "it is in views \"%.80s\" and \"%.80s\", and knotd has no views: name one by "
			          "--view, and have a knotd for each, with keys of their own", one->view != NULL ? one->view : "",
			          other->view != NULL ? other->view : "");
			leave_out(other, "%s", one->why);
		}
	}
}

static int read_all(reader_t *reader, const named_block_t *all, const char *view, char *err, size_t err_size)
{
	const named_statement_t *options = named_find(all, "options");
	reader->scope.all = all;
	reader->scope.options = options != NULL ? named_block_of(options) : NULL;
	note_unused(reader, reader->scope.options);
	take_keys(reader, all);
	const size_t views = read_views(reader, all, view, take_keys);
	reader->scope.keys = &reader->conf.keys;
	reader->scope.notes = &reader->conf.left_out;
	if (view != NULL && views == 0) {
		snprintf(err, err_size, "there is no view \"%.100s\"", view);
		return -1;
	}
	if (views == 0) {
		read_zones(reader, all);
	} else {
		read_views(reader, all, view, read_zones);
	}
	refuse_twins(&reader->conf);
	if (reader->failed || reader->scope.failed || reader->conf.left_out.failed) {
		snprintf(err, err_size, "out of memory");
		return -1;
	}
	return 0;
}

int named_conf_read(const char *path, const char *view, named_conf_t *conf, char *err, size_t err_size)
{
	char *text = text_file_read(path, &what_file, err, err_size);
	if (text == NULL) {
		return -1;
	}
	reader_t reader = { .view = NULL };
	named_block_t *all = named_text_read(path, text, err, err_size);
	explicit_bzero(text, strlen(text));
	free(text);
	char why[200];
	const int ret = all != NULL ? read_all(&reader, all, view, why, sizeof(why)) : -1;
	if (all != NULL && ret != 0) {
		snprintf(err, err_size, "%s: %s", path, why);
	}
	named_text_free(all);
	if (ret != 0) {
		named_conf_deinit(&reader.conf);
		return -1;
	}
	*conf = reader.conf;
	return 0;
}

void named_conf_deinit(named_conf_t *conf)
{
	for (size_t i = 0; i < conf->zone_count; i++) {
		free(conf->zones[i].name);
		free(conf->zones[i].view);
		free(conf->zones[i].file);
		free(conf->zones[i].key_dir);
	}
	for (size_t i = 0; i < conf->group_count; i++) {
		free(conf->groups[i].text);
		peers_deinit(&conf->groups[i].peers);
	}
	free(conf->zones);
	free(conf->groups);
	peers_deinit(&conf->keys);
	notes_deinit(&conf->left_out);
	*conf = (named_conf_t){ 0 };
}
