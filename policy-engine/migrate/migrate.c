/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/migrate/migrate.h"

#include <stdio.h>
#include <time.h>

#include "policy-engine/migrate/files.h"
#include "policy-engine/migrate/knot-conf.h"
#include "policy-engine/migrate/scripts.h"
#include "policy-engine/migrate/plan.h"

/* All that is known. */
typedef struct {
	opendnssec_t from;
	layout_t layout;
	notes_t unused;
	places_t places;
} all_t;

typedef void (*write_f)(FILE *out, const all_t *all);

static void write_conf(FILE *out, const all_t *all)
{
	files_write_conf(out, &all->from, &all->places);
}

static void write_kasp(FILE *out, const all_t *all)
{
	files_write_kasp(out, &all->from);
}

static void write_knot_conf(FILE *out, const all_t *all)
{
	knot_conf_write(out, &all->layout, &all->places);
}

static void write_permissions(FILE *out, const all_t *all)
{
	scripts_write_permissions(out, &all->from, &all->layout, &all->places);
}

static void write_checks(FILE *out, const all_t *all)
{
	scripts_write_checks(out, &all->layout);
}

static void write_plan(FILE *out, const all_t *all)
{
	plan_write(out, &all->from, &all->layout, &all->unused, &all->places);
}

static int write_file(const char *path, mode_t mode, write_f write, const all_t *all)
{
	FILE *out = places_create(path, mode);
	if (out == NULL) {
		return -1;
	}
	write(out, all);
	return places_finish(out, path);
}

static int write_folder(const all_t *all)
{
	const places_t *places = &all->places;
	/* conf.xml may have PINs, knot.conf secrets of TSIG. */
	return places_make_folders(places) == 0 &&
	                       write_file(places->conf, 0600, write_conf, all) == 0 &&
	                       write_file(places->kasp, 0644, write_kasp, all) == 0 &&
	                       write_file(places->knot_conf, 0600, write_knot_conf, all) == 0 &&
	                       write_file(places->permissions, 0755, write_permissions, all) == 0 &&
	                       write_file(places->check_zones, 0755, write_checks, all) == 0 &&
	                       write_file(places->plan, 0644, write_plan, all) == 0
	               ? 0
	               : -1;
}

static int learn(const migrate_t *what, all_t *all)
{
	hsm_error_t err = { 0 };
	int ret = opendnssec_read(what->conf, what->database, &all->from, &err);
	if (ret != HSM_EOK) {
		fprintf(stderr, "ods migrate: %s\n", ret == HSM_ENOMEM ? "out of memory" : err.text);
		return -1;
	}
	files_note_unused(&all->from, &all->unused);
	if (layout_make(&all->from, time(NULL), &all->layout) != 0 ||
	    places_make(what->output, what->below, what->listen, &all->places) != 0 ||
	    all->unused.failed || all->layout.left_out.failed || all->from.wrong.failed ||
	    all->from.advice.failed || all->from.unlike.failed) {
		fprintf(stderr, "ods migrate: out of memory\n");
		return -1;
	}
	return 0;
}

int migrate_run(const migrate_t *what, size_t *moving, size_t *total)
{
	all_t all = { 0 };
	int ret = learn(what, &all);
	*moving = 0;
	*total = all.layout.zone_count;
	for (size_t i = 0; i < all.layout.zone_count; i++) {
		*moving += all.layout.zones[i].moves;
	}
	if (ret == 0) {
		write_plan(stdout, &all);
	}
	if (ret == 0 && what->output != NULL && *moving > 0) {
		ret = write_folder(&all);
	}
	layout_deinit(&all.layout);
	opendnssec_deinit(&all.from);
	notes_deinit(&all.unused);
	places_deinit(&all.places);
	return ret;
}
