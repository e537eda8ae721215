/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPDX-FileCopyrightText: mod-opendnssec developers */

/*! \file
 * \brief What has to happen to a key's DS at the parent, in words and as JSON: for the status, the
 * log, and the operator's notification command.
 */
#pragma once

#include <stdbool.h>

#include "policy-engine/parent/wait.h"
#include "policy-engine/policy/conf.h"
#include "policy-engine/zone/kasp-zone.h"

/*! A key whose DS is to come, or to go. All is borrowed. */
typedef struct {
	const engine_conf_t *conf;
	const kasp_zone_t *zone;
	size_t key;
	const policy_t *policy;
	const wait_t *wait; /*!< What was done about it so far. */
} ds_task_t;

/*! \return Whether the parent is to be told by NOTIFY of the CDS that say it. */
bool ds_task_notifies(const engine_conf_t *conf, const wait_t *wait);

/*! \return Whether a person has to do something for the key, or to confirm something. */
bool ds_task_needs_person(const engine_conf_t *conf, const wait_t *wait);

/*! \return One line; to be freed by free(); NULL if out of memory. */
char *ds_task_text(const ds_task_t *task);

/*! \return A JSON object, and a line feed; to be freed by free(); NULL if out of memory. */
char *ds_task_json(const ds_task_t *task);
