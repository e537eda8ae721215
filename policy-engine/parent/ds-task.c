/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/ds-task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-engine/base/json.h"
#include "policy-engine/base/when.h"
#include "policy-engine/core/core.h"

/* So many checks have to fail in a row before a person is told: the network may be away for a
 * moment. */
#define CHECKS_FAILED 3

bool ds_task_notifies(const engine_conf_t *conf, const wait_t *wait)
{
	/* If the parent lost it, a person took it away, and may have had a reason. */
	return conf->watch.on && conf->watch.notify && wait->cds && wait->lost == 0;
}

bool ds_task_needs_person(const engine_conf_t *conf, const wait_t *wait)
{
	const chore_t *command = &wait->chores[CHORE_COMMAND];
	const chore_t *check = &wait->chores[CHORE_CHECK];
	const chore_t *notify = &wait->chores[CHORE_NOTIFY];
	const char *line = wait->appear ? conf->ds_submit.line : conf->ds_retract.line;
	bool handed = (line != NULL && (command->done != 0 || command->failed == 0)) ||
	              (ds_task_notifies(conf, wait) && (notify->done != 0 || notify->failed == 0));
	return wait->lost != 0 || !handed || !conf->watch.on || check->failed >= CHECKS_FAILED;
}

static char *record(const ds_task_t *task, dnskey_form_t form)
{
	dnskey_t key = kasp_zone_dnskey(task->zone, task->key);
	uint32_t ttl = form == DNSKEY_DNSKEY ? task->policy->keys_ttl : task->policy->parent_ds_ttl;
	return dnskey_text(&key, form, ttl);
}

/* What has to be done at the parent, or how the command for it fares. */
static void write_action(FILE *out, const ds_task_t *task, const char *ds)
{
	const wait_t *wait = task->wait;
	const chore_t *chore = &wait->chores[CHORE_COMMAND];
	const char *line = wait->appear ? task->conf->ds_submit.line
	                                : task->conf->ds_retract.line;
	const char *verb = wait->appear ? "give this DS to the parent"
	                                : "have this DS removed at the parent";
	char when[WHEN_TEXT_MAX];
	if (wait->lost != 0) {
		fprintf(out, "the parent lost this DS, seen at %s: give it to the parent again%s: "
		        "%s", when_stamp(wait->lost, when),
		        line != NULL ? " (the command for that is not run by itself)" : "", ds);
	} else if (line == NULL && wait->chores[CHORE_NOTIFY].done != 0) {
		fprintf(out, "the parent has to take over the zone's CDS: %s", ds);
	} else if (line == NULL) {
		fprintf(out, "%s: %s", verb, ds);
	} else if (chore->done != 0) {
		fprintf(out, "%s at %s: %s", wait->appear ? "DS given to the parent"
		        : "DS taken back from the parent", when_stamp(chore->done, when), ds);
	} else if (chore->problem != NULL) {
		fprintf(out, "%s: %s ; the command for that failed (%s), next try at %s", verb, ds,
		        chore->problem, when_stamp(chore->at, when));
	} else {
		fprintf(out, "DS being %s: %s", wait->appear ? "given to the parent"
		        : "taken back from the parent", ds);
	}
}

/* Whether the parent was notified of the CDS that say the same. */
static void write_notify(FILE *out, const ds_task_t *task)
{
	const chore_t *notify = &task->wait->chores[CHORE_NOTIFY];
	char when[WHEN_TEXT_MAX];
	if (!ds_task_notifies(task->conf, task->wait)) {
		return;
	}
	if (notify->done != 0) {
		fprintf(out, " ; parent notified at %s%s%s", when_stamp(notify->done, when),
		        notify->note != NULL ? " at " : "", notify->note != NULL ? notify->note : "");
	} else if (notify->problem != NULL) {
		fprintf(out, " ; the parent could not be notified (%s), next try at %s",
		        notify->problem, when_stamp(notify->at, when));
	} else if (notify->note != NULL) {
		fprintf(out, " ; the parent is not notified: %s", notify->note);
	}
}

/* The command by which a person confirms that it is done. */
static void write_confirm(FILE *out, const ds_task_t *task)
{
	const core_key_t *key = &task->zone->core.keys[task->key];
	if (task->wait->appear) {
		fprintf(out, "knotc -s %s zone-ksk-submitted %s", task->conf->socket,
		        task->zone->name);
	} else {
		fprintf(out, "ods -s %s ds-gone %s %u", task->conf->socket,
		        task->zone->name, key->keytag);
	}
}

