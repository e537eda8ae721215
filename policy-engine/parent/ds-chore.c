/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

#include "policy-engine/parent/ds-chore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"

static void job_free(void *arg)
{
	ds_chore_t *job = arg;
	parent_question_free(job->question);
	notify_free(job->notify);
	parent_result_deinit(&job->result);
	free(job->line);
	free(job->input);
	free(job);
}

static void do_job(void *arg, int stop_fd)
{
	ds_chore_t *job = arg;
	if (job->kind == CHORE_CHECK) {
		parent_check(job->question, stop_fd, &job->result);
	} else if (job->kind == CHORE_NOTIFY) {
		job->outcome = notify_parent(job->notify, stop_fd, job->why, sizeof(job->why));
	} else {
		job->ret = command_run(&(command_t) {
			.line = job->line, .input = job->input, .limit_s = job->limit,
			.stop_fd = stop_fd,
		}, job->why, sizeof(job->why));
	}
}

const errands_kind_t ds_chores = { do_job, job_free };

static const conf_command_t *command_of(const engine_conf_t *conf, const wait_t *wait,
                                        chore_kind_t kind)
{
	return kind == CHORE_NOTICE ? &conf->notify
	       : wait->appear       ? &conf->ds_submit
	                            : &conf->ds_retract;
}

bool ds_chore_is_wanted(const engine_conf_t *conf, const wait_t *wait, chore_kind_t kind)
{
	if (kind == CHORE_NOTIFY) {
		return ds_task_notifies(conf, wait);
	}
	if (kind == CHORE_COMMAND && wait->lost != 0) {
		return false; /* A person took the DS away, and may have had a reason. */
	}
	return kind == CHORE_CHECK ? conf->watch.on : command_of(conf, wait, kind)->line != NULL;
}

/* \return What the program reads on its standard input; NULL if out of memory. */
static char *input_of(const ds_task_t *task, chore_kind_t kind)
{
	if (kind == CHORE_NOTICE) {
		return ds_task_json(task);
	}
	dnskey_t key = kasp_zone_dnskey(task->zone, task->key);
	char *record = dnskey_text(&key, DNSKEY_DNSKEY, task->policy->keys_ttl), *text = NULL;
	bool with_id = command_of(task->conf, task->wait, kind)->cka_id;
	int ret = -1;
	if (record != NULL) {
		ret = with_id ? asprintf(&text, "%s ; {cka_id = %s}\n", record,
		                         task->zone->keys[task->key].cka_id)
		              : asprintf(&text, "%s\n", record);
	}
	free(record);
	return ret >= 0 ? text : NULL;
}

ds_chore_t *ds_chore_new(const asker_t *asker, const ds_task_t *task, chore_kind_t kind)
{
	ds_chore_t *job = calloc(1, sizeof(*job));
	if (job == NULL) {
		return NULL;
	}
	*job = (ds_chore_t){ .key = task->wait->key, .since = task->wait->since, .kind = kind,
	                     .limit = task->conf->command_limit };
	if (kind == CHORE_CHECK) {
		job->question = asker_question(asker, task->zone, task->key,
		                               task->wait->appear ? PARENT_COMES : PARENT_GOES);
	} else if (kind == CHORE_NOTIFY) {
		job->notify = notify_new(&task->conf->watch, asker->resolver, task->zone->name);
	} else {
		job->line = strdup(command_of(task->conf, task->wait, kind)->line);
		job->input = input_of(task, kind);
	}
	if (job->question == NULL && job->notify == NULL && (job->line == NULL || job->input == NULL)) {
		job_free(job);
		return NULL;
	}
	return job;
}

const char *ds_chore_name(const wait_t *wait, chore_kind_t kind)
{
	return kind == CHORE_NOTICE ? "notification"
	       : wait->appear       ? "submission of the DS"
	                            : "retraction of the DS";
}
