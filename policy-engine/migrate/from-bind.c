/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/from-bind.h"

#include <stdlib.h>
#include <string.h>

#include "policy-engine/migrate/knot-conf.h"
#include "policy-engine/migrate/named-conf.h"
#include "policy-engine/migrate/plan.h"
#include "policy-engine/migrate/scripts.h"

/* A zone that has keys. */
typedef struct {
	char *name;
	char policy[40];  /* Its name; "": the zone is left out. */
	size_t number;    /* Of the policy. */
	bool csk, listed; /* listed: named.conf has the zone. */
	uint32_t serial;
	char text[LAYOUT_TEXT_MAX]; /* Its keys, or why it is left out. */
} row_t;

typedef struct {
	plan_bind_t plan;
	named_conf_t conf;
	row_t *rows;      /* By name, when all are there. */
	size_t row_count;
	bool failed;      /* Memory ran out. */
} all_t;

/* -- zones that have keys ------------------------------------------------- */

static void list_keys(const ods_zone_t *zone, char *out, size_t size)
{
	size_t used = 0;
	for (size_t i = 0; i < zone->key_count && used < size; i++) {
		used += (size_t)snprintf(out + used, size - used, "%s%s %u", i > 0 ? ", " : "",
		                         keyset_role_name(zone->keys[i].role), zone->keys[i].keytag);
	}
}

static void take_row(void *ctx, const theirs_zone_t *zone)
{
	all_t *all = ctx;
	row_t *rows = reallocarray(all->rows, all->row_count + 1, sizeof(*rows));
	char *name = strdup(zone->name);
	all->rows = rows != NULL ? rows : all->rows;
	if (rows == NULL || name == NULL) {
		all->failed = true;
		free(name);
		return;
	}
	row_t *row = &rows[all->row_count++];
	*row = (row_t){ .name = name, .number = zone->number, .csk = zone->csk, .serial = zone->serial };
	if (zone->why != NULL) {
		snprintf(row->text, sizeof(row->text), "%s", zone->why);
	} else {
		list_keys(zone->keys, row->text, sizeof(row->text));
		snprintf(row->policy, sizeof(row->policy), THEIRS_POLICY, "bind", zone->number);
	}
}

static int compare_rows(const void *a, const void *b)
{
	return strcmp(((const row_t *)a)->name, ((const row_t *)b)->name);
}

static row_t *find_row(const all_t *all, const char *name)
{
	const row_t wanted = { .name = (char *)name };
	return all->row_count > 0 ? bsearch(&wanted, all->rows, all->row_count, sizeof(wanted), compare_rows) : NULL;
}

static int make_policies(all_t *all)
{
	size_t size = 0;
	theirs_t theirs = all->plan.what->theirs;
	FILE *out = open_memstream(&all->plan.kasp, &size);
	if (out == NULL) {
		return -1;
	}
	theirs.tell = take_row;
	theirs.ctx = all;
	const int ret = theirs_write(out, &theirs);
	fclose(out);
	if (all->row_count > 0) {
		qsort(all->rows, all->row_count, sizeof(*all->rows), compare_rows);
	}
	all->plan.keyed = all->row_count;
	/* Zones that are all left out are told, too. */
	return ret >= 0 || all->row_count > 0 ? 0 : -1;
}

/* -- layout --------------------------------------------------------------- */

/* Servers and keys become the layout's; the keys are in a file of their own. */
static int move_groups(all_t *all)
{
	layout_t *layout = &all->plan.layout;
	named_conf_t *conf = &all->conf;
	layout->files = calloc(conf->group_count + 1, sizeof(*layout->files));
	if (layout->files == NULL) {
		return -1;
	}
	layout->file_count = conf->group_count + 1;
	for (size_t i = 0; i < conf->group_count; i++) {
		layout_file_t *file = &layout->files[i];
		file->peers = conf->groups[i].peers;
		conf->groups[i].peers = (peers_t){ .keys = NULL };
		if (asprintf(&file->path, "%s%zu", layout->group, i + 1) < 0) {
			file->path = NULL;
			return -1;
		}
	}
	layout->files[conf->group_count].peers = conf->keys;
	conf->keys = (peers_t){ .keys = NULL };
	return 0;
}

static void judge(const named_zone_t *zone, const row_t *row, const char *keys, layout_zone_t *to)
{
	*to = (layout_zone_t){ .name = zone->name, .file = zone->file };
	if (zone->why[0] != '\0') {
		snprintf(to->why, sizeof(to->why), "%s", zone->why);
	} else if (row == NULL) {
		snprintf(to->why, sizeof(to->why), "named is told to sign it, and %.200s has no keys of it%s%.200s", keys,
		         zone->key_dir != NULL ? "; its key-directory is " : "",
		         zone->key_dir != NULL ? zone->key_dir : "");
	} else if (!zone->signs && zone->file != NULL) {
		snprintf(to->why, sizeof(to->why), "named is not told to sign it, and there are keys of it: its file may be "
		         "the signed zone, as dnssec-signzone writes it; put it into knot.conf by hand, with the unsigned one");
	} else if (row->policy[0] == '\0') {
		snprintf(to->why, sizeof(to->why), "%s", row->text);
	} else if (zone->file != NULL && !layout_has_path(zone->file)) {
		snprintf(to->why, sizeof(to->why), "knot.conf cannot have the path of its file, \"%.400s\"", zone->file);
	} else {
		to->moves = true;
		to->serial = row->serial;
		snprintf(to->keys, sizeof(to->keys), "%s", row->text);
	}
}

