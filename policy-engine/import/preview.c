/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/import/preview.h"

#include <time.h>

#include "policy-engine/import/examine.h"
#include "policy-engine/import/rows.h"
#include "policy-engine/import/running.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/policy/kasp.h"

typedef struct {
	const import_t *what;
	engine_conf_t conf;
	policies_t policies; /* Those that are sound. */
	hsm_t *hsm;
	examine_t from;
} preview_t;

static void note_policy(void *ctx, kasp_kind_t kind, const char *text)
{
	if (kind != KASP_ADVICE) {
		rows_note(((const preview_t *)ctx)->what->to, "%s", text);
	}
}

static void note_running(const preview_t *p)
{
	char who[64];
	const import_t *what = p->what;
	if (what->from->has_policies &&
	    ods_is_running(what->database, what->signer_dir, who, sizeof(who))) {
		rows_running(p->what->to, who);
	}
}

static int read_database(preview_t *p, hsm_error_t *err)
{
	char why[sizeof(err->text)];
	const import_t *what = p->what;
	p->from = (examine_t){ .source = import_source(what, time(NULL)), .signer_dir = what->signer_dir,
	                       .serial = what->serial, .server = what->server, .hsm = p->hsm };
	const int ret = examine_places(&p->from, &p->policies, why, sizeof(why));
	const int count = ret == 0 ? examine_read(&p->from, why, sizeof(why)) : -1;
	if (count < 0) {
		return hsm_error_set(err, HSM_ECONF, 0, "%s", why);
	}
	return count > 0 ? HSM_EOK
	                 : hsm_error_set(err, HSM_ECONF, 0, "%s has no zone %.100s", what->database,
	                                 what->zone != NULL ? what->zone : "");
}

static int read_all(preview_t *p, const char *conf, hsm_error_t *err)
{
	int ret = engine_conf_read(conf, &p->conf, NULL, NULL, err);
	if (ret == HSM_EOK) {
		ret = kasp_read_sound(p->conf.policy_file, &p->conf.tokens, &p->policies, note_policy, p,
		                      err);
	}
	if (ret == HSM_EOK) {
		ret = hsm_open(&p->hsm, &p->conf.tokens, err);
	}
	return ret == HSM_EOK ? read_database(p, err) : ret;
}

static void report(preview_t *p, examine_zone_t *zone)
{
	core_key_t records[CORE_KEYS_MAX];
	core_zone_t core = { .keys = records };
	char keys[512] = "";
	const bool taken = examine_map(&p->from, zone, &p->policies, time(NULL), &core) != NULL;
	if (taken) {
		examine_list(&p->from, zone, &core, keys, sizeof(keys));
	}
	rows_zone(p->what->to, zone, taken ? IMPORT_TAKEN : IMPORT_REFUSED, keys);
}

int preview_run(const char *conf, const import_t *what, hsm_error_t *err)
{
	preview_t p = { .what = what };
	const int ret = read_all(&p, conf, err);
	if (ret == HSM_EOK) {
		note_running(&p);
		examine_zones(&p.from);
	}
	for (size_t i = 0; ret == HSM_EOK && i < p.from.db.zone_count; i++) {
		if (p.from.zones[i].from != NULL) {
			report(&p, &p.from.zones[i]);
		}
	}
	examine_deinit(&p.from);
	hsm_close(p.hsm);
	policies_deinit(&p.policies);
	engine_conf_deinit(&p.conf);
	return ret;
}