static void write_seen(FILE *out, const ds_task_t *task)
{
	const chore_t *check = &task->wait->chores[CHORE_CHECK];
	char when[WHEN_TEXT_MAX];
	if (task->conf->watch.on) {
		fprintf(out, " ; the engine looks at the parent");
		if (check->tried != 0) {
			fprintf(out, ", last at %s: %s", when_stamp(check->tried, when),
			        check->problem != NULL ? check->problem
			        : check->note != NULL  ? check->note
			                               : "not yet");
		}
		if (check->failed < CHECKS_FAILED && task->wait->lost == 0) {
			return;
		}
	}
	fprintf(out, " ; when %s: ", task->wait->appear ? "the parent has it"
	                                                : "the parent has it no more");
	write_confirm(out, task);
}

/* Whether another key keeps the zone secure. */
static bool has_other(const ds_task_t *task)
{
	const core_zone_t *core = &task->zone->core;
	for (size_t i = 0; i < core->count; i++) {
		if (i != task->key && core->keys[i].record[KEYSET_DS].state == KEYSET_OMNIPRESENT) {
			return true;
		}
	}
	return false;
}

static const char *consequence(const ds_task_t *task)
{
	if (!task->wait->appear) {
		return "until then nothing breaks, the key stays in use";
	}
	if (task->wait->lost != 0) {
		return has_other(task) ? "until then no rollover relies on it"
		                       : "until then the zone is not secure, and no rollover relies "
		                         "on it";
	}
	return has_other(task) ? "until then nothing breaks, the rollover waits"
	                       : "until then nothing breaks, the zone is signed, but not secure";
}

char *ds_task_text(const ds_task_t *task)
{
	char *ds = record(task, DNSKEY_DS_SHA256), *text = NULL;
	size_t size = 0;
	char when[WHEN_TEXT_MAX];
	const core_key_t *key = &task->zone->core.keys[task->key];
	FILE *out = ds != NULL ? open_memstream(&text, &size) : NULL;
	if (out != NULL) {
		fprintf(out, "%s %u: ", keyset_role_name(key->role), key->keytag);
		write_action(out, task, ds);
		write_notify(out, task);
		write_seen(out, task);
		fprintf(out, " ; waits since %s, %s", when_stamp(task->wait->since, when),
		        consequence(task));
		fclose(out);
	}
	free(ds);
	return text;
}

static void json_item(FILE *out, const char *name, const char *text)
{
	fprintf(out, ", \"%s\": ", name);
	json_string(out, text);
}

static void json_key(FILE *out, const ds_task_t *task)
{
	const core_key_t *core = &task->zone->core.keys[task->key];
	const zone_key_t *info = &task->zone->keys[task->key];
	fprintf(out, ", \"key\": {\"role\": \"%s\", \"keytag\": %u, \"algorithm\": %u",
	        keyset_role_name(core->role), core->keytag, core->algorithm);
	json_item(out, "repository", info->repository);
	json_item(out, "cka-id", info->cka_id);
	fputc('}', out);
}

static void json_records(FILE *out, const ds_task_t *task)
{
	char *ds = record(task, DNSKEY_DS_SHA256), *ds384 = record(task, DNSKEY_DS_SHA384);
	char *dnskey = record(task, DNSKEY_DNSKEY);
	fputs(", \"ds\": [", out);
	json_string(out, ds);
	fputs(", ", out);
	json_string(out, ds384);
	fputs("]", out);
	json_item(out, "dnskey", dnskey);
	free(ds);
	free(ds384);
	free(dnskey);
}

static void json_confirm(FILE *out, const ds_task_t *task)
{
	char *text = NULL;
	size_t size = 0;
	FILE *line = open_memstream(&text, &size);
	if (line != NULL) {
		write_confirm(line, task);
		fclose(line);
	}
	json_item(out, "confirm", text);
	free(text);
}

char *ds_task_json(const ds_task_t *task)
{
	char *json = NULL, *text = ds_task_text(task);
	size_t size = 0;
	char when[WHEN_TEXT_MAX];
	FILE *out = text != NULL ? open_memstream(&json, &size) : NULL;
	if (out != NULL) {
		fprintf(out, "{\"task\": \"%s\"", task->wait->lost != 0 ? "ds-lost"
		        : task->wait->appear ? "ds-submit" : "ds-remove");
		json_item(out, "zone", task->zone->name);
		json_item(out, "policy", task->policy->name);
		json_item(out, "text", text);
		json_item(out, "since", when_stamp(task->wait->since, when));
		json_item(out, "if-nothing-is-done", consequence(task));
		json_item(out, "command-failure", task->wait->chores[CHORE_COMMAND].problem);
		json_item(out, "check-failure", task->wait->chores[CHORE_CHECK].problem);
		json_item(out, "notify-failure", task->wait->chores[CHORE_NOTIFY].problem);
		json_confirm(out, task);
		json_key(out, task);
		json_records(out, task);
		fputs("}\n", out);
		fclose(out);
	}
	free(text);
	return json;
}