static int place(all_t *all, const named_zone_t *zone)
{
	layout_t *layout = &all->plan.layout;
	row_t *row = find_row(all, zone->name);
	if (row == NULL && !zone->signs) {
		notes_add(&all->plan.bare, "%s: named does not sign it; it goes into knot.conf by hand, or stays", zone->name);
		return 0;
	}
	if (row != NULL) {
		row->listed = true;
	}
	layout_zone_t *to = &layout->zones[layout->zone_count++];
	judge(zone, row, all->plan.what->theirs.source.path, to);
	if (!to->moves) {
		return 0;
	}
	const layout_template_t like = {
		.policy = row->policy, .number = row->number, .validates = !row->csk,
		.from = zone->from != SIZE_MAX ? &layout->files[zone->from] : NULL,
		.to = zone->to != SIZE_MAX ? &layout->files[zone->to] : NULL,
	};
	return layout_template(layout, to, &like) != NULL ? 0 : -1;
}

static int lay_out(all_t *all)
{
	layout_t *layout = &all->plan.layout;
	layout->zones = calloc(all->conf.zone_count + 1, sizeof(*layout->zones));
	int ret = layout->zones != NULL ? move_groups(all) : -1;
	for (size_t i = 0; i < all->conf.zone_count && ret == 0; i++) {
		ret = place(all, &all->conf.zones[i]);
	}
	for (size_t i = 0; i < all->row_count; i++) {
		if (!all->rows[i].listed) {
			notes_add(&all->plan.bare, "%s: there are keys of it, and named.conf has no such zone%s",
			          all->rows[i].name, all->plan.what->view != NULL ? " in that view" : "");
		}
	}
	all->plan.left_out = all->conf.left_out;
	all->conf.left_out = (notes_t){ .lines = NULL };
	return ret;
}

/* -- files ---------------------------------------------------------------- */

static void write_kasp(FILE *out, const plan_bind_t *plan)
{
	fputs(plan->kasp, out);
}

static void write_knot_conf(FILE *out, const plan_bind_t *plan)
{
	knot_conf_write(out, &plan->layout, &plan->places);
}

static void write_checks(FILE *out, const plan_bind_t *plan)
{
	scripts_write_checks(out, &plan->layout);
}

static int write_file(const char *path, mode_t mode, void (*write)(FILE *, const plan_bind_t *),
                      const plan_bind_t *plan)
{
	FILE *out = places_create(path, mode);
	if (out == NULL) {
		return -1;
	}
	write(out, plan);
	return places_finish(out, path);
}

static int write_folder(const plan_bind_t *plan)
{
	const places_t *places = &plan->places;
	return places_make_folders(places) == 0 && write_file(places->kasp, 0644, write_kasp, plan) == 0 &&
	                       write_file(places->knot_conf, 0600, write_knot_conf, plan) == 0 &&
	                       write_file(places->check_zones, 0755, write_checks, plan) == 0 &&
	                       write_file(places->import, 0755, plan_bind_write_import, plan) == 0 &&
	                       write_file(places->plan, 0644, plan_bind_write, plan) == 0
	               ? 0 : -1;
}

/* -- all ------------------------------------------------------------------ */

static int make_places(all_t *all)
{
	const from_bind_t *what = all->plan.what;
	places_t *places = &all->plan.places;
	if (places_make(what->output, what->below, what->listen, places) != 0) {
		return -1;
	}
	free(places->conf);
	places->conf = strdup(what->conf);
	return places->conf != NULL ? 0 : -1;
}

static int make(all_t *all)
{
	char err[1024] = "";
	const from_bind_t *what = all->plan.what;
	if (named_conf_read(what->named_conf, what->view, &all->conf, err, sizeof(err)) != 0) {
		fprintf(stderr, "ods migrate: %s\n", err);
		return -1;
	}
	if (make_policies(all) != 0) {
		return -1; /* Which has been said. */
	}
	if (all->failed || lay_out(all) != 0 || make_places(all) != 0 || all->plan.bare.failed) {
		fprintf(stderr, "ods migrate: out of memory\n");
		return -1;
	}
	return 0;
}

static void deinit(all_t *all)
{
	layout_deinit(&all->plan.layout);
	named_conf_deinit(&all->conf);
	notes_deinit(&all->plan.left_out);
	notes_deinit(&all->plan.bare);
	places_deinit(&all->plan.places);
	for (size_t i = 0; i < all->row_count; i++) {
		free(all->rows[i].name);
	}
	free(all->rows);
	free(all->plan.kasp);
}

int from_bind_run(const from_bind_t *what, size_t *moving, size_t *total)
{
	all_t all = {
		.plan = { .what = what, .layout = {
			.signer = "BIND", .group = "servers",
			.untold = "Zones for which named.conf says nobody: knot.conf lets 127.0.0.1 and ::1 transfer them, acl "
			          "\"local\";\n  say their secondaries there, and as notify of the template.",
		} },
	};
	int ret = make(&all);
	*moving = plan_count(&all.plan.layout);
	*total = all.plan.layout.zone_count;
	if (ret == 0) {
		plan_bind_write(stdout, &all.plan);
	}
	if (ret == 0 && what->output != NULL && *moving > 0) {
		ret = write_folder(&all.plan);
	}
	deinit(&all);
	return ret;
}
